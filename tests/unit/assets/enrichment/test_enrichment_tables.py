"""Directory, overrides and rosters: what goes in, what is refused, what comes out as of a cutoff."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.enrichment.build import RawTables, enrich, no_tables
from gosales_assets.enrichment.directory import read_directory, read_overrides
from gosales_assets.enrichment.roster import roster_at, sum_sales
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.verdicts.coverage import coverage_breaches, measure_coverage
from gosales_resources.errors import SourceError
from gosales_resources.settings.source import EnrichmentSource, OverrideSource
from gosales_resources.sources.raw import ROW
from tests.worlds.erp import SETTINGS, row, write_world

EARLY, LATE = dt.date(2023, 3, 31), dt.date(2023, 6, 30)
SOURCE = {
    "path": "directory.csv",
    "columns": {"key": "id", "name": "company", "zip": "zip", "industry": "industry"},
    "numeric_attributes": ["staff"],
}


def raw(*rows: dict[str, str]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [{"id": "", "company": "", "zip": "", "industry": "", "staff": ""} | r for r in rows]
    )
    return frame.with_row_index(ROW, offset=2).cast({ROW: pl.Int64})


def log(*rows: tuple) -> pl.LazyFrame:
    """Lines: customer, increment, name, profit in dollars."""
    frame = pl.DataFrame(
        rows, ["customer_id", "visible_cutoff", "customer_name", "usd"], orient="row"
    )
    return frame.lazy().with_row_index("n").select(
        "customer_id", "visible_cutoff", "customer_name",
        zip=pl.lit(None, pl.String), transaction_id=pl.col("n").cast(pl.String),
        order_date="visible_cutoff", gross_profit=pl.col("usd").cast(pl.Decimal(18, 2)),
    )  # fmt: skip


@pytest.fixture
def world(tmp_path):
    source = SETTINGS["source"] | {"enrichment": SOURCE}
    return write_world(tmp_path, [row()], {"source": source})


LOG = log(
    ("c1", EARLY, "Acme Tool", 10), ("c1", LATE, "Umbra Forge", 900), ("c2", EARLY, "Nobody", 70),
    ("c3", EARLY, "Nemo", 200), ("c4", LATE, "Acme Tool", 5), ("c5", EARLY, None, -30),
)  # fmt: skip
DIRECTORY = raw(
    {"id": "k1", "company": "ACME Tool, Inc.", "industry": "Aero", "staff": "12"},
    {"id": "k2", "company": "Umbra Forge", "industry": "Auto"},
)


def tables(world, cutoff: dt.date, cutoffs=(EARLY, LATE)):
    found = enrich(world, RawTables(DIRECTORY, None, None), LOG, cutoffs)
    return found.at(cutoff)


def test_names_are_those_known_at_the_cutoff(world):
    early, late = tables(world, EARLY).matched, tables(world, LATE).matched
    assert early.select("customer_id", "enrichment_key").rows() == [("c1", "k1")]
    assert late.select("customer_id", "enrichment_key").rows() == [("c1", "k2"), ("c4", "k1")]
    assert late.filter(customer_id="c4").select("industry", "attr_staff").row(0) == ("Aero", 12.0)


def test_a_cutoff_is_the_same_whichever_others_are_made_with_it(world):
    alone, together = tables(world, EARLY, (EARLY,)), tables(world, EARLY)
    assert alone.matched.equals(together.matched)
    assert alone.unmatched.equals(together.unmatched)


def test_the_unmatched_come_most_valuable_first_and_all_of_them(world):
    worst = tables(world, LATE).unmatched
    assert worst.select("customer_id", "value_cents", "reason").rows() == [
        ("c3", 20_000, "no_candidate"), ("c2", 7_000, "no_candidate"), ("c5", -3_000, "no_name"),
    ]  # fmt: skip


def test_both_tables_keep_their_contracts(world):
    made = tables(world, LATE)
    for contract, frame in (
        (CUSTOMER_ENRICHMENT, made.matched),
        (ENRICHMENT_UNMATCHED, made.unmatched),
    ):
        assert judge(contract, frame).violations == {}
    nothing = no_tables()
    assert judge(CUSTOMER_ENRICHMENT, nothing.matched).violations == {}
    assert judge(ENRICHMENT_UNMATCHED, nothing.unmatched).violations == {}


def test_coverage_counts_customers_and_the_value_of_those_worth_something(world):
    made = tables(world, LATE)
    coverage = measure_coverage(made.matched.lazy(), made.unmatched.lazy())
    assert coverage.customer_frac == 2 / 5
    assert coverage.value_frac == (910 + 5) / (910 + 5 + 200 + 70)
    assert coverage_breaches(coverage, 0.4, 0.7) == {}
    (finding,) = coverage_breaches(coverage, 0.5, 0.7)
    assert finding == "0.400 of the customers found in the directory, floor 0.500"


def test_an_account_is_on_the_roster_from_its_first_day_and_keeps_its_crm_name():
    accounts = pl.DataFrame(
        [("c1", "Crm", "1", dt.date(2030, 1, 1)), ("p", "Later", None, LATE), ("q", "Old", None, None)],
        ["customer_id", "customer_name", "zip", "known_since"], orient="row",
    )  # fmt: skip
    roster = roster_at(accounts, sum_sales(LOG, "gross_profit"), EARLY)
    assert roster["customer_id"].to_list() == ["c1", "c2", "c3", "c5", "q"]
    assert roster.row(0) == ("c1", "Crm", "1", 1000, 1)
    assert roster.row(4) == ("q", "Old", None, None, 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "k"}, {"id": "k"}], "key 'k' is there more than once"),
        ([{"id": " "}], "row 2: the key is blank"),
        ([{"id": "k", "staff": "many"}], "row 2: staff is not a number: 'many'"),
    ],
    ids=["twice", "blank", "number"],
)
def test_a_faulty_directory_is_refused_by_row(rows, message):
    with pytest.raises(SourceError, match=message):
        read_directory(EnrichmentSource.model_validate(SOURCE), raw(*rows))


def test_without_a_key_equal_rows_are_one_entry_under_a_key_of_their_content():
    source = EnrichmentSource(path="d.csv", columns={"name": "company"})  # pyright: ignore
    rows = [{"company": "B"}, {"company": "A"}, {"company": "B"}]
    first, turned = (read_directory(source, raw(*r)) for r in (rows, rows[::-1]))
    assert first.height == 2
    assert first.equals(turned)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("c1", "k9", "pin")], "row 2: the directory has no entry 'k9'. Legal: k1, k2"),
        ([("c1", "k1", "pinn")], "action 'pinn' unknown. Did you mean 'pin'"),
        ([("", "k1", "pin")], "row 2: customer_id blank"),
        ([("c1", "k1", "pin"), ("c1", "k2", "Pin")], "'c1' is pinned to more than one entry"),
        ([("c1", "k1", "pin"), ("c1", "k1", "forbid")], "'c1' and 'k1' are pinned and forbidden"),
    ],
    ids=["key", "action", "blank", "two pins", "both"],
)
def test_faulty_overrides_are_refused_by_row(rows, message):
    frame = pl.DataFrame(rows, ["customer_id", "enrichment_key", "action"], orient="row")
    frame = frame.with_row_index(ROW, offset=2)
    with pytest.raises(SourceError, match=message):
        read_overrides(OverrideSource(path="o.csv"), frame, ["k1", "k2"])


def test_an_override_of_a_customer_not_on_the_roster_is_listed_and_no_error(world):
    source = world.source.enrichment.model_copy(update={"overrides": OverrideSource(path="o.csv")})
    settings = world.model_copy(
        update={"source": world.source.model_copy(update={"enrichment": source})}
    )
    hands = pl.DataFrame(
        {ROW: [2], "customer_id": ["c4"], "enrichment_key": ["k2"], "action": ["pin"]}
    )
    found = enrich(settings, RawTables(DIRECTORY, hands, None), LOG, (EARLY, LATE))
    assert found.at(EARLY).unknown_customers == ["c4"]
    assert found.at(LATE).matched.filter(customer_id="c4")["method"].to_list() == ["pin"]
