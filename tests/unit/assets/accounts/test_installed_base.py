"""The asset register as of a cutoff: what was there, since when, and what could not be read."""

import random
import statistics
from importlib.resources import files

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gosales.sample.company import generate
from gosales_assets.accounts import register
from gosales_assets.accounts.installed_base import build_fact_assets
from gosales_assets.accounts.intake import (
    build_source_ledger,
    build_source_rejects,
    mend_register,
    read_register,
    read_sources,
)
from gosales_checks.contracts.accounts import SOURCE_LEDGER, SOURCE_REJECTS
from gosales_checks.contracts.contract import conform, judge
from gosales_resources.errors import SourceError
from gosales_resources.settings.loading import load_settings
from tests.worlds.accounts import COLUMNS, assets_of, day, side_world

CUTOFF = "2024-02-29"


def asset(customer="001", bought="2023-05-01", rollup="CAD", item="Seat", expires="") -> str:
    return f"{customer},{item},{rollup},Solid Works,1,{bought},{expires},yes"


def test_an_asset_bought_on_the_cutoff_is_known_and_one_bought_the_day_after_is_not(tmp_path):
    settings = side_world(
        tmp_path, {"assets": [asset("a", "2024-02-29"), asset("b", "2024-03-01")]}
    )
    assert assets_of(settings, CUTOFF)["customer_id"].to_list() == ["a"]


def test_a_term_that_ends_after_the_cutoff_is_known_at_it(tmp_path):
    settings = side_world(tmp_path, {"assets": [asset(expires="2027-05-01")]})
    assert assets_of(settings, CUTOFF)["expiration_date"].to_list() == [day("2027-05-01")]


def test_an_unusable_date_becomes_the_median_of_its_rollup_as_known_at_the_cutoff(tmp_path):
    rows = [asset(bought=b) for b in ("2020-01-01", "2020-01-04", "2024-06-01", "", "1900-01-01")]
    rows += [asset(bought="2022-01-01", rollup="Sim"), asset(bought="", rollup="Sim")]
    frame = assets_of(side_world(tmp_path, {"assets": rows}), CUTOFF)
    imputed = frame.filter("is_purchase_date_imputed").sort("item_rollup")
    assert imputed["effective_purchase_date"].to_list() == [
        day("2020-01-02"), day("2020-01-02"), day("2022-01-01")
    ]  # fmt: skip
    assert frame.filter(~frame["is_purchase_date_imputed"]).height == 3


def test_a_rollup_without_a_date_takes_the_median_of_all(tmp_path):
    rows = [asset(bought="2020-01-01"), asset(bought="2021-01-01", rollup="Sim")]
    frame = assets_of(side_world(tmp_path, {"assets": [*rows, asset("x", "", "New")]}), CUTOFF)
    assert frame.filter(customer_id="x")["effective_purchase_date"].item() == day("2020-07-02")


def test_without_any_date_an_asset_waits_unless_the_register_says_when_it_was_recorded(tmp_path):
    columns = {"assets": [*COLUMNS["assets"], "recorded_at"]}
    rows = [f"{asset('a', '')},", f"{asset('b', '')},2024-02-01", f"{asset('c', '')},2024-03-01"]
    settings = side_world(tmp_path, {"assets": rows}, columns)
    found = assets_of(settings, CUTOFF)
    shown = found.select("customer_id", "effective_purchase_date", "is_purchase_date_imputed")
    assert shown.rows() == [("b", None, True)]
    ledger = build_source_ledger(read_sources(settings), day(CUTOFF))
    assert ledger.rows() == [("assets", 3, 1, 0, 2)]


def test_an_asset_recorded_after_the_cutoff_was_not_known_and_counts_in_no_median(tmp_path):
    columns = {"assets": [*COLUMNS["assets"], "recorded_at"]}
    rows = [f"{asset('a', '2020-01-01')},2020-02-01", f"{asset('b', '2010-01-01')},2024-03-01"]
    settings = side_world(tmp_path, {"assets": [*rows, f"{asset('c', '')},2020-05-05"]}, columns)
    found = assets_of(settings, CUTOFF).select("customer_id", "effective_purchase_date").rows()
    assert found == [("a", day("2020-01-01")), ("c", day("2020-01-01"))]


def test_what_comes_after_the_cutoff_changes_nothing(tmp_path):
    known = [asset(f"{n:03d}", f"2023-0{n % 9 + 1}-11", expires="2025-01-01") for n in range(20)]
    known += [asset("x", ""), asset("y", "1899-12-30", "Sim")]
    later = [asset("z", f"2024-0{n}-01") for n in range(3, 10)]
    one = side_world(tmp_path / "one", {"assets": known})
    two = side_world(tmp_path / "two", {"assets": [*later, *known, asset("001", "2031-01-01")]})
    assert assets_of(one, CUTOFF).equals(assets_of(two, CUTOFF))


def test_row_order_and_line_ends_change_nothing_and_leading_zeros_stay(tmp_path):
    rows = [asset(f"00{n}", f"2023-0{n}-11") for n in range(1, 9)] + [asset("001")] * 2
    one = side_world(tmp_path / "one", {"assets": rows})
    shuffled = random.Random(4).sample(rows, len(rows))
    two = side_world(tmp_path / "two", {"assets": shuffled}, line_end="\r\n")
    frame = assets_of(one, CUTOFF)
    assert frame.equals(assets_of(two, CUTOFF))
    assert frame.height == len(rows)
    assert frame["customer_id"][0] == "001"


BROKEN = {
    "blank id": (asset(" "), "customer_id is blank"),
    "no day": (asset(bought="31/31/2023"), "purchase_date is unreadable"),
    "no flag": (asset().replace(",yes", ",maybe"), "is_on_subscription is not yes or no: 'maybe'"),
    "no number": (asset().replace(",1,", ",many,"), "quantity is not a number: 'many'"),
    "negative": (asset().replace(",1,", ",-1,"), "quantity is below 0"),
    "division": (
        asset().replace("Solid Works", "Solidwork"),
        "division 'Solidwork' is not in divisions.names. Did you mean 'solid_works'?",
    ),
    "fields": ("1,2", "2 fields, expected 8"),
}


@pytest.mark.parametrize(("broken", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_row_that_cannot_be_used_is_an_error_in_strict_and_set_aside_in_fail_soft(
    tmp_path, broken, reason
):
    with pytest.raises(SourceError) as error:
        assets_of(side_world(tmp_path / "one", {"assets": [asset(), broken]}), CUTOFF)
    assert f"assets_side.csv, row 3: {reason}" in str(error.value)
    assert "fail_soft" in str(error.value)
    settings = side_world(tmp_path / "two", {"assets": [asset(), broken]}, mode="fail_soft")
    assert assets_of(settings, CUTOFF).height == 1
    rejects = build_source_rejects(read_sources(settings), day(CUTOFF))
    found = rejects.select("source", "source_file", "source_row", "reason").rows()
    assert found == [("assets", "assets_side.csv", 3, reason)]
    assert judge(SOURCE_REJECTS, conform(SOURCE_REJECTS, rejects.lazy()).collect()).passed


def test_strict_lists_the_findings_of_all_rows_and_cells_at_once(tmp_path):
    rows = [asset(" ", "soon"), asset().replace(",1,", ",many,")]
    with pytest.raises(SourceError) as error:
        assets_of(side_world(tmp_path, {"assets": rows}), CUTOFF)
    told = str(error.value)
    assert "2 row(s) cannot be used" in told
    assert "row 2: customer_id is blank; purchase_date is unreadable" in told
    assert "row 3: quantity is not a number: 'many'" in told


def test_a_renamed_column_is_one_clear_error_that_offers_the_nearest(tmp_path):
    settings = side_world(tmp_path, {"assets": [asset()]})
    path = tmp_path / "assets_side.csv"
    path.write_text(path.read_text().replace("purchase_date", "purchase_dat"))
    with pytest.raises(SourceError, match="Did you mean 'purchase_dat'"):
        assets_of(settings, CUTOFF)


@pytest.mark.parametrize("tables", [{}, {"assets": []}], ids=["no source", "no rows"])
def test_no_register_is_an_empty_table(tmp_path, tables):
    assert assets_of(side_world(tmp_path, tables), CUTOFF).is_empty()


DATES = st.sampled_from(["", "1900-01-01", "2019-03-31", "2021-06-30", "2024-02-29", "2024-03-01",
                         "2026-01-31", "garbage"])  # fmt: skip


@pytest.mark.slow
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(DATES, st.sampled_from(["CAD", "Sim", ""])), max_size=12))
def test_every_row_is_kept_rejected_or_later_and_medians_are_those_of_a_plain_loop(
    tmp_path_factory, drawn
):
    folder = tmp_path_factory.mktemp("w")
    rows = [asset(f"c{n}", bought, rollup) for n, (bought, rollup) in enumerate(drawn)]
    settings = side_world(folder, {"assets": rows}, mode="fail_soft")
    frame = assets_of(settings, CUTOFF)
    ledger = build_source_ledger(read_sources(settings), day(CUTOFF))
    assert judge(SOURCE_LEDGER, conform(SOURCE_LEDGER, ledger.lazy()).collect()).passed
    assert ledger.select("rows_in", "rows_kept").row(0) == (len(rows), frame.height)
    valid = [(day(b), r or "Seat") for b, r in drawn if b[:1] == "2" and b <= CUTOFF]
    for rollup, made in frame.filter("is_purchase_date_imputed").select(
        "item_rollup", "effective_purchase_date"
    ).rows():  # fmt: skip
        days = [b.toordinal() for b, r in valid if r == rollup] or [b.toordinal() for b, _ in valid]
        assert made.toordinal() == int(statistics.median(days))


def test_typed_parquet_columns_are_read_like_text(tmp_path):
    text = side_world(tmp_path / "text", {"assets": [asset("007"), asset("008", "")]})
    typed = pl.read_csv(tmp_path / "text" / "assets_side.csv", infer_schema=False).with_columns(
        pl.col("purchase_date", "expiration_date").replace("", None).str.to_date(),
        pl.col("quantity").cast(pl.Int32),
        is_on_subscription=pl.col("is_on_subscription") == "yes",
    )
    settings = side_world(tmp_path / "typed", {"assets": []})
    typed.write_parquet(tmp_path / "typed" / "assets.parquet")
    config = tmp_path / "typed" / "gosales.yaml"
    config.write_text(config.read_text().replace("assets_side.csv", "assets.parquet"))
    settings = load_settings(config)
    assert assets_of(settings, CUTOFF).equals(assets_of(text, CUTOFF))


def test_several_files_are_one_register_and_a_reject_names_its_own(tmp_path):
    settings = side_world(tmp_path, {"assets": [asset("a")]}, mode="fail_soft")
    first = tmp_path / "assets_side.csv"
    (tmp_path / "assets_side_2.csv").write_text(first.read_text() + asset(" ") + "\n")
    config = tmp_path / "gosales.yaml"
    config.write_text(config.read_text().replace("assets_side.csv", "assets_side*.csv"))
    settings = load_settings(config)
    assert assets_of(settings, CUTOFF)["customer_id"].to_list() == ["a", "a"]
    rejects = build_source_rejects(read_sources(settings), day(CUTOFF))
    assert rejects.select("source_file", "source_row").rows() == [("assets_side_2.csv", 3)]


def test_the_sample_companys_register_is_read_whole(tmp_path):
    company = generate(tmp_path / "data", "S", seed=11, customers=150)
    template = files("gosales.sample").joinpath("gosales.yaml").read_text()
    (tmp_path / "gosales.yaml").write_text(template)
    settings = load_settings(tmp_path / "gosales.yaml")
    assets = assets_of(settings, "2025-06-30")
    assert assets.height == company.asset_count
    imputed = assets.filter("is_purchase_date_imputed")
    assert 0 < imputed.height < assets.height * 0.05
    assert imputed["effective_purchase_date"].null_count() == 0


@pytest.fixture
def typed_blocks(monkeypatch) -> list[str]:
    """The files of the blocks that were typed, not remembered; blocks and parts are small."""
    seen, original = [], register.read_assets

    def watched(raw, *more):
        if raw.row_count:
            seen.append(raw.frame["__source_file"][0])
        return original(raw, *more)

    monkeypatch.setattr(register, "read_assets", watched)
    monkeypatch.setattr(register, "PART_ROWS", 7)
    monkeypatch.setattr("gosales_resources.sources.text.BLOCK_BYTES", 512)
    return seen


def drawn_assets(count: int) -> list[str]:
    draw = random.Random(count)
    dates = ["", "1900-01-01", "2019-03-31", "2021-06-30", "2022-02-01", "2030-01-01"]
    rows = [
        asset(f"{draw.randrange(30):03d}", draw.choice(dates), draw.choice(["CAD", "Sim", ""]))
        for _ in range(count)
    ]
    return [*rows, *rows[:9], *rows[:3]]


def test_blocks_and_parts_leave_the_table_as_it_is(tmp_path, request):
    settings = side_world(tmp_path / "one", {"assets": drawn_assets(90)})
    whole = assets_of(settings, CUTOFF)
    typed = request.getfixturevalue("typed_blocks")
    settings = side_world(tmp_path / "two", {"assets": drawn_assets(90)})
    assert assets_of(settings, CUTOFF).equals(whole)
    assert len(typed) > 5
    parts = [part.collect() for part in build_fact_assets(read_register(settings), day(CUTOFF))]
    assert len(parts) > 5
    assert sum(p["customer_id"].n_unique() for p in parts) == whole["customer_id"].n_unique()


def test_a_register_is_typed_once_and_anew_when_its_file_or_settings_change(tmp_path, typed_blocks):
    settings = side_world(tmp_path, {"assets": drawn_assets(40)})
    first = assets_of(settings, CUTOFF)
    typed_blocks.clear()
    assert assets_of(settings, CUTOFF).equals(first)
    assert not typed_blocks
    with (tmp_path / "assets_side.csv").open("a") as handle:
        handle.write(asset("new") + "\n")
    assert assets_of(settings, CUTOFF).height == first.height + 1
    assert typed_blocks
    later = settings.source.assets.model_copy(update={"min_purchase_date": day("2020-01-01")})
    source = settings.source.model_copy(update={"assets": later})
    imputed = assets_of(settings.model_copy(update={"source": source}), CUTOFF)
    assert imputed["is_purchase_date_imputed"].sum() > first["is_purchase_date_imputed"].sum()


def test_a_damaged_staged_register_is_made_again(tmp_path, typed_blocks):
    settings = side_world(tmp_path, {"assets": drawn_assets(40)})
    first = assets_of(settings, CUTOFF)
    (part,) = (settings.staging_root / "assets").rglob("part-1.parquet")
    part.write_bytes(part.read_bytes()[:-9])
    assert assets_of(settings, CUTOFF).equals(first)


@pytest.mark.parametrize("name", ["part-1.parquet", "days.parquet", "block.json"])
def test_a_damaged_staged_register_is_told_and_mended_where_its_table_is_current(
    tmp_path, typed_blocks, caplog, name
):
    settings = side_world(tmp_path, {"assets": drawn_assets(40)})
    assets_of(settings, CUTOFF)
    mend_register(settings)
    assert not caplog.records
    (path,) = (settings.staging_root / "assets").rglob(name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    left_over = settings.staging_root / "assets" / "older"
    left_over.mkdir()
    mend_register(settings)
    assert sum(str(path) in told and "damaged" in told for told in caplog.messages) == 1
    assert any(f"{left_over} is damaged" in told for told in caplog.messages)
    assert path.read_bytes() == whole
    assert not left_over.exists()


def test_a_reject_keeps_its_row_number_whatever_block_it_is_in(tmp_path, typed_blocks):
    rows = [*drawn_assets(40), "1,2", *drawn_assets(30), asset(" ")]
    settings = side_world(tmp_path, {"assets": rows}, mode="fail_soft")
    rejects = build_source_rejects(read_sources(settings), day(CUTOFF))
    assert rejects["source_row"].to_list() == [54, 97]
