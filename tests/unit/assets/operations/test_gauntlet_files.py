"""Worlds whose sources are no plain CSV: later rows are edited there too, in the types that they have."""

import csv
import datetime as dt
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from gosales_assets.operations.gauntlet.worlds import altered_after, cut_at, make_world
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW
from tests.worlds.erp import random_rows, write_world
from tests.worlds.text_files import PACKERS

CUTOFF = dt.date(2024, 3, 31)
KINDS = {
    "day": pl.Date(), "moment": pl.Datetime("us"), "told": pl.Datetime("ms", "Europe/Berlin"),
    "text": pl.String(),
}  # fmt: skip


@pytest.fixture(params=KINDS)
def settings(request, tmp_path):
    """Write the small world with its log as Parquet, its dates of one type."""
    world = write_world(tmp_path, random_rows(300))
    text = world.source_dir / world.source.sales_log.path
    return world, text, KINDS[request.param]


def test_later_rows_of_parquet_are_cut_and_altered_in_the_types_of_the_file(settings, tmp_path):
    world, text, kind = settings
    log = world.source.sales_log
    plain = pl.read_csv(text, infer_schema=False)
    names = [n for n in (log.columns.order_date, log.columns.recorded_at) if n]
    parsed = {n: pl.col(n).str.to_date(log.date_formats[0], strict=False) for n in names}
    typed = plain if kind == pl.String else plain.with_columns(
        day.cast(kind).alias(name) for name, day in parsed.items()
    )  # fmt: skip
    late = pl.max_horizontal(*parsed.values()) > CUTOFF
    path = text.with_suffix(".parquet")
    typed.write_parquet(path)
    text.unlink()
    changed = with_log(world, path)
    made = {}
    for name, edit in {"cut": cut_at(CUTOFF), "other": altered_after(CUTOFF, 7)}.items():
        one = make_world(changed, tmp_path / name, edit)
        assert "sales_log" in one.edited, one.as_they_are
        made[name] = pl.read_parquet(next((tmp_path / name).rglob(path.name)))
        assert made[name].schema == typed.schema
    known = typed.filter(plain.select(~late).to_series())
    assert 0 < known.height < typed.height
    assert made["cut"].equals(known)
    assert made["other"].head(known.height).equals(known), "what was known is as it was"
    rest = made["other"].slice(known.height)
    assert rest.height
    assert not rest.equals(typed.filter(plain.select(late).to_series()))


def with_log(world: Settings, path: Path) -> Settings:
    """Return the settings with the log in another file of its folder."""
    log = world.source.sales_log.model_copy(
        update={"path": path.relative_to(world.source_dir).as_posix()}
    )
    source = world.source.model_copy(update={"sales_log": log})
    return world.model_copy(update={"source": source})


def as_zst(text: Path) -> Path:
    path = text.with_suffix(".csv.zst")
    path.write_bytes(PACKERS[".zst"](text.read_bytes()))
    return path


def as_workbook(text: Path) -> Path:
    """Write a workbook with a title above, days as days and ids as texts."""
    path, book = text.with_suffix(".xlsx"), openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sales"
    book.create_sheet("Notes")["A1"] = "none"
    with text.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    days = {at for at, name in enumerate(header) if name in ("Rec_Date", "Posted")}
    sheet.append([])
    sheet.append(header)
    for row in rows:
        cells = [as_day(cell) if at in days else cell or None for at, cell in enumerate(row)]
        sheet.append(cells)
    book.save(path)
    return path


def as_day(cell: str) -> dt.datetime | str | None:
    try:
        return dt.datetime.fromisoformat(cell)
    except ValueError:
        return cell or None


@pytest.mark.parametrize("write", [as_zst, as_workbook])
def test_later_rows_of_packed_text_and_of_workbooks_are_cut_and_altered(write, tmp_path):
    world = write_world(tmp_path, random_rows(60))
    text = world.source_dir / world.source.sales_log.path
    written = write(text)
    changed = with_log(world, written)
    whole = rows_read(changed.source.sales_log, written)
    made = {}
    for name, edit in {"cut": cut_at(CUTOFF), "other": altered_after(CUTOFF, 7)}.items():
        one = make_world(changed, tmp_path / name, edit)
        assert "sales_log" in one.edited, one.as_they_are
        copy = next((tmp_path / name).rglob(written.name))
        made[name] = rows_read(one.settings.source.sales_log, copy)
    late = [
        max(row["Rec_Date"], row["Posted"] or "")[:10] > str(CUTOFF)
        for row in pl.read_csv(text, infer_schema=False).rows(named=True)
    ]
    known = whole.filter(~pl.Series(late))
    assert 0 < known.height < whole.height
    assert made["cut"].equals(known)
    assert made["other"].head(known.height).equals(known), "what was known is as it was"
    assert made["other"].height > known.height
    assert not made["other"].slice(known.height).equals(whole.filter(pl.Series(late)))


def rows_read(source: FileSource, path: Path) -> pl.DataFrame:
    """Read a source as a run does."""
    (raw,) = open_inputs(source, path.parent)
    frames = [batch.frame for block in raw.blocks() for batch in block.read()]
    return pl.concat(frames).drop(ROW)
