"""The surfacing log that an export writes, and reads back as a source."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.accounts.crm import CRM_TABLES, build_crm_table, read_crm
from gosales_assets.delivery.surfacing import surfaced_rows, write_surfacing
from gosales_resources.errors import SourceError
from gosales_resources.settings.accounts import SurfacingSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.cells import text
from gosales_resources.sources.digest import SourceDigests
from gosales_resources.sources.side_tables import read_raw
from tests.worlds.erp import row, write_world
from tests.worlds.lists import DAY, HOSTILE, list_of

EXPORTED = dt.date(2024, 7, 3)
(LOG,) = (table for table in CRM_TABLES if table.contract.name == "surfacing_log")


def rows_of(*customers: str) -> pl.DataFrame:
    table = list_of(*({"customer_id": c, "division": "simulation"} for c in customers))
    return surfaced_rows(table.lazy()).collect()


def write(folder, content: bytes, cutoff: dt.date = DAY) -> None:
    (folder / "exports" / f"{cutoff}").mkdir(parents=True, exist_ok=True)
    (folder / "exports" / f"{cutoff}" / "surfaced.parquet").write_bytes(content)


def settings_of(folder) -> Settings:
    settings = write_world(folder, [row()])
    update = {"surfacing_log": SurfacingSource(path="exports/*/surfaced.parquet")}
    source = settings.source.model_copy(update=update)
    return settings.model_copy(update={"source": source, "mode": "strict"})


def read_back(settings: Settings, cutoff: dt.date) -> pl.DataFrame:
    source = settings.source.surfacing_log
    assert source is not None
    raw = read_raw(source, settings.source_dir)
    return build_crm_table(LOG, read_crm(LOG, raw, settings), cutoff)


def test_ids_of_any_look_are_read_back_as_they_are(tmp_path):
    # As the reader of ids has them, in whatever source they came.
    hostile = pl.DataFrame({"id": HOSTILE}).select(text("id")).to_series()
    ids = hostile.drop_nulls().unique().to_list()
    settings = settings_of(tmp_path)
    write(tmp_path, write_surfacing(rows_of(*ids), DAY, EXPORTED)[0])
    found = read_back(settings, dt.date(2024, 12, 31))
    assert sorted(found["customer_id"]) == sorted(ids)
    assert set(found["surfaced_date"]) == {EXPORTED}


def test_a_second_export_doubles_nothing_and_keeps_the_day_of_the_first():
    one, count = write_surfacing(rows_of("0001", "0002"), DAY, EXPORTED)
    again, again_count = write_surfacing(rows_of("0001", "0002"), DAY, dt.date(2024, 8, 1), one)
    assert (again, again_count) == (one, count)


def test_what_a_list_made_anew_adds_has_its_own_day_and_what_was_told_stays():
    one, _ = write_surfacing(rows_of("0001", "0002"), DAY, EXPORTED)
    both, count = write_surfacing(rows_of("0002", "0003"), DAY, dt.date(2024, 8, 1), one)
    found = pl.read_parquet(both).select("customer_id", "surfaced_date").rows()
    later = dt.date(2024, 8, 1)
    assert found == [("0001", EXPORTED), ("0002", EXPORTED), ("0003", later)]
    assert count == 3


@pytest.mark.parametrize("today", ["2024-06-30", "2024-06-01", "2024-07-01"])
def test_a_list_is_surfaced_after_its_cutoff_and_is_not_itself_changed(tmp_path, today):
    settings = settings_of(tmp_path)
    before = read_back(settings, DAY)
    write(tmp_path, write_surfacing(rows_of("0001"), DAY, dt.date.fromisoformat(today))[0])
    assert read_back(settings, DAY).equals(before)
    assert read_back(settings, dt.date(2024, 7, 31)).height == 1


def test_a_late_export_does_not_reach_the_lists_before_it(tmp_path):
    settings = settings_of(tmp_path)
    write(tmp_path, write_surfacing(rows_of("0001"), DAY, dt.date(2025, 3, 1))[0])
    assert read_back(settings, dt.date(2024, 12, 31)).is_empty()
    assert read_back(settings, dt.date(2025, 3, 31)).height == 1


def test_two_lists_exported_on_one_day_are_read_in_strict_mode(tmp_path):
    settings, later = settings_of(tmp_path), dt.date(2024, 9, 30)
    for cutoff in (DAY, later):
        rows = rows_of("0001").with_columns(cutoff=pl.lit(cutoff))
        write(tmp_path, write_surfacing(rows, cutoff, dt.date(2024, 10, 2))[0], cutoff)
    assert read_back(settings, dt.date(2024, 12, 31)).height == 2


def test_the_first_export_is_seen_by_what_makes_tables_stale(tmp_path):
    settings = settings_of(tmp_path)
    digests = SourceDigests(settings)
    none_yet = digests.of("surfacing_log")
    write(tmp_path, write_surfacing(rows_of("0001"), DAY, EXPORTED)[0])
    assert digests.of("surfacing_log") != none_yet


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_by_another_hand_is_not_overwritten(content):
    with pytest.raises(SourceError, match="move it away"):
        write_surfacing(rows_of("0001"), DAY, EXPORTED, content)
