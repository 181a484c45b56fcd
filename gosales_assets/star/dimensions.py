"""Products and customers: the taxonomy, and the roster as of each cutoff."""

import datetime as dt
from collections.abc import Iterator, Sequence

import polars as pl

from gosales_assets.star.parse import blanks, day_time, is_filled, scaled, text
from gosales_resources.errors import SourceError, nearest
from gosales_resources.scope import history_window, visible_at
from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import CustomerSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import require_columns

ATTRIBUTE = "attr_"
NUMBER_SCALE = 6
NAMED = ("customer_name", "industry", "sub_industry", "region", "territory", "rep")


def build_dim_product(taxonomy: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Check the taxonomy and bring it into our columns.

    Parameters
    ----------
    taxonomy
        The raw table, one row per SKU.
    settings
        Its columns, and the divisions there are.

    Returns
    -------
    polars.DataFrame
        `dim_product`, sorted by SKU.

    Raises
    ------
    SourceError
        When a column is missing, a SKU is blank or has two divisions, or a division is not
        configured; all findings at once.
    """
    source = settings.source.taxonomy
    columns = {k: v for k, v in source.columns.model_dump().items() if v is not None}
    wanted = {k: v for k, v in columns.items() if k in ("sku", "division")}
    # Family and sale type are optional unless the settings name them on purpose.
    optional = ("family", "sale_type")
    for name in optional:
        given = name in source.columns.model_fields_set
        if name in columns and (given or columns[name] in taxonomy.columns):
            wanted[name] = columns[name]
    require_columns(
        source.place, taxonomy.columns, {f"taxonomy.columns.{k}": v for k, v in wanted.items()}
    )
    slug = pl.col("division").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_")
    frame = (
        taxonomy.select(
            *(text(column).alias(name) for name, column in wanted.items()),
            *(pl.lit(None, dtype=pl.String).alias(n) for n in optional if n not in wanted),
            pl.col(ROW),
        )
        .with_columns(slug=slug.str.strip_chars("_"))
        .with_columns(is_target=pl.col("slug").is_in(settings.divisions.targets))
    )
    if findings := _taxonomy_findings(frame, settings.divisions.slugs):
        shown = "\n".join(f"  {finding}" for finding in findings[:20])
        raise SourceError(f"{source.place}: {len(findings)} finding(s) in the taxonomy:\n{shown}")
    return (
        frame.select("sku", "family", "sale_type", "is_target", division="slug")
        .unique("sku", keep="any")
        .sort("sku")
    )


def _taxonomy_findings(frame: pl.DataFrame, divisions: list[str]) -> list[str]:
    findings = []
    for row in frame.filter(pl.col("sku").is_null() | pl.col("division").is_null()).to_dicts():
        findings.append(f"row {row[ROW]}: SKU or division is blank")
    unknown = frame.filter(~pl.col("slug").is_in(divisions)).unique("division").sort("division")
    for row in unknown.to_dicts():
        hint = nearest(row["slug"], divisions)
        findings.append(
            f"row {row[ROW]}: division '{row['division']}' is not in divisions.names. {hint}"
        )
    distinct = ["sku", "slug", "family", "sale_type"]
    twice = frame.unique(distinct).filter(pl.col("sku").is_duplicated())["sku"].unique().sort()
    findings.extend(f"SKU '{sku}' has more than one meaning" for sku in twice)
    return findings


def build_dim_customers(
    settings: Settings,
    accounts: pl.DataFrame | None,
    sales_log: pl.LazyFrame,
    cutoffs: Sequence[dt.date],
) -> Iterator[tuple[dt.date, pl.DataFrame]]:
    """Build the roster as of each cutoff.

    Parameters
    ----------
    settings
        Columns of the customer table, warm window.
    accounts
        The raw CRM table, one row per account; None where there is none.
    sales_log
        Increments up to the last of `cutoffs`.
    cutoffs
        For which cutoffs.

    Yields
    ------
    tuple of date and polars.DataFrame
        Cutoff and `dim_customer`, one row per customer, sorted by customer_id.

    Raises
    ------
    SourceError
        When a configured column is missing, or an account is blank or there twice.
    """
    crm = _read_accounts(settings, accounts)
    seen = _seen(sales_log).collect()
    for cutoff in cutoffs:
        yield cutoff, _roster(crm, seen, cutoff, settings.labels.warm_window_months)


def _seen(sales_log: pl.LazyFrame) -> pl.LazyFrame:
    """Aggregate the log per customer and increment; the last line wins, ties by id."""
    last = pl.struct("order_date", "transaction_id")

    def latest(column: str) -> pl.Expr:
        return pl.col(column).sort_by(last).drop_nulls().last()

    return sales_log.group_by("customer_id", "visible_cutoff").agg(
        first_seen_date=pl.col("order_date").min(),
        last_seen_date=pl.col("order_date").max(),
        last_purchase_date=pl.col("order_date").filter(~pl.col("is_return")).max(),
        customer_name=latest("customer_name"),
        region=latest("region"),
        rep=latest("rep"),
    )


def _roster(
    crm: pl.DataFrame | None, seen: pl.DataFrame, cutoff: dt.date, warm_months: int
) -> pl.DataFrame:
    by_time = ["last_seen_date", "visible_cutoff"]

    def latest(column: str) -> pl.Expr:
        return pl.col(column).sort_by(by_time).drop_nulls().last()

    known = (
        visible_at(seen.lazy(), cutoff)
        .group_by("customer_id")
        .agg(
            pl.col("first_seen_date").min(),
            pl.col("last_seen_date", "last_purchase_date").max(),
            *(latest(c) for c in ("customer_name", "region", "rep")),
        )
        .collect()
    )
    if crm is not None:
        on_roster = crm.filter(
            pl.col("known_since").is_null()
            | (pl.col("known_since") <= cutoff)
            | pl.col("customer_id").is_in(known["customer_id"].implode())
        ).drop("known_since")
        known = on_roster.join(known, on="customer_id", how="full", coalesce=True, suffix="_log")
        both = [c for c in NAMED if f"{c}_log" in known.columns]
        known = known.with_columns(pl.coalesce(c, f"{c}_log") for c in both).drop(
            f"{c}_log" for c in both
        )
    missing = [c for c in NAMED if c not in known.columns]
    warm = history_window(cutoff, warm_months).contains("last_purchase_date")
    bought = pl.col("last_purchase_date").is_not_null()
    return (
        known.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in missing)
        .with_columns(
            cutoff=pl.lit(cutoff),
            is_buyer=bought,
            segment=pl.when(warm)
            .then(pl.lit("warm"))
            .when(bought)
            .then(pl.lit("cold"))
            .otherwise(pl.lit("prospect")),
        )
        .drop("last_purchase_date")
        .sort("customer_id")
    )


def _read_accounts(settings: Settings, accounts: pl.DataFrame | None) -> pl.DataFrame | None:
    source = settings.source.customers
    if source is None or accounts is None:
        return None
    columns = {k: v for k, v in source.columns.model_dump().items() if v is not None}
    attributes = [*source.numeric_attributes, *source.categorical_attributes]
    wanted = {f"customers.columns.{k}": v for k, v in columns.items()}
    wanted |= {f"customers attribute {name}": name for name in attributes}
    require_columns(source.place, accounts.columns, wanted)
    numbers = [
        (scaled(pl.col(n), accounts.schema[n], ".", NUMBER_SCALE) / 10**NUMBER_SCALE).alias(
            f"{ATTRIBUTE}{slugify(n)}"
        )
        for n in source.numeric_attributes
    ]
    crm = accounts.select(
        *(text(columns[n]).alias(n) for n in ("customer_id", *NAMED) if n in columns),
        *_known_since(source, accounts),
        *numbers,
        *(text(n).alias(f"{ATTRIBUTE}{slugify(n)}") for n in source.categorical_attributes),
        pl.col(ROW),
    )
    if blank := crm.filter(pl.col("customer_id").is_null())[ROW].to_list():
        raise SourceError(f"{source.place}, rows {blank[:10]}: customer id is blank.")
    if findings := _unreadable(accounts, crm, source):
        shown = "\n".join(f"  {finding}" for finding in findings[:20])
        raise SourceError(f"{source.place}: {len(findings)} unreadable cell(s):\n{shown}")
    if twice := crm.filter(pl.col("customer_id").is_duplicated())["customer_id"].unique().to_list():
        shown = ", ".join(sorted(twice)[:10])
        raise SourceError(f"{source.place}: {len(twice)} customer(s) there twice: {shown}.")
    return crm.drop(ROW, "known_since_problem")


def _known_since(source: CustomerSource, accounts: pl.DataFrame) -> list[pl.Series]:
    column = source.columns.known_since
    read = day_time(accounts[column] if column else blanks(accounts.height), source.date_formats)
    return [
        read["moment"].cast(pl.Date).alias("known_since"),
        read["problem"].alias("known_since_problem"),
    ]


def _unreadable(accounts: pl.DataFrame, crm: pl.DataFrame, source: CustomerSource) -> list[str]:
    """Name the cells of an account that are no number or no date; blank ones are unknown."""
    findings = [
        f"row {row}: {source.columns.known_since} is {problem}"
        for row, problem in crm.select(ROW, "known_since_problem").rows()
        if problem not in (None, "blank")
    ]
    for name in source.numeric_attributes:
        filled = accounts.select(is_filled(pl.col(name), accounts.schema[name])).to_series()
        bad = filled & crm[f"{ATTRIBUTE}{slugify(name)}"].is_null()
        findings += [
            f"row {row}: {name} is not a number: {cell!r}"
            for row, cell in accounts.filter(bad).select(ROW, name).rows()
        ]
    return findings
