"""The tables beside the sales log in a run of the whole graph, as the command line makes it."""

import random
import shutil

import polars as pl
import pytest

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.accounts import SOURCE_LEDGER
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.run.worlds_run import materialize, stored
from tests.worlds.accounts import COLUMNS, day, side_world
from tests.worlds.erp import random_rows

CUTOFF = "2023-06-30"
TABLES = ("customer_enrichment", "dim_customer", "dim_customer_history", "dim_date", "fact_assets", "crm_contacts",
          "crm_deals", "do_not_contact", "rep_ownership", "surfacing_log", "list_outcomes",
          "source_rejects")  # fmt: skip
CUSTOMERS = {"customers": [*COLUMNS["customers"], "valid_from"]}


def tables(future: bool) -> dict[str, list[str]]:
    """Rows of every side table; with a future, also what an export of a year later holds."""
    draw = random.Random(8)
    known: dict[str, list[str]] = {name: [] for name in COLUMNS}
    later: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for n in range(60):
        bought = f"20{draw.randrange(18, 23)}-0{draw.randrange(1, 10)}-15"
        bought = draw.choice([bought, bought, bought, "", "1900-01-01"])
        ends = "2023-09-01" if future else ""
        known["customers"] += [f"{n:04d},Name {n},Aero,West,", f"{n:04d},Name {n},Auto,,2023-06-30"]
        known["assets"].append(f"{n:04d},Seat,CAD,Solid Works,1,{bought},2024-01-01,no")
        known["crm_contacts"].append(f"{n:04d},2023-06-{n % 30 + 1:02d},,mail")
        known["crm_deals"].append(f"d{n},{n:04d},Simulation,2023-02-01,{ends},")
        known["do_not_contact"].append(f"{n:04d},2023-01-01,{ends},asked")
        known["rep_ownership"].append(f"{n:04d},Ann,West,2022-01-01,{ends}")
        known["surfacing_log"].append(f"{n:04d},Scanning,2023-06-30,{ends}")
        known["list_outcomes"].append(f"{n:04d},Scanning,2023-06-30,won")
        later["customers"].append(f"{n:04d},Other,Food,East,2023-07-01")
        later["assets"].append(f"{n:04d},Seat,CAD,Solid Works,9,2023-07-{n % 30 + 1:02d},,yes")
        later["crm_contacts"].append(f"{n:04d},2023-07-01,,call")
        later["crm_deals"].append(f"n{n},{n:04d},,2023-07-01,,")
        later["do_not_contact"].append(f"x{n:04d},2023-07-01,,")
        later["rep_ownership"].append(f"{n:04d},Bob,East,2023-07-01,")
        later["surfacing_log"].append(f"{n:04d},Simulation,2023-07-01,")
        later["list_outcomes"].append(f"{n:04d},Simulation,2023-07-01,called")
    return {name: known[name] + (later[name] if future else []) for name in COLUMNS}


def run(folder, future: bool, mode: str = "strict", **spoiled: str) -> int:
    rows = {name: random.Random(future).sample(t, len(t)) for name, t in tables(future).items()}
    for name, text in spoiled.items():
        rows[name].append(text)
    side_world(folder, rows, CUSTOMERS, mode, log_rows=random_rows(40))
    names = ",".join(["sales_log", *TABLES])
    assert materialize(folder, "--select", "sales_log", cutoffs=f"2023-03-31..{CUTOFF}") == 0
    return materialize(folder, "--select", names, cutoffs=CUTOFF)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    assert run(folder, future=False) == 0
    return folder


@pytest.fixture
def world(made, tmp_path):
    shutil.copytree(made, tmp_path / "w")
    return tmp_path / "w"


def read(folder, name: str) -> pl.DataFrame:
    path = folder / "gosales_home" / "store" / name / f"cutoff={CUTOFF}" / "part-0.parquet"
    return pl.read_parquet(path)


def contents(folder) -> dict[str, str]:
    """Digest the rows of every table; the files also name the digest of what they were read from."""
    store = Platform.of(load_settings(folder / "gosales.yaml")).store
    return {name: store.content(Address(name, day(CUTOFF))) for name in TABLES}


@pytest.mark.slow
def test_a_year_of_future_in_every_side_table_moves_no_row(tmp_path):
    assert run(tmp_path / "now", future=False) == 0
    assert run(tmp_path / "later", future=True) == 0
    mine, theirs = (contents(tmp_path / f) for f in ("now", "later"))
    assert mine == theirs
    assert "absent" not in mine.values()
    empty = {"source_rejects", "customer_enrichment"}
    assert all(read(tmp_path / "now", n).height for n in TABLES if n not in empty)
    ledger = read(tmp_path / "later", "source_ledger")
    assert ledger.filter(pl.col("source") != "assets")["rows_later"].to_list() == [60] * 7


@pytest.mark.slow
def test_what_is_stored_is_what_the_ledger_says_was_kept(tmp_path):
    assert run(tmp_path, True, "fail_soft", crm_deals="d1,001,,soon,,", assets="x") == 0
    kept = dict(read(tmp_path, "source_ledger").select("source", "rows_kept").rows())
    for name in ("crm_contacts", "crm_deals", "do_not_contact", "rep_ownership", "surfacing_log"):
        assert kept[name] == read(tmp_path, name).height
    assert kept["assets"] == read(tmp_path, "fact_assets").height
    assert read(tmp_path, "source_rejects")["source"].to_list() == ["assets", "crm_deals"]


@pytest.mark.slow
def test_in_strict_mode_a_row_that_cannot_be_used_stops_its_table_with_a_clear_error(
    tmp_path, capsys
):
    assert run(tmp_path, False, crm_deals="d99,001,,soon,,") == 1
    told = capsys.readouterr().err
    assert "crm_deals_side.csv" in told
    assert "opened_date is unreadable" in told
    assert not stored(tmp_path, "crm_deals")


def test_a_setting_of_one_side_table_makes_it_and_the_intake_stale_and_nothing_else(world):
    path = world / "gosales.yaml"
    path.write_text(path.read_text().replace("stage: stage", "stage: null"))
    changed = Platform.of(load_settings(path))

    def current(name: str) -> bool:
        address = Address(name, day(CUTOFF))
        return not changed.freshness.changes(CONTRACTS[name], address)

    assert not current("crm_deals")
    assert not current(SOURCE_LEDGER.name)
    assert current("sales_log")
    assert current("do_not_contact")
    assert current("dim_customer")


def test_new_rows_of_a_side_table_make_it_and_what_reads_it_stale(world):
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    path = world / "do_not_contact_side.csv"
    path.write_text(path.read_text() + "0001,2023-05-05,,asked again\n")
    changes = {n: platform.freshness.changes(CONTRACTS[n], Address(n, day(CUTOFF))) for n in TABLES}
    assert {n for n, found in changes.items() if found} == {"do_not_contact", "source_rejects"}
