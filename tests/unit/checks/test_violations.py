"""The table of violations: exact counts, a capped sample, and rows that can be read back."""

import json

import polars as pl

from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.registry import VIOLATIONS
from gosales_checks.contracts.star import DIM_PRODUCT, SALES_LOG
from gosales_checks.quarantine import split_rows
from gosales_checks.violations import blocked_rows, locate, no_violations, quarantined_rows
from tests.contracts.samples import DAY, breaking, sample


def keeping(rows: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Locate violations and hold them against the contract of their own table."""
    table = conform(VIOLATIONS, locate(rows, "t", str(DAY), DAY, outcome).lazy()).collect()
    assert judge(VIOLATIONS, table).violations == {}
    return table


def test_counts_are_exact_and_the_sample_is_capped():
    one = breaking(DIM_PRODUCT, "division|nullability").head(1)
    many = pl.concat([one.with_columns(sku=pl.lit(f"sku {n:02d}")) for n in range(33)])
    table = keeping(blocked_rows(DIM_PRODUCT, many.lazy()), "blocked")
    assert set(table["rows"]) == {33}
    assert table["sample_row"].to_list() == list(range(1, 21))
    assert [json.loads(raw)["sku"] for raw in table["raw"]] == many["sku"].head(20).to_list()


def test_a_row_is_shown_under_each_rule_it_breaks():
    frame = breaking(SALES_LOG, "visible_not_before_ordered")
    frame = frame.with_columns(invoice_id=pl.lit(None, dtype=pl.String))
    table = keeping(blocked_rows(SALES_LOG, frame.lazy()), "blocked")
    counts = dict(table.select("rule", "rows").unique().rows())
    assert counts == {"visible_not_before_ordered": 1, "invoice_id|nullability": 3}
    assert json.loads(table["raw"][0])["quantity"] == "2.000"


def test_a_missing_column_has_a_rule_and_no_row():
    table = keeping(blocked_rows(DIM_PRODUCT, sample(DIM_PRODUCT).drop("sku").lazy()), "blocked")
    assert table.select("rule", "sample_row", "raw").rows() == [
        ("schema: column sku missing", 0, None)
    ]


def test_a_table_that_keeps_its_contract_has_no_violation():
    assert blocked_rows(DIM_PRODUCT, sample(DIM_PRODUCT).lazy()).is_empty()
    assert judge(VIOLATIONS, no_violations()).passed


def test_what_was_kept_apart_is_counted_by_rule():
    _, broken = split_rows(DIM_PRODUCT, breaking(DIM_PRODUCT, "primary_key"))
    table = keeping(quarantined_rows(broken), "quarantined")
    assert table.select("rule", "rows", "sample_row").rows() == [("primary_key", 1, 1)]
    assert "broken_rules" not in json.loads(table["raw"][0])
