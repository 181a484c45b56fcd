"""What leaves GoSales: files of the list, and what was surfaced by it (SPEC section 5)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.whitespace import WHITESPACE

EXPORT_KINDS = ["workbook", "csv", "crm", "parquet", "jsonl"]
# The page of the list: a bundle of its own (`list_report`).
REPORT = "report"
# Made by `gosales export` itself: the list is surfaced when people get it.
SURFACING = "surfacing"


class ListExports(dy.Schema):
    """What is known of the files; their bundle holds them."""

    cutoff = dy.Date(primary_key=True, description="As-of date.")
    file = dy.String(primary_key=True, min_length=1, description="Name.")
    kind = dy.String(
        check=lambda c: c.is_in([*EXPORT_KINDS, REPORT]), description="What it is for."
    )
    row_count = dy.Int64(
        min=0,
        description="Rows of the list in it; of a workbook those of its first sheet.",
        metadata={"unit": "count"},
    )
    size_bytes = dy.Int64(min=0, description="Size.", metadata={"unit": "bytes"})
    sha256 = dy.String(regex="^[0-9a-f]{64}$", description="SHA-256 of its content.")


class Surfaced(dy.Schema):
    """What a list put before people: the rows within the capacity."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    division = dy.String(primary_key=True, description="Division, as a slug.")
    cutoff = dy.Date(primary_key=True, description="Of the list.")
    rep = dy.String(nullable=True, description="Who was to call.")
    rank = dy.Int64(min=1, description="Rank on the list.")
    seat = dy.Int64(min=1, description="Its number among the selected.")


LIST_EXPORTS = Contract(
    name="list_exports",
    schema=ListExports,
    grain="one bundle; its card has one row per file",
    group="delivery",
    made_by="delivery.list_exports",
    is_bundle=True,
    partitioned_by="cutoff",
    settings_here=("delivery", "labels.window_months", "source.sales_log.home_currency"),
    reads=(Read(WHITESPACE),),
    description="The list as files: workbook, CSV, files for import into a CRM, Parquet and JSON "
    "lines. `gosales export` puts them into a folder.",
)
SURFACED = Contract(
    name="surfaced",
    schema=Surfaced,
    grain="one row per selected customer and division",
    group="delivery",
    made_by="delivery.surfaced",
    partitioned_by="cutoff",
    reads=(Read(WHITESPACE),),
    description="What the list puts before people. `gosales export` writes it with the day of the "
    "export, for `source.surfacing_log`.",
)
