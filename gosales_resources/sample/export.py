"""The shape of the sample's files: the wide log, accounts, installed base, taxonomy, truth."""

from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gosales_resources.sample.behaviour import Customers, History
from gosales_resources.sample.catalogue import (
    DIVISIONS,
    HISTORY_END,
    INDUSTRIES,
    NAME_HEADS,
    NAME_MIDDLES,
    NAME_TAILS,
    REGIONS,
    REPS,
    SKUS,
    UNKNOWN_SKU,
)
from gosales_resources.sample.mess import Soiled
from gosales_resources.sample.orders import SOURCE_DIVISIONS, Lines, Rows, month_starts
from gosales_resources.settings.base import slugify

# A prime above the largest sample: multiples of another number modulo it never meet.
ID_MODULUS = 8_999_009
ID_STEP = 3_141_593
# Every third id is written with leading zeros, always.
ID_DIGITS = 8
TERM_MONTHS = 12
RENEWED_FRACTION = 0.5
# Divisions whose goods stay with the customer.
INSTALLED_SALE_TYPES = ("License", "Subscription", "Equipment")
LOG_IDENTIFIERS = (
    "CompanyId",
    "Customer",
    "Rec_Date",
    "Posted_Date",
    "Invoice",
    "Division",
    "Branch",
    "Rep",
    "Region",
    "OrderType",
    "InvoiceCurrency",
    "UsdCadConversionRate",
    "_3DigitZip",
)


def accounts(customers: Customers, first: int, rng: np.random.Generator) -> pl.DataFrame:
    """Write the CRM's view of a chunk of customers.

    Parameters
    ----------
    customers
        Who they are.
    first
        Number of the first of them in the whole sample.
    rng
        Source of names and of noise.

    Returns
    -------
    polars.DataFrame
        The columns of `customers.csv` and `branch`, in the order of `customers`.
    """
    count = len(customers)
    number = (np.arange(first, first + count) * ID_STEP) % ID_MODULUS + 100_003
    texts = pl.Series(number).cast(pl.String)
    ids = texts.str.zfill(ID_DIGITS).zip_with(pl.Series(np.arange(count) % 3 == 0), texts)
    subs = [names for _, names, _ in INDUSTRIES.values()]
    sub = _nested(subs, customers.industry, customers.sub_industry)
    territories = [names for _, names in REGIONS.values()]
    territory = _nested(territories, customers.region, customers.territory)
    employees = np.maximum(2, np.rint(np.exp(4.0 + 1.1 * customers.size)))
    revenue = employees * np.exp(rng.normal(12.0, 0.25, count))
    names = [
        _take(parts, rng.integers(0, len(parts), count))
        for parts in (NAME_HEADS, NAME_MIDDLES, NAME_TAILS)
    ]
    known = month_starts()[customers.entry_month] - rng.integers(0, 200, count)
    # Those there from the start were found at any time in the ten years before.
    known -= np.where(customers.entry_month == 0, rng.integers(0, 3650, count), 0)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "customer_name": names[0] + " " + names[1] + " " + names[2],
            "industry": _take(tuple(INDUSTRIES), customers.industry),
            "sub_industry": _flat(subs).gather(sub),
            "region": _take(tuple(REGIONS), customers.region),
            "territory": _flat(territories).gather(territory),
            "rep": _take(REPS, territory * 2 + rng.integers(0, 2, count)),
            # Some accounts were never asked.
            "employees": _some_missing(pl.Series(employees.astype(np.int64)), rng),
            "annual_revenue_usd": _some_missing(
                pl.Series((np.rint(revenue / 1000) * 1000).astype(np.int64)), rng
            ),
            "known_since": pl.Series(known.astype(np.int32)).cast(pl.Date),
            "branch": _take(tuple(branch for branch, _ in REGIONS.values()), customers.region),
        }
    )


def wide_log(
    soiled: Soiled, crm: pl.DataFrame, chunk: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Write rows and their lines side by side: a pair of columns for each SKU.

    Parameters
    ----------
    soiled
        Rows and lines as text.
    crm
        The chunk's `accounts`.
    chunk
        Number of the chunk; it makes invoice numbers unique.
    rng
        Source of the columns nothing depends on.

    Returns
    -------
    polars.DataFrame
        Text columns only; exact copies of rows at the end.
    """
    rows = soiled.rows
    account = crm[rows["customer"]]
    padding = pl.Series(np.array(["", " ", "  ", "   "]))[rows["pad"]]
    code = account["customer_id"]
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    kind = pl.Series(np.array(["Order", "Web"]))[(rng.random(rows.height) < 0.15).astype(int)]
    prefix = pl.Series(["CR"]).new_from_index(0, rows.height).zip_with(
        rows["is_return"], pl.Series(["INV"]).new_from_index(0, rows.height)
    )  # fmt: skip
    zips = 100 + (crm["customer_id"].cast(pl.Int64) % 899)
    cad = pl.Series(["USD", "CAD"])
    columns = {
        "CompanyId": (padding + code + padding).zip_with(rows["has_id"], nothing),
        "Customer": (code + " " + account["customer_name"]).zip_with(
            rows["has_id"], account["customer_name"]
        ),
        "Rec_Date": rows["rec_date"],
        "Posted_Date": rows["posted_date"],
        "Invoice": prefix + (chunk * 1_000_000 + rows["invoice"]).cast(pl.String).str.zfill(9),
        "Division": pl.Series(list(SOURCE_DIVISIONS))[rows["source_division"]],
        "Branch": account["branch"],
        "Rep": account["rep"],
        "Region": account["region"],
        "OrderType": pl.Series(["Return"]).new_from_index(0, rows.height).zip_with(
            rows["is_return"], kind
        ),
        "InvoiceCurrency": cad[rows["is_cad"].cast(pl.Int64)],
        "UsdCadConversionRate": rows["rate"],
        "_3DigitZip": zips[rows["customer"]].cast(pl.String),
    }  # fmt: skip
    columns.update(_sku_columns(soiled.lines, rows.height))
    frame = pl.DataFrame(columns)
    return pl.concat([frame, frame.filter(rows["copies"] == 2)])


def installed_base(
    rows: Rows, lines: Lines, crm: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """List what customers own: each item bought, and later terms of what they renewed.

    Returns
    -------
    polars.DataFrame
        The columns of `assets.csv`; one row an item and term, so that what has a purchase date
        after a cutoff was not known then. A few purchase dates are missing or absurd.
    """
    sale_types = np.array([sku.sale_type for sku in SKUS])
    kept = np.isin(sale_types[lines.sku], INSTALLED_SALE_TYPES) & (lines.quantity > 0)
    day = rows.day[lines.row[kept]]
    has_term = sale_types[lines.sku[kept]] != "Equipment"
    is_renewed = has_term & (rng.random(len(day)) < RENEWED_FRACTION)
    base = pl.DataFrame(
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
    term = f"{TERM_MONTHS}mo"
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


def truth(history: History, crm: pl.DataFrame, cutoffs: list[pl.Expr]) -> pl.DataFrame:
    """Lay out the true probabilities: one row a customer, division and cutoff.

    Parameters
    ----------
    history
        Of the chunk's customers.
    crm
        The chunk's `accounts`.
    cutoffs
        The dates that the first axis of the probabilities stands for, as literals.

    Returns
    -------
    polars.DataFrame
        Ordered by cutoff, division and customer number.
    """
    count = crm.height
    slugs = pl.Series([slugify(d.name) for d in DIVISIONS])
    parts = []
    for position, cutoff in enumerate(cutoffs):
        part = pl.DataFrame(
            {
                "customer_id": pl.concat([crm["customer_id"]] * len(DIVISIONS)),
                "division": slugs[np.repeat(np.arange(len(DIVISIONS)), count)],
                "p_true": history.p_true[position].T.ravel(),
                "owned_before": history.owned_before[position].T.ravel(),
            }
        )
        parts.append(
            part.select("customer_id", "division", cutoff.alias("cutoff"), "p_true", "owned_before")
        )
    return pl.concat(parts)


def taxonomy() -> pl.DataFrame:
    """Return the columns of `taxonomy.csv`: every SKU but the one nobody registered."""
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
    """Append a frame to an open CSV; the ERP writes a byte order mark and CRLF line ends."""
    frame.write_csv(
        file,
        include_header=is_first,
        include_bom=is_first and is_erp,
        line_terminator="\r\n" if is_erp else "\n",
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


def _gather(values: pl.Series, at: pl.Series) -> pl.Series:
    if values.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(at))
    return values.gather(at)


def _take(names: tuple[str, ...], positions: NDArray[np.int64]) -> pl.Series:
    return pl.Series(list(names)).gather(pl.Series(positions))


def _nested(
    groups: list[tuple[str, ...]], group: NDArray[np.int64], draw: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Choose a member of each group by a draw that may be too large; positions in `_flat`."""
    sizes = np.array([len(members) for members in groups])
    return (np.cumsum(sizes) - sizes)[group] + draw % sizes[group]


def _flat(groups: list[tuple[str, ...]]) -> pl.Series:
    return pl.Series([member for members in groups for member in members])


def _some_missing(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    return values.to_frame("v").select(
        pl.when(pl.Series(rng.random(len(values)) >= 0.03)).then("v")
    )["v"]
