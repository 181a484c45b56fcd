"""The label audit: a plain reading of the raw log says what the star phase says, and sees what differs."""

import datetime as dt
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from gosales_assets.labels.audit import audit_labels, windows_to_audit
from gosales_assets.labels.raw_log import read_plain_lines
from gosales_assets.labels.recount import AuditWindow, WindowCount, count_raw_log
from gosales_resources.settings.labels import LabelSettings
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from tests.worlds.erp import SETTINGS, random_rows, row, write_world
from tests.worlds.staged_log import read_anew, rejects_of

C, END = dt.date(2023, 3, 31), dt.date(2023, 9, 30)
LAST = dt.date(2024, 12, 31)
LOG = SETTINGS["source"]["sales_log"]


def world(folder: Path, rows: list[dict[str, str]], **log: object) -> Settings:
    return write_world(folder, rows, {"source": SETTINGS["source"] | {"sales_log": LOG | log}})


def plain(settings: Settings) -> Counter[tuple]:
    """Sum the plain reading: customer, day, SKU, division -> cents; a line of zero counts too."""
    found = Counter()
    for line in read_plain_lines(settings, lambda _: True):
        if line.recorded_at and line.recorded_at.date() > LAST:
            # In no increment yet.
            continue
        found[line.customer_id, line.day, line.sku, line.division] += line.cents
    return found


def loaded(settings: Settings, folder: Path) -> Counter[tuple]:
    """Sum what the star phase loads."""
    log, found = read_anew(settings, folder), Counter()
    for cutoff in log.cutoffs:
        for part in log.lines(cutoff):
            columns = ("customer_id", "order_date", "sku", "division", "gross_profit")
            for *key, usd in part.select(columns).rows():
                found[tuple(key)] += int((usd or 0) * 100)
    return found


MESS = [
    row("1", "2023-04-01", **{"CAD": "$1,234.50"}),
    row("1", "2023-04-01", **{"CAD": "$1,234.50"}),
    row("2", "04/02/2023", Posted="2023-04-02", **{"CAD": "(250.00)", "CAD_Qty": "-1"}),
    row("3", "2023-04-03", Currency="cad", Rate="1.35"),
    row("4", "2023-04-04", Currency="CAD"),
    row("5", "2023-04-05", **{"CAD": "TBD", "Sim GP": "9"}),
    row("6", "2023-04-06", Division="Scanning", **{"CAD": "", "CAD_Qty": "", "Seats_Qty": "3"}),
    row("7", "2023-04-07", **{"Scan": "77.77", "Scan_Qty": "1", "Sim GP": "1.5-", "Sim_Qty": "-1"}),
    row(" 8 ", "2023-04-08", **{"CAD": "USD 5"}),
    row("9", "31/31/2023", Posted="2023-04-09"),
    row("10", "2023-04-10", Invoice=" "),
    row("11", "2023-04-11", Posted="soon"),
    row("12", "1980-01-01", Posted="2023-04-12"),
    row("１３", "2023-04-13"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "log"),
    [
        (MESS, {}),
        (MESS, {"conversion": "multiply"}),
        (random_rows(60, seed=9), {}),
        ([row("1", "2023-04-01", **{"CAD": "1.234,50"})], {"decimal": ","}),
    ],
    ids=["a messy log", "rates the other way", "a random log", "decimal comma"],
)
def test_the_plain_reading_gives_the_lines_that_the_star_phase_loads(tmp_path, rows, log):
    settings = world(tmp_path, rows, **log)
    assert plain(settings) == loaded(settings, tmp_path)
    assert plain(settings)


def test_rows_of_other_days_are_passed_over_and_rows_that_go_over_lines_are_not_cut(tmp_path):
    # Told apart by their second line alone, which looks like a row of another day.
    long = [
        row("1", "2023-04-01", Customer=f'A\n1,B,{day},{day}\nC, 5" pipes')
        for day in ("2022-01-01", "2022-01-02")
    ]
    # Its second line would be a row of a day that is wanted.
    other = row("2", "2022-03-01", Rep="Ann\n7,B,2023-04-01,2023-04-01,I-7,Solid Works,Ann")
    rows = [*long, other, *random_rows(60, seed=9), row("9", "31/31/2023"), *MESS]
    settings = world(tmp_path, rows)
    every = list(read_plain_lines(settings, lambda _: True))
    wanted = {*sorted({line.day for line in every})[1::3], dt.date(2023, 4, 1)}
    found = list(read_plain_lines(settings, wanted.__contains__))
    assert found == [line for line in every if line.day in wanted]
    assert found[0] == found[1]


def test_an_ambiguous_date_is_no_date(tmp_path):
    formats = {"date_formats": ["%m/%d/%Y", "%d/%m/%Y"]}
    rows = [row("1", "01/02/2023", Posted=""), row("2", "13/02/2023", Posted="")]
    settings = world(tmp_path, rows, **formats)
    assert [key[:2] for key in plain(settings)] == [("2", dt.date(2023, 2, 13))]
    assert plain(settings) == loaded(settings, tmp_path)


def test_a_corrected_reject_counts_as_if_the_source_had_said_so(tmp_path):
    rows = [row("1", "2023-04-01"), row("2", "2023-04-02", **{"CAD": 'T"BD\\é'})]
    settings = world(tmp_path, rows)
    name = rejects_of(read_anew(settings, tmp_path), dt.date(2023, 6, 30))["reject_id"][0]
    fixes = f"reject_id,column,value\n{name},CAD,12.50\n"
    (tmp_path / "fixes.csv").write_text(fixes, encoding="utf-8")
    changed = {"source": {"sales_log": {"corrections": "fixes.csv"}}}
    settings = load_settings(tmp_path / "gosales.yaml", changed)
    assert plain(settings)["2", dt.date(2023, 4, 2), "CAD", "solid_works"] == 1250
    assert plain(settings) == loaded(settings, tmp_path)


@pytest.mark.parametrize(
    ("end", "cents"),
    [(dt.date(2023, 6, 30), 100_000), (dt.date(2023, 9, 30), 150_000)],
    ids=["the version known by then", "the later version"],
)
def test_of_a_restated_line_the_version_known_when_the_window_ended_counts(tmp_path, end, cents):
    key = ["customer_id", "invoice_id", "sku"]
    rows = [
        row("1", "2023-05-01", Posted="2023-05-02"),
        row("1", "2023-05-01", Posted="2023-07-02", **{"CAD": "1500"}),
        # Restated into another division's SKU is another line: both are there.
        row("1", "2023-05-01", Posted="2023-05-02", Invoice="other", **{"CAD": "", "Sim GP": "7"}),
    ]
    settings = world(tmp_path, rows, line_key=key)
    window = AuditWindow("solid_works", C, end)
    assert count_raw_log([window], settings)[window].cents == {"1": cents}


def test_a_window_is_netted_by_target_denylist_and_day_known(tmp_path):
    rows = [
        row("1", C.isoformat(), Posted="2023-04-01"),
        row("1", "2023-04-01"),
        row("1", END.isoformat(), Posted="2023-10-01", **{"CAD": "50"}),
        row("1", "2023-06-01", **{"CAD": "(1.00)", "CAD_Qty": "-1", "Sim GP": "8", "Seats_Qty": "1"}),
        row("2", "2023-10-01"),
    ]  # fmt: skip
    sets = {"sku_targets": {"Both": ["CAD", "Sim"]}}
    labels = {"denylist": ["Sim"]}
    tree = {"divisions": SETTINGS["divisions"] | sets}
    settings = write_world(tmp_path, rows, tree)
    windows = [AuditWindow(t, C, END) for t in ("both", "simulation", "solid_works")]
    sums = [dict(c.cents) for c in count_raw_log(windows, settings).values()]
    assert sums == [{"1": 100_700}, {"1": 800}, {"1": 99_900}]
    settings = load_settings(tmp_path / "gosales.yaml", {"labels": labels})
    sums = [dict(c.cents) for c in count_raw_log(windows, settings).values()]
    assert sums == [{"1": 99_900}, {"1": 0}, {"1": 99_900}]


def labels(**usd: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": list(usd), "net_value_window": list(usd.values())}
    ).with_columns(
        label=(pl.col("net_value_window") > 0).cast(pl.Int8),
        window_end=pl.lit(END),
        is_censored=pl.lit(value=False),
    )


COUNTED = WindowCount({"a": 1000, "b": 0, "stranger": 5}, {"a": 0, "b": 0, "stranger": 0})


def audited(table: pl.DataFrame, count: WindowCount = COUNTED, *, audit: bool = True) -> dict:
    windows = windows_to_audit(C, {"x": table})
    counts = dict.fromkeys(windows, count)
    return audit_labels(C, {"x": table}, counts, LabelSettings(audit=audit)).row(0, named=True)


def test_labels_that_the_raw_log_bears_out_agree_whoever_else_bought():
    found = audited(labels(a=10.0, b=0.0, c=0.0))
    assert found["status"] == "agrees"
    assert (found["positives"], found["positives_recounted"]) == (1, 1)


@pytest.mark.parametrize(
    ("table", "example"),
    [
        (labels(a=10.01, b=0.0), "a: 10.01 in labels, 10.00 in the raw log"),
        (labels(a=0.0, b=0.0), "a: 0.00 in labels, 10.00 in the raw log"),
        (labels(a=10.0, b=0.0, c=3.0), "c: 3.00 in labels, 0.00 in the raw log"),
        (labels(a=10.0).with_columns(label=pl.lit(0)), "a: 10.00 in labels, 10.00 in the raw log"),
    ],
    ids=["a cent", "a lost sale", "an invented sale", "a wrong label"],
)
def test_a_cent_or_a_label_that_differs_is_told_with_its_customer(table, example):
    found = audited(table)
    assert (found["status"], found["differing_customers"]) == ("differs", 1)
    assert found["example"] == example


def test_a_cent_that_depends_on_rounding_is_no_difference_and_two_are():
    count = replace(COUNTED, rounded={"a": 1})
    assert audited(labels(a=10.01), count)["status"] == "agrees"
    assert audited(labels(a=10.02), count)["status"] == "differs"


def test_what_cannot_be_compared_says_so():
    table = labels(a=10.0)
    assert audited(table.with_columns(is_censored=pl.lit(value=True)))["status"] == "censored"
    assert audited(table.clear())["status"] == "empty"
    assert audited(table, audit=False)["status"] == "off"


def test_the_log_is_read_once_for_all_windows_and_not_at_all_for_none(tmp_path, monkeypatch):
    settings = world(tmp_path, [row("1", "2023-04-01")])
    opened: list[str] = []
    real = Path.open
    monkeypatch.setattr(
        "gosales_assets.labels.raw_log.open",
        lambda path, *a, **k: opened.append(str(path)) or real(path, *a, **k),
        raising=False,
    )
    count_raw_log([], settings)
    assert json.dumps(opened) == "[]"
    count_raw_log([AuditWindow("solid_works", C, END), AuditWindow("simulation", C, END)], settings)
    assert len(opened) == 1
