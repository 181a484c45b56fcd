"""Worlds whose sources are Parquet: later rows are edited there too, and columns keep their types."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.operations.gauntlet.worlds import altered_after, cut_at, make_world
from tests.worlds.erp import random_rows, write_world

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
    changed = world.model_copy(update={"source": world.source.model_copy(update={
        "sales_log": log.model_copy(update={"path": log.path.replace(".csv", ".parquet")})
    })})  # fmt: skip
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
