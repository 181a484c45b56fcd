"""One raw row: who, when, which invoice, and what is wrong with it."""

import polars as pl

from gosales_resources.settings.source import LogColumns, LogSource
from gosales_resources.sources.cells import blank_dates, finding_where, read_dates, scaled, text
from gosales_resources.sources.raw import ROW

RATE_SCALE = 6
# What every line of a row takes from it.
IDENTITY = {
    "customer_id": pl.String(),
    "customer_name": pl.String(),
    "order_date": pl.Date(),
    "recorded_at": pl.Datetime("us"),
    "invoice_id": pl.String(),
    "line_number": pl.String(),
    "source_division": pl.String(),
    "rep": pl.String(),
    "branch": pl.String(),
    "region": pl.String(),
    "zip": pl.String(),
    "currency": pl.String(),
    "rate": pl.Float64(),
}
NOTHING = pl.lit(None, dtype=pl.String)
TEXTS = (
    "customer_id",
    "customer_name",
    "invoice_id",
    "line_number",
    "source_division",
    "rep",
    "branch",
    "region",
    "zip",
)


def identify_rows(frame: pl.DataFrame, log: LogSource, columns: LogColumns) -> pl.DataFrame:
    """Type the identifiers of raw rows and collect each row's faults.

    Parameters
    ----------
    frame
        Raw rows with a `ROW`; columns are text, or typed where the file has types.
    log
        Date formats, words for nothing, currency rules, earliest legal date, ids of no customer.
    columns
        Which source column is which identifier.

    Returns
    -------
    polars.DataFrame
        One row per raw row, in their order: identifiers, `known_on` (the later of order date and
        recording time), `rate` (divide by it; 1 for home currency), `is_no_customer`, and `fault`,
        all findings of the row in one text, null where there are none.
    """
    schema = frame.schema
    named = columns.model_dump()
    texts = [
        (text(source, log.null_values) if (source := named[name]) else NOTHING).alias(name)
        for name in TEXTS
    ]
    ordered, recorded = (
        read_dates(
            frame[name] if name else blank_dates(frame.height),
            log.date_formats,
            log.time_zone,
            log.null_values,
        )
        for name in (columns.order_date, columns.recorded_at)
    )
    typed = frame.select(
        pl.col(ROW).alias("row"),
        *texts,
        *_currency(schema, log, columns),
        order_date=ordered["moment"].cast(pl.Date),
        recorded_at=recorded["moment"],
        order_problem=ordered["problem"],
        recorded_problem=recorded["problem"],
    )
    fault = pl.concat_str(_faults(log, columns), separator="; ", ignore_nulls=True)
    return typed.with_columns(
        fault=pl.when(fault != "").then(fault),
        known_on=pl.max_horizontal("order_date", pl.col("recorded_at").cast(pl.Date)),
        customer_name=_without_id(pl.col("customer_name"), pl.col("customer_id")),
        rate=pl.when(pl.col("currency") != log.home_currency)
        .then(_home_rate(log))
        .otherwise(pl.lit(1.0)),
        # A blank id is the empty one.
        is_no_customer=pl.col("customer_id").fill_null("").is_in(log.not_customers)
        if log.not_customers
        else pl.lit(value=False),
    ).drop("order_problem", "recorded_problem", "written_rate")


def _faults(log: LogSource, columns: LogColumns) -> list[pl.Expr]:
    faults = [
        finding_where(pl.col("customer_id").is_null(), f"{columns.customer_id} is blank"),
        finding_where(pl.col("invoice_id").is_null(), f"{columns.invoice_id} is blank"),
        pl.concat_str(pl.lit(f"{columns.order_date} is "), "order_problem"),
        # A blank recording time is a row that records none: it was known on its order date.
        finding_where(
            pl.col("recorded_problem").is_in(["unreadable", "ambiguous"]),
            f"{columns.recorded_at} is unreadable or ambiguous",
        ),
        finding_where(
            pl.col("order_date") < log.min_order_date,
            f"{columns.order_date} before {log.min_order_date}",
        ),
    ]
    if columns.currency:
        foreign = pl.col("currency") != log.home_currency
        rate = pl.col("written_rate")
        faults += [
            finding_where(pl.col("currency").is_null(), f"{columns.currency} is blank"),
            finding_where(foreign & rate.is_null(), "conversion rate is missing or unreadable"),
            finding_where(foreign & (rate <= 0), "conversion rate is not positive"),
        ]
    return faults


def _currency(schema: pl.Schema, log: LogSource, columns: LogColumns) -> list[pl.Expr]:
    if not columns.currency:
        return [
            pl.lit(log.home_currency).alias("currency"),
            pl.lit(None, dtype=pl.Float64).alias("written_rate"),
        ]
    rate = pl.lit(None, dtype=pl.Float64)
    if source := columns.conversion_rate:
        rate = scaled(pl.col(source), schema[source], log.decimal, RATE_SCALE) / 10**RATE_SCALE
    currency = text(columns.currency, log.null_values).str.to_uppercase()
    return [currency.alias("currency"), rate.alias("written_rate")]


def _home_rate(log: LogSource) -> pl.Expr:
    rate = pl.col("written_rate")
    return rate if log.conversion == "divide" else 1 / rate


def _without_id(name: pl.Expr, customer_id: pl.Expr) -> pl.Expr:
    rest = name.str.strip_prefix(customer_id).str.strip_chars(" -:")
    return pl.when(rest != "").then(rest)
