"""Staging by content: what is new is read, what is known is not, and nothing else changes."""

import csv
import datetime as dt
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from gosales_assets.star.increments import StagedLog
from gosales_assets.star.typing import Typing
from gosales_checks.verdicts.ledger import ledger_breaches
from gosales_resources.errors import SettingsError, SourceError
from gosales_resources.settings.loading import load_settings, parse_overrides
from gosales_resources.settings.tree import Settings
from gosales_resources.sources import text
from tests.worlds.erp import HEADER, random_rows, row, write_world
from tests.worlds.staged_log import CUTOFFS, lines_of, messy_rows, read_log, rejects_of


def every_line(log: StagedLog) -> pl.DataFrame:
    return pl.concat(lines_of(log, cutoff) for cutoff in log.cutoffs)


@pytest.fixture
def typed_blocks(monkeypatch) -> list[str]:
    """The inputs of the blocks that were typed, not remembered."""
    seen, original = [], Typing.type_rows

    def watched(self, batches):
        seen.append(self.name)
        return original(self, batches)

    monkeypatch.setattr(Typing, "type_rows", watched)
    monkeypatch.setattr("gosales_resources.sources.text.BLOCK_BYTES", 8192)
    return seen


def append(path, rows: list[dict[str, str]]) -> None:
    with path.open("a", newline="", encoding="utf-8") as handle:
        csv.DictWriter(handle, HEADER, restval="").writerows(rows)


def test_a_second_reading_types_nothing_and_says_the_same(tmp_path, typed_blocks):
    settings = write_world(tmp_path, messy_rows())
    first = every_line(read_log(settings, tmp_path / "staging"))
    typed_blocks.clear()
    assert every_line(read_log(settings, tmp_path / "staging")).equals(first)
    assert typed_blocks == []


@pytest.mark.slow
def test_a_file_that_grew_costs_its_last_blocks(tmp_path, typed_blocks):
    rows = random_rows(300)
    settings = write_world(tmp_path, rows[:-20])
    read_log(settings, tmp_path / "staging")
    blocks = len(typed_blocks)
    typed_blocks.clear()
    append(tmp_path / "sales_log.csv", rows[-20:])
    grown = read_log(settings, tmp_path / "staging")
    assert blocks > 4 > len(typed_blocks) > 0
    whole = read_log(write_world(tmp_path / "whole", rows), tmp_path / "other")
    assert every_line(grown).equals(every_line(whole))


def test_a_file_that_grew_is_cut_into_records_only_where_it_grew(tmp_path, monkeypatch):
    cuts, original = [], text.cut_records

    def watched(content, *options):
        # The taxonomy is read by the same code.
        if b"2023" in content:
            cuts.append(len(content))
        return original(content, *options)

    monkeypatch.setattr(text, "cut_records", watched)
    monkeypatch.setattr(text, "BLOCK_BYTES", 8192)
    rows = random_rows(300)
    settings = write_world(tmp_path, rows[:-20])
    read_log(settings, tmp_path / "staging")
    before = len(cuts)
    cuts.clear()
    append(tmp_path / "sales_log.csv", rows[-20:])
    read_log(settings, tmp_path / "staging")
    assert before > 4 > len(cuts) > 0


def test_new_rows_change_the_digest_of_their_increment_alone(tmp_path):
    settings = write_world(tmp_path, random_rows(60))
    before = read_log(settings, tmp_path / "staging")
    append(
        tmp_path / "sales_log.csv",
        [row("x", "2024-02-11"), row("y", "2023-12-30", Posted="2024-03-01")],
    )
    after = read_log(settings, tmp_path / "staging")
    changed = [c for c in before.cutoffs if before.digest(c) != after.digest(c)]
    # The ledger of every later increment tells how far the file reaches: not before its last row.
    assert changed == [dt.date(2024, 3, 31)]


def test_another_meaning_of_a_sku_changes_the_digests_of_increments_that_sold_it(tmp_path):
    rows = [row("a", "2023-02-01"), row("b", "2023-05-01", CAD="", CAD_Qty="", Seats_Qty="1")]
    settings = write_world(tmp_path, rows)
    before = read_log(settings, tmp_path / "staging")
    path = tmp_path / "taxonomy.csv"
    path.write_text(path.read_text().replace("Seats,Simulation", "Seats,Scanning"))
    after = read_log(settings, tmp_path / "staging")
    changed = [c for c in before.cutoffs if before.digest(c) != after.digest(c)]
    assert changed == [CUTOFFS[1]]
    assert lines_of(after, CUTOFFS[1])["division"].to_list() == ["scanning"]


def test_a_sku_that_leaves_the_taxonomy_is_rejected_with_its_raw_row(tmp_path):
    settings = write_world(tmp_path, [row()])
    read_log(settings, tmp_path / "staging")
    path = tmp_path / "taxonomy.csv"
    path.write_text(path.read_text().replace("CAD,Solid Works,f,new\n", ""))
    rejects = rejects_of(read_log(settings, tmp_path / "staging"))
    assert rejects["reason"].to_list() == ["SKU 'CAD' is not in the taxonomy"]
    assert "$1,000.00" in rejects["raw"][0]


@pytest.mark.parametrize("chunk_lines", [1, 7, 50])
def test_how_many_days_are_taken_at_a_time_changes_nothing(tmp_path, chunk_lines):
    settings = write_world(tmp_path, messy_rows())
    whole = read_log(settings, tmp_path / "staging")
    parts = replace(whole, chunk_lines=chunk_lines, _surveys={}, known={})
    for cutoff in CUTOFFS:
        assert lines_of(parts, cutoff).equals(lines_of(whole, cutoff))
        assert parts.ledger(cutoff).equals(whole.ledger(cutoff))
        mine, theirs = (rejects_of(log, cutoff) for log in (parts, whole))
        assert mine.sort(pl.all()).equals(theirs.sort(pl.all()))


def with_corrections(settings: Settings, cells: list[tuple[str, str, str]]) -> Settings:
    path = settings.source_dir / "fixes.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("reject_id", "column", "value"), *cells])
    overrides = parse_overrides(["source.sales_log.corrections=fixes.csv"])
    return load_settings(settings.config_file, overrides)


def test_a_corrected_reject_is_loaded_as_if_the_source_had_said_so(tmp_path):
    settings = write_world(
        tmp_path, [row(), row("002", CAD="TBD"), row("003", CAD="TBD", Invoice="")]
    )
    rejected = rejects_of(read_log(settings, tmp_path / "staging"))
    assert rejected.height == 2
    name = rejected.filter(pl.col("source_row") == 3)["reject_id"].item()
    fixed = read_log(with_corrections(settings, [(name, "CAD", "12.50")]), tmp_path / "staging")
    as_said = read_log(
        write_world(tmp_path / "said", [row(), row("002", CAD="12.50")]), tmp_path / "o"
    )
    assert every_line(fixed).equals(every_line(as_said))
    assert rejects_of(fixed)["source_row"].to_list() == [4]


def test_a_misshapen_row_is_corrected_as_a_whole(tmp_path):
    settings = write_world(tmp_path, [row()])
    with (tmp_path / "sales_log.csv").open("a", newline="") as handle:
        handle.write("only,three,fields\r\n")
    (name,) = rejects_of(read_log(settings, tmp_path / "staging"))["reject_id"]
    good = row("009")
    text = ",".join(f'"{good.get(column, "")}"' for column in HEADER)
    fixed = read_log(with_corrections(settings, [(name, "*", text)]), tmp_path / "staging")
    assert every_line(fixed)["customer_id"].to_list() == ["001", "009"]
    assert rejects_of(fixed).is_empty()


def test_taking_a_correction_back_brings_the_reject_back(tmp_path):
    settings = write_world(tmp_path, [row("002", CAD="TBD")])
    (name,) = rejects_of(read_log(settings, tmp_path / "staging"))["reject_id"]
    read_log(with_corrections(settings, [(name, "CAD", "5")]), tmp_path / "staging")
    assert rejects_of(read_log(settings, tmp_path / "staging"))["reject_id"].to_list() == [name]


def test_a_correction_that_fits_no_row_is_told(tmp_path):
    settings, told = write_world(tmp_path, [row()]), []
    read_log(with_corrections(settings, [("0" * 16, "CAD", "5")]), tmp_path / "staging", told)
    assert [line for line in told if "1 correction(s) fit no rejected row" in line]


def test_a_correction_of_an_unknown_column_is_one_clear_error(tmp_path):
    settings = write_world(tmp_path, [row("002", CAD="TBD")])
    (name,) = rejects_of(read_log(settings, tmp_path / "staging"))["reject_id"]
    with pytest.raises(SourceError, match="Did you mean 'CAD'"):
        read_log(with_corrections(settings, [(name, "Cad", "5")]), tmp_path / "staging")


@pytest.mark.parametrize(
    "left", [None, b"", b"PAR1 and then nothing"], ids=["gone", "empty", "cut"]
)
def test_a_damaged_staged_block_is_read_again(tmp_path, left):
    settings = write_world(tmp_path, random_rows(20))
    first = every_line(read_log(settings, tmp_path / "staging"))
    for path in (tmp_path / "staging").rglob("lines.parquet"):
        path.unlink() if left is None else path.write_bytes(left)
    assert every_line(read_log(settings, tmp_path / "staging")).equals(first)


VERSIONS = ["source.sales_log.line_key=[invoice_id, sku]"]


def restated(folder, rows: list[dict[str, str]]) -> StagedLog:
    config = write_world(folder, rows).config_file
    return read_log(load_settings(config, parse_overrides(VERSIONS)), folder / "staging")


def test_a_restated_line_is_taken_back_and_entered_anew_where_it_became_known(tmp_path):
    first = row("a", "2023-02-01", Invoice="I-1", CAD="100")
    second = first | {"Posted": "2023-05-05", "CAD": "70"}
    log = restated(tmp_path, [first, second, row("b")])
    assert lines_of(log, CUTOFFS[0]).equals(lines_of(restated(tmp_path / "o", [first, row("b")])))
    columns = ["order_date", "gross_profit", "quantity", "is_reversal", "is_return"]
    day = dt.date(2023, 2, 1)
    assert lines_of(log, CUTOFFS[1]).select(columns).sort("is_reversal").rows() == [
        (day, Decimal(70), Decimal(1), False, False),
        (day, Decimal(-100), Decimal(-1), True, False),
    ]


def test_the_last_version_is_what_a_restated_line_sums_to(tmp_path):
    base = row("a", "2023-02-01", Invoice="I-1")
    days = ["2023-02-01", "2023-04-04", "2023-04-09", "2023-08-08"]
    versions = [base | {"Posted": d, "CAD": str(n * 11)} for n, d in enumerate(days, 1)]
    log = restated(tmp_path, [*versions[::-1], versions[1], row("b")])
    lines = every_line(log).filter(customer_id="a")
    assert lines["gross_profit"].sum() == Decimal(44)
    assert lines["is_reversal"].sum() == 3
    for cutoff in CUTOFFS:
        tables = (
            log.ledger(cutoff).lazy(),
            lines_of(log, cutoff).lazy(),
            rejects_of(log, cutoff).lazy(),
        )
        assert ledger_breaches(*tables) == {}


def test_lines_recorded_at_one_time_are_no_versions_of_each_other(tmp_path):
    twice = [row("a", Invoice="I-1", CAD="5"), row("a", Invoice="I-1", CAD="6")]
    assert every_line(restated(tmp_path, twice))["is_reversal"].to_list() == [False, False]


def test_a_line_key_without_a_recording_time_is_refused(tmp_path):
    config = write_world(tmp_path, [row()]).config_file
    overrides = parse_overrides([*VERSIONS, "source.sales_log.columns.recorded_at=null"])
    with pytest.raises(SettingsError, match=r"line_key needs columns\.recorded_at"):
        load_settings(config, overrides)


def test_a_route_to_a_division_that_is_not_there_is_refused(tmp_path):
    config = write_world(tmp_path, [row()]).config_file
    text = config.read_text().replace("division: Scanning", "division: Scaning")
    config.write_text(text)
    with pytest.raises(SettingsError, match="Did you mean 'Scanning'"):
        load_settings(config)
