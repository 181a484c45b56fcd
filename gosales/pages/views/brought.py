"""What lists brought: wins and money in their heads, beside plain orders, by rep and gate, over time."""

import polars as pl

from gosales.pages.charts import Chart, intervals
from gosales.pages.viewers import Viewer
from gosales_checks.contracts.validation import GATE, LIST, PUBLISHED, REP

# Order -> what people call it.
ORDERS = {
    PUBLISHED: "the list as published",
    "p": "by chance alone",
    "ev": "by expected value alone",
    "percentile": "by percentile within the division",
    "challenger": "by what earlier lists taught",
    "popularity": "by the division's popularity",
    "rfm": "by recency, frequency, money",
    "last_year": "by last year's value",
}
KINDS = {"wins": "wins", "money": "money"}


def tops_of(validation: pl.DataFrame) -> list[str]:
    """List the heads that a list was judged at, as `list_validation` names them: numbers, then shares."""
    tops = validation.filter(pl.col("scope") == LIST)["top"].unique().to_list()

    def size(top: str) -> tuple[bool, bool, float]:
        number = top.removesuffix(" %")
        is_number = number.replace(".", "", 1).isdecimal()
        return (not is_number, top != number, float(number) if is_number else 0.0)

    return sorted(tops, key=size)


def order_rows(validation: pl.DataFrame, kind: str, top: str) -> pl.DataFrame:
    """Say what each order of the same rows captured.

    Parameters
    ----------
    validation
        `list_validation` of one cutoff.
    kind
        `wins` or `money`.
    top
        Which head.

    Returns
    -------
    polars.DataFrame
        order (in words), row_count, captured, total, chance, value (the share captured), low, high
        (95 %), ahead (by how much the published order leads), ahead_low, ahead_high; published first.
    """
    return (
        _of_head(validation, kind, top)
        .sort(_published_first())
        .select(
            pl.col("order").replace(ORDERS), "row_count", "captured", "total", "chance",
            value="share", low="low", high="high",
            ahead="below_published", ahead_low="below_low", ahead_high="below_high",
        )
    )  # fmt: skip


def order_chart(rows: pl.DataFrame, kind: str, top: str) -> Chart:
    """Draw the shares that orders captured, with their intervals, the published one in colour."""
    told = rows.select("order", "value", "low", "high").drop_nulls("value")
    title = f"share of all {KINDS[kind]} in the first {top}"
    return intervals(told, "order", title, accent=ORDERS[PUBLISHED])


def over_time(validations: pl.DataFrame, kind: str, top: str) -> Chart:
    """Draw what the head of each list captured.

    Parameters
    ----------
    validations
        `list_validation` of several cutoffs.
    kind, top
        As `order_rows`.
    """
    rows = _of_head(validations, kind, top).filter(pl.col("order") == PUBLISHED).sort("cutoff")
    told = rows.select(
        pl.col("cutoff").cast(pl.String).alias("list of"), value="share", low="low", high="high"
    ).drop_nulls("value")
    return intervals(told, "list of", f"share of all {KINDS[kind]} in the first {top}")


def together(validations: pl.DataFrame, kind: str, top: str) -> pl.DataFrame:
    """Add up what the heads of all lists brought whose windows have ended.

    Parameters
    ----------
    validations
        `list_validation` of several cutoffs.
    kind, top
        As `order_rows`.

    Returns
    -------
    polars.DataFrame
        order (in words), list_count, row_count, captured, chance, total: sums over the lists that have
        the order; published first. One list alone gives none: it stands above.
    """
    rows = _of_head(validations, kind, top)
    if rows["cutoff"].n_unique() < 2:
        rows = rows.clear()
    return (
        rows.group_by("order")
        .agg(pl.len().alias("list_count"), pl.col("row_count", "captured", "chance", "total").sum())
        .sort(_published_first())
        .with_columns(pl.col("order").replace(ORDERS))
    )


def _of_head(validations: pl.DataFrame, kind: str, top: str) -> pl.DataFrame:
    """Return what is known of the heads of lists, of all orders."""
    return validations.filter(
        pl.col("scope") == LIST, pl.col("kind") == kind, pl.col("top") == top,
        pl.col("status") == "ok",
    )  # fmt: skip


def _published_first() -> pl.Expr:
    place = {order: at for at, order in enumerate(ORDERS)}
    return pl.col("order").replace_strict(place, default=len(place))


def part_rows(validation: pl.DataFrame, scope: str, kind: str, viewer: Viewer) -> pl.DataFrame:
    """Say what the rows selected for each rep brought, or what each gate kept off.

    Parameters
    ----------
    validation
        `list_validation` of one cutoff.
    scope
        `rep` or `gate`.
    kind
        `wins` or `money`.
    viewer
        A seller sees the own rep alone, and no gate.

    Returns
    -------
    polars.DataFrame
        item, row_count, captured, low, high of the share, total; by item.
    """
    rows = validation.filter(
        pl.col("scope") == scope, pl.col("kind") == kind, pl.col("order") == PUBLISHED,
        pl.col("status") == "ok",
    )  # fmt: skip
    own = viewer.rows(rows.lazy(), "item").collect() if scope in (REP, GATE) else rows
    item = pl.col("item")
    told = item.str.replace_all("_", " ") if scope == GATE else item
    return own.sort("item", "top").select(
        told.alias("item"), "top", "row_count", "captured", "total", "share"
    )


def is_censored(validation: pl.DataFrame) -> bool:
    """Tell whether no window of the list has ended yet."""
    statuses = set(validation["status"])
    return bool(statuses) and statuses <= {"censored", "empty"}
