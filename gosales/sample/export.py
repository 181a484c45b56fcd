"""The shape of the sample's files: the wide log, accounts, installed base, taxonomy, truth."""

import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import polars as pl

from gosales.sample.behaviour import History
from gosales.sample.catalogue import DIVISIONS, HISTORY_END, SKUS, UNKNOWN_SKU
from gosales.sample.faults import FaultyRows
from gosales.sample.orders import SOURCE_DIVISIONS, Lines, Rows
from gosales_resources.settings.base import slugify

# Invoice numbers are unique in a chunk; this keeps those of two chunks apart.
CHUNK_INVOICES = 1_000_000
TERM_MONTHS = 12
RENEWED_FRACTION = 0.5
# Goods that stay with the customer.
INSTALLED_SALE_TYPES = ("License", "Subscription", "Equipment")


def wide_log(
    faulty: FaultyRows, crm: pl.DataFrame, chunk: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Write rows and their lines side by side: a pair of columns for each SKU.

    Parameters
    ----------
    faulty
        Rows and lines as text.
    crm
        The chunk's accounts.
    chunk
        Number of the chunk; it makes invoice numbers unique.
    rng
        Source of the columns nothing depends on.

    Returns
    -------
    polars.DataFrame
        Text columns only; exact copies of rows at the end.
    """
    rows = faulty.rows
    drawn = rows.hstack(crm[rows["customer"]]).with_columns(
        source=pl.Series(list(SOURCE_DIVISIONS))[rows["source_division"]],
        padding=pl.Series(np.array(["", " ", "  ", "   "]))[rows["pad"]],
        is_web=pl.Series(rng.random(rows.height) < 0.15),
        number=(chunk * CHUNK_INVOICES + rows["invoice"]).cast(pl.String).str.zfill(9),
    )
    name, code, padding = pl.col("customer_name"), pl.col("customer_id"), pl.col("padding")
    identifiers = drawn.select(
        CompanyId=pl.when("has_id").then(padding + code + padding),
        Customer=pl.when("has_id").then(code + " " + name).otherwise(name),
        Rec_Date="rec_date",
        Posted_Date="posted_date",
        Invoice=_either("is_return", "CR", "INV") + pl.col("number"),
        Division="source",
        Branch="branch",
        Rep="rep",
        Region="region",
        OrderType=pl.when("is_return")
        .then(pl.lit("Return"))
        .otherwise(_either("is_web", "Web", "Order")),
        InvoiceCurrency=_either("is_cad", "CAD", "USD"),
        UsdCadConversionRate="rate",
        _3DigitZip=(100 + code.cast(pl.Int64) % 899).cast(pl.String),
    )
    frame = identifiers.with_columns(**_sku_columns(faulty.lines, rows.height))
    return pl.concat([frame, frame.filter(rows["copies"] == 2)])


def installed_base(
    rows: Rows, lines: Lines, crm: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """List what customers own: each item bought, and later terms of what they renewed.

    Parameters
    ----------
    rows, lines
        Clean orders of a chunk.
    crm
        The chunk's accounts.
    rng
        Source of the draws.

    Returns
    -------
    polars.DataFrame
        The columns of `assets.csv`; one row an item and term, so that what has a purchase date
        after a cutoff was not known then. A few purchase dates are missing or absurd.
    """
    term = f"{TERM_MONTHS}mo"
    base = _installed(rows, lines, rng)
    renewed = base.filter("is_renewed").with_columns(pl.col("purchase_date").dt.offset_by(term))
    terms = pl.concat([base, renewed.filter(pl.col("purchase_date") <= HISTORY_END)])
    terms = terms.with_columns(
        expiration_date=pl.when("has_term").then(pl.col("purchase_date").dt.offset_by(term)),
        # Only old records lost their date: a missing one must not tell of a later purchase.
        slip=pl.when(pl.col("purchase_date") < pl.date(2021, 1, 1)).then(
            pl.Series(rng.random(terms.height))
        ),
    )
    return terms.select(
        crm["customer_id"][terms["customer"]].alias("customer_id"),
        pl.Series([sku.name for sku in SKUS])[terms["sku"]].alias("item"),
        pl.Series([sku.family for sku in SKUS])[terms["sku"]].alias("item_rollup"),
        pl.Series([d.name for d in DIVISIONS])[terms["division_number"]].alias("division"),
        "quantity",
        pl.when(pl.col("slip") < 0.03)
        .then(None)
        .when(pl.col("slip") < 0.045)
        .then(pl.date(1900, 1, 1))
        .otherwise("purchase_date")
        .alias("purchase_date"),
        "expiration_date",
        "on_subscription",
    )


def truth(history: History, crm: pl.DataFrame, cutoffs: list[dt.date]) -> Iterator[pl.DataFrame]:
    """Lay out the true probabilities: one row a customer, division and cutoff.

    Parameters
    ----------
    history
        Of the chunk's customers.
    crm
        The chunk's accounts.
    cutoffs
        What the first axis of the probabilities stands for.

    Yields
    ------
    polars.DataFrame
        A frame for each cutoff, ordered by division and customer number.
    """
    slugs = pl.Series([slugify(d.name) for d in DIVISIONS])
    number = np.arange(crm.height * len(DIVISIONS))
    for position, cutoff in enumerate(cutoffs):
        yield pl.DataFrame(
            {
                "customer_id": crm["customer_id"].gather(number % crm.height),
                "division": slugs.gather(number // crm.height),
                "p_true": history.p_true[position].T.ravel(),
                "owned_before": history.owned_before[position].T.ravel(),
            }
        ).select(
            "customer_id", "division", pl.lit(cutoff).alias("cutoff"), "p_true", "owned_before"
        )


def taxonomy() -> pl.DataFrame:
    """Return the columns of `taxonomy.csv`: every SKU but the one nobody registered.

    Returns
    -------
    polars.DataFrame
        One row per SKU: sku, division, family, sale_type.
    """
    known = [sku for sku in SKUS if sku.name != UNKNOWN_SKU]
    return pl.DataFrame(
        {
            "sku": [sku.name for sku in known],
            "division": [sku.division for sku in known],
            "family": [sku.family for sku in known],
            "sale_type": [sku.sale_type for sku in known],
        }
    )


def write_csv(frame: pl.DataFrame, file: BinaryIO, *, is_first: bool, is_erp: bool = False) -> None:
    """Append a frame to an open CSV; the ERP writes a byte order mark and CRLF line ends.

    Parameters
    ----------
    frame
        Consecutive rows of the file.
    file
        Open for writing bytes, at its end.
    is_first
        Write the header first.
    is_erp
        Write as the ERP does.
    """
    frame.write_csv(
        file,
        include_header=is_first,
        include_bom=is_first and is_erp,
        line_terminator="\r\n" if is_erp else "\n",
    )


def _installed(rows: Rows, lines: Lines, rng: np.random.Generator) -> pl.DataFrame:
    """List the items that stay with the customer, one row a line, and whose term is renewed."""
    sale_types = np.array([sku.sale_type for sku in SKUS])
    kept = np.isin(sale_types[lines.sku], INSTALLED_SALE_TYPES) & (lines.quantity > 0)
    day = rows.day[lines.row[kept]]
    has_term = sale_types[lines.sku[kept]] != "Equipment"
    is_renewed = has_term & (rng.random(len(day)) < RENEWED_FRACTION)
    return pl.DataFrame(
        {
            "customer": rows.customer[lines.row[kept]],
            "sku": lines.sku[kept],
            "division_number": lines.division[kept],
            "quantity": lines.quantity[kept],
            "purchase_date": pl.Series(day.astype(np.int32)).cast(pl.Date),
            "has_term": has_term,
            "is_renewed": is_renewed,
            "on_subscription": sale_types[lines.sku[kept]] == "Subscription",
        }
    )


def _sku_columns(lines: pl.DataFrame, height: int) -> dict[str, pl.Series]:
    """Spread lines over rows by position: one gather a column, nulls where a row has no line."""
    columns: dict[str, pl.Series] = {}
    by_sku = lines.partition_by("sku", as_dict=True)
    nothing = lines.clear()
    for number, sku in enumerate(SKUS):
        part = by_sku.get((number,), nothing)
        place = np.full(height, -1)
        place[part["row"].to_numpy()] = np.arange(part.height)
        at = pl.Series(place).cast(pl.Int64).replace(-1, None)
        if sku.amount_column:
            columns[sku.amount_column] = _gather(part["amount"], at)
        columns[sku.quantity_column] = _gather(part["quantity"], at)
    return columns


def _either(flag: str, yes: str, no: str) -> pl.Expr:
    return pl.when(flag).then(pl.lit(yes)).otherwise(pl.lit(no))


def _gather(values: pl.Series, at: pl.Series) -> pl.Series:
    if values.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(at))
    return values.gather(at)
