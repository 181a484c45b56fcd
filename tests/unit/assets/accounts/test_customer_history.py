"""The roster and the attribute history: who was known, and what was true of them then."""

import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gosales_assets.accounts.attribute_history import ENRICHED, customer_history_in_parts
from gosales_assets.accounts.customers import accounts_at
from gosales_assets.accounts.intake import build_source_ledger, read_source, read_sources
from gosales_assets.accounts.observations import observe
from gosales_checks.contracts.accounts import DIM_CUSTOMER_HISTORY
from gosales_checks.contracts.contract import conform
from gosales_resources.errors import SourceError
from tests.worlds.accounts import assets_of, day, history_of, lines, roster_of, side_world

CUTOFF = "2024-02-29"
VERSIONS = {"customers": ["customer_id", "customer_name", "region", "size", "valid_from"]}
DATED = {"customers": ["customer_id", "customer_name", "industry", "known_since"]}


def spans(history: pl.DataFrame, column: str, customer: str = "001") -> list[tuple]:
    found = history.filter(customer_id=customer).select(
        pl.col("valid_from", "valid_to").cast(pl.String), column
    )
    return found.rows()


def asset(customer: str, bought: str) -> str:
    return f"{customer},Seat,CAD,Solid Works,1,{bought},,"


def test_the_roster_is_the_union_of_log_register_and_accounts(tmp_path):
    tables = {
        "customers": ["crm,Acme,Aero,2024-02-29", "later,Zeta,Auto,2024-03-01", "undated,Um,,"],
        "assets": [asset("owner", "2020-01-01"), asset("owns_later", "2024-03-01")],
    }
    log = lines(
        ("warm", "2023-02-01", "W", None, None),
        ("cold", "2019-02-28", "C", None, None, "2020-12-31"),
        ("after", "2024-03-01", "A", None, None, "2024-03-31"),
    )
    found = roster_of(side_world(tmp_path, tables, DATED), CUTOFF, log)
    assert found.select("customer_id", "segment", "is_buyer", "has_asset").rows() == [
        ("cold", "cold", True, False),
        ("crm", "prospect", False, False),
        ("owner", "cold", False, True),
        ("undated", "prospect", False, False),
        ("warm", "warm", True, False),
    ]


@pytest.mark.parametrize(
    ("bought", "cutoff", "segment"),
    [
        ("2022-08-31", "2024-02-29", "cold"),
        ("2022-09-01", "2024-02-29", "warm"),
        ("2022-10-31", "2024-04-30", "cold"),
        ("2022-11-01", "2024-04-30", "warm"),
    ],
)
def test_the_warm_window_is_of_calendar_months_leap_day_or_not(tmp_path, bought, cutoff, segment):
    log = lines(("001", bought, None, None, None, "2022-12-31"))
    assert roster_of(side_world(tmp_path, {}), cutoff, log)["segment"].to_list() == [segment]


def test_a_customer_of_returns_only_is_a_prospect_that_was_seen(tmp_path):
    log = lines(("001", "2023-02-01", None, None, None)).with_columns(is_return=pl.lit(True))
    found = roster_of(side_world(tmp_path, {}), CUTOFF, log)
    assert found.select("segment", "is_buyer", "last_seen_date").rows() == [
        ("prospect", False, day("2023-02-01"))
    ]


def test_without_any_table_beside_the_log_the_roster_is_the_log(tmp_path):
    log = lines(("001", "2023-02-01", "Acme", "West", "Ann"))
    found = roster_of(side_world(tmp_path, {}), CUTOFF, log)
    assert found.select("customer_name", "region", "rep", "industry").rows() == [
        ("Acme", "West", "Ann", None)
    ]
    assert roster_of(side_world(tmp_path / "nothing", {}), CUTOFF).is_empty()


def test_a_region_that_changes_does_not_rewrite_the_year_before(tmp_path):
    rows = ["001,Acme,West,10,", "001,Acme Inc,East,25,2024-02-01"]
    settings = side_world(tmp_path, {"customers": rows}, VERSIONS)
    history = history_of(settings, CUTOFF)
    assert spans(history, "region") == [(None, "2024-02-01", "West"), ("2024-02-01", None, "East")]
    assert spans(history, "attr_size")[0][2] == 10.0
    seen = {c: roster_of(settings, c).row(0, named=True) for c in ("2023-12-31", CUTOFF)}
    assert (seen["2023-12-31"]["region"], seen["2023-12-31"]["attr_size"]) == ("West", 10.0)
    assert (seen[CUTOFF]["region"], seen[CUTOFF]["customer_name"]) == ("East", "Acme Inc")


@pytest.mark.parametrize(
    ("start", "region"), [("2024-02-29", "East"), ("2024-03-01", "West")], ids=["on", "after"]
)
def test_a_version_that_begins_on_the_cutoff_day_counts(tmp_path, start, region):
    rows = ["001,Acme,West,10,2020-01-01", f"001,Acme,East,10,{start}"]
    settings = side_world(tmp_path, {"customers": rows}, VERSIONS)
    assert roster_of(settings, CUTOFF)["region"].to_list() == [region]


def test_a_later_version_is_not_even_hinted_at(tmp_path):
    now = ["001,Acme,West,10,2020-01-01"]
    later = ["001,Acme,East,99,2024-03-01", "002,New,East,1,2024-03-01"]
    one = side_world(tmp_path / "one", {"customers": now}, VERSIONS)
    two = side_world(tmp_path / "two", {"customers": now + later}, VERSIONS)
    assert history_of(one, CUTOFF).equals(history_of(two, CUTOFF))


def test_versions_that_say_the_same_are_one_span_and_a_blank_is_a_change(tmp_path):
    rows = ["001,Acme,West,10,2020-01-01", "001,Acme,West,10,2021-01-01", "001,Acme,,10,2022-01-01"]
    history = history_of(side_world(tmp_path, {"customers": rows}, VERSIONS), CUTOFF)
    assert spans(history, "region") == [
        ("2020-01-01", "2022-01-01", "West"),
        ("2022-01-01", None, None),
    ]


def test_without_versions_an_account_is_as_it_is_from_the_day_it_was_known(tmp_path):
    settings = side_world(tmp_path, {"customers": ["001,Acme,Aero,2023-06-01"]}, DATED)
    log = lines(("001", "2022-01-01", "ACME", "West", None))
    history = history_of(settings, CUTOFF, log)
    assert spans(history, "industry") == [
        ("2022-01-01", "2023-06-01", None),
        ("2023-06-01", None, "Aero"),
    ]
    assert spans(history, "customer_name")[0][2] == "ACME"
    assert history["region"].to_list() == ["West", "West"]


def test_an_account_is_on_the_roster_from_known_since_though_its_first_version_is_later(tmp_path):
    columns = {"customers": ["customer_id", "industry", "known_since", "valid_from"]}
    settings = side_world(tmp_path, {"customers": ["001,Aero,2023-01-01,2024-06-01"]}, columns)
    assert roster_of(settings, CUTOFF).select("customer_id", "industry").rows() == [("001", None)]
    assert roster_of(settings, "2022-12-31").is_empty()


def test_what_the_accounts_lack_comes_from_the_dated_lines_of_the_log(tmp_path):
    log = lines(
        ("001", "2022-01-01", "Acme", "West", "Ann"),
        ("001", "2022-05-01", None, "West", "Bob"),
        ("001", "2023-05-01", "Acme", "East", None),
    )
    history = history_of(side_world(tmp_path, {}), CUTOFF, log)
    assert spans(history, "region") == [
        ("2022-01-01", "2022-05-01", "West"),
        ("2022-05-01", "2023-05-01", "West"),
        ("2023-05-01", None, "East"),
    ]
    assert history["rep"].to_list() == ["Ann", "Bob", "Bob"]


def test_of_lines_of_one_day_the_last_known_wins_then_the_largest_id(tmp_path):
    log = lines(
        ("001", "2023-01-05", None, "third", None, "2023-06-30"),
        ("001", "2023-01-05", None, "first", None),
        ("001", "2023-01-05", None, "second", None),
    ).with_columns(
        visible_cutoff=pl.col("visible_cutoff").replace(day("2020-12-31"), day("2023-03-31"))
    )
    settings = side_world(tmp_path, {})
    assert roster_of(settings, "2023-03-31", log)["region"].to_list() == ["second"]
    assert roster_of(settings, "2023-06-30", log)["region"].to_list() == ["third"]


def test_a_late_line_falls_between_the_lines_known_before(tmp_path):
    log = lines(
        ("001", "2023-01-01", None, "West", None, "2023-03-31"),
        ("001", "2023-01-05", None, "West", None, "2023-03-31"),
        ("001", "2023-01-09", None, "West", None, "2023-03-31"),
        ("001", "2023-01-07", None, "East", None, "2023-06-30"),
    )
    settings = side_world(tmp_path, {})
    assert [r for *_, r in spans(history_of(settings, "2023-03-31", log), "region")] == ["West"]
    found = [r for *_, r in spans(history_of(settings, "2023-06-30", log), "region")]
    assert found == ["West", "East", "West"]


def test_a_line_that_takes_a_restated_one_back_says_nothing_of_its_own(tmp_path):
    log = lines(
        ("001", "2023-01-05", None, "West", None, "2023-03-31"),
        ("001", "2023-01-05", None, "East", None, "2023-06-30"),
        ("001", "2023-01-05", None, "West", None, "2023-06-30"),
    ).with_columns(is_reversal=pl.col("transaction_id") == "t002")
    settings = side_world(tmp_path, {})
    assert roster_of(settings, "2023-03-31", log)["region"].to_list() == ["West"]
    assert roster_of(settings, "2023-06-30", log)["region"].to_list() == ["East"]


def test_enrichment_fills_what_the_accounts_lack_and_no_more(tmp_path):
    columns = {"customers": ["customer_id", "industry", "sub_industry"]}
    rows = ["own,Aero,Jets", "none,,", "half,Aero,", "other,Auto,"]
    settings = side_world(tmp_path, {"customers": rows}, columns)
    enrichment = pl.DataFrame({"customer_id": ["own", "none", "half", "other", "stranger"],
                               "industry": ["Food"] + ["Aero"] * 4,
                               "sub_industry": ["Tea"] + ["Parts"] * 4})  # fmt: skip
    found = history_of(settings, CUTOFF, enrichment=enrichment)
    assert found.select("customer_id", "industry", "sub_industry").rows() == [
        ("half", "Aero", "Parts"),
        ("none", "Aero", "Parts"),
        ("other", "Auto", None),
        ("own", "Aero", "Jets"),
    ]


BROKEN = {
    "blank id": (",Acme,West,10,", "customer_id is blank"),
    "number": ("9,Acme,West,many,", "size is not a number: 'many'"),
    "date": ("9,Acme,West,10,soon", "valid_from is unreadable"),
    "twice": ("001,Other,West,10,", r"customer_id, valid_from '001, (blank)' is there 2 times"),
}


@pytest.mark.parametrize(("broken", "reason"), BROKEN.values(), ids=BROKEN)
def test_an_account_that_cannot_be_used_is_an_error_with_its_row(tmp_path, broken, reason):
    rows = ["001,Acme,West,10,", broken, "001,Acme,East,10,2023-01-01"]
    settings = side_world(tmp_path, {"customers": rows}, VERSIONS)
    with pytest.raises(SourceError) as error:
        history_of(settings, CUTOFF)
    assert f"customers_side.csv, row 3: {reason}" in str(error.value)


def test_without_valid_from_a_customer_that_is_there_twice_is_an_error(tmp_path):
    settings = side_world(tmp_path, {"customers": ["001,Acme,Aero,West", "001,Acme,Auto,West"]})
    with pytest.raises(SourceError, match="customer_id '001' is there 2 times"):
        history_of(settings, CUTOFF)


def test_fail_soft_goes_on_with_the_other_accounts_and_loses_no_row(tmp_path):
    rows = ["001,Acme,West,10,2020-01-01", "002,Bolt,West,many,", "003,Cog,West,5,2024-03-01"]
    settings = side_world(tmp_path, {"customers": rows}, VERSIONS, mode="fail_soft")
    assert roster_of(settings, CUTOFF)["customer_id"].to_list() == ["001"]
    assert build_source_ledger(read_sources(settings), day(CUTOFF)).rows() == [
        ("customers", 3, 1, 1, 1)
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_row_order_and_line_ends_change_nothing_and_leading_zeros_stay(tmp_path, line_end):
    rows = [f"00{n},Name {n},West,{n},202{n % 4}-01-01" for n in range(1, 9)]
    rows += [f"00{n},Name {n},East,{n},2023-06-30" for n in range(1, 5)]
    one = side_world(tmp_path / "one", {"customers": rows}, VERSIONS)
    shuffled = random.Random(2).sample(rows, len(rows))
    two = side_world(tmp_path / "two", {"customers": shuffled}, VERSIONS, line_end=line_end)
    assert history_of(one, CUTOFF).equals(history_of(two, CUTOFF))
    assert history_of(one, CUTOFF)["customer_id"][0] == "001"


DAYS = st.dates(min_value=day("2022-01-01"), max_value=day("2024-12-31"))
SAID = st.sampled_from(["West", "East", "North", None])


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(DAYS, SAID), max_size=8),
    st.dictionaries(DAYS, SAID, max_size=5),
    st.sampled_from(["2023-03-31", "2024-02-29", "2024-12-31"]),
)
def test_on_every_day_the_history_says_what_a_plain_look_back_says(
    tmp_path_factory, logged, versions, cutoff
):
    rows = [f"001,,{region or ''},,{start}" for start, region in versions.items()]
    columns = {"customers": VERSIONS["customers"]}
    settings = side_world(tmp_path_factory.mktemp("w"), {"customers": rows}, columns)
    made = [("001", d.isoformat(), None, r, None, quarter_end(d)) for d, r in logged]
    history = history_of(settings, cutoff, lines(*made))
    known = [(d, r) for d, r in logged if quarter_end(d) <= cutoff]
    for probe in pl.date_range(day("2021-12-31"), day(cutoff), "17d", eager=True):
        begun = {d: r for d, r in versions.items() if d <= min(probe, day(cutoff))}
        own = begun[max(begun)] if begun else None
        # Lines are numbered in their order: of one day the last one that says something wins.
        said = [(d, n, r) for n, (d, r) in enumerate(known) if r and d <= probe]
        expected = own or (max(said)[2] if said else None)
        rows_then = history.filter(
            (pl.col("valid_from") <= probe)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > probe))
        )
        assert (rows_then["region"].to_list() or [None]) == [expected]


def quarter_end(date) -> str:
    month = -(-date.month // 3) * 3
    return f"{date.year}-{month:02d}-{'31' if month in (3, 12) else '30'}"


def test_customers_and_increments_in_pieces_make_the_same_history(tmp_path, monkeypatch):
    draw = random.Random(5)
    rows = [
        (
            f"c{draw.randrange(20):02d}",
            f"2022-0{draw.randrange(1, 10)}-1{draw.randrange(10)}",
            draw.choice(["A", "B", None]),
            draw.choice(["West", "East"]),
            draw.choice(["Ann", None]),
            draw.choice(["2022-12-31", "2023-03-31"]),
        )
        for _ in range(200)
    ]
    accounts = [f"c{n:02d},Name {n},Aero,West" for n in range(0, 30, 2)]
    bought = [f"c{n:02d},Seat,CAD,Solid Works,1,2021-05-01,,yes" for n in range(0, 40, 3)]
    settings = side_world(tmp_path, {"customers": accounts, "assets": bought})
    whole = history_of(settings, CUTOFF, lines(*rows))
    monkeypatch.setattr("gosales_assets.accounts.observations.HELD_LINES", 15)
    monkeypatch.setattr("gosales_assets.accounts.attribute_history.HELD_ROWS", 25)
    assert history_of(settings, CUTOFF, lines(*rows)).equals(whole)
    told = pl.DataFrame(schema=dict.fromkeys(ENRICHED, pl.String))
    parts = customer_history_in_parts(
        day(CUTOFF),
        accounts_at(read_source(settings, "customers"), day(CUTOFF)),
        observe(lines(*rows)),
        assets_of(settings, CUTOFF).lazy(),
        told,
    )
    frames = [conform(DIM_CUSTOMER_HISTORY, part.lazy()).collect() for part in parts]
    assert len(frames) > 5
    assert pl.concat(frames).equals(whole)
