"""Whatever names and cells say, what the UI and the terminal are given shows it and does nothing."""

import dataclasses
import datetime as dt
import io

import dagster as dg
import polars as pl
import pytest

from gosales.cli.show import write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.enrichment.assets import coverage_metadata
from gosales_assets.enrichment.build import no_tables
from gosales_assets.features.assets import schema_of
from gosales_assets.features.declaration import Feature
from gosales_assets.labels.assets import show_audit, show_prevalence
from gosales_assets.models.shown import summarise_drivers
from gosales_assets.platform.descriptions import Described
from gosales_assets.platform.pictures import embedded
from gosales_assets.rendering.plots import plot_families, plot_validation
from gosales_assets.whitespace.assets import summarise_list
from gosales_checks.contracts.features import CUSTOMER_FEATURES
from gosales_checks.findings import Examined
from gosales_checks.partition_checks import partition_check
from gosales_resources.markdown import LONGEST, visible
from tests.worlds.erp import row, write_world
from tests.worlds.markdown_page import HOSTILE, cells, harms, tokens

DAY = dt.date(2024, 6, 30)
hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def shown(text: str) -> str:
    return visible(text, LONGEST).strip()


def judged(examined: Examined, key: str = "2024-06-30|cad") -> dg.AssetCheckEvaluation:
    """Judge one partition of an asset in a run of its own, as the platform does."""
    divisions = dg.StaticPartitionsDefinition([key])

    @dg.asset(partitions_def=divisions)
    def sales() -> None: ...

    severity = dg.AssetCheckSeverity.ERROR
    check = partition_check(
        "sales", "good", "", divisions, lambda _: examined, lambda _: "0", blocking=True, severity=severity
    )  # fmt: skip
    run = dg.materialize([sales, check], partition_key=key, raise_on_error=False)
    return run.get_asset_check_evaluations()[0]


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_findings_and_notes_of_a_check():
    findings = {text: number for number, text in enumerate(HOSTILE.values(), start=1)}
    told = judged(Examined(findings, note="".join(HOSTILE.values())))
    head, *rows = cells(told.metadata["findings"].value)
    assert head == ["cutoff", "division", "finding", "rows"]
    key = ["2024-06-30", "cad"]
    assert rows == [[*key, shown(text), str(number)] for text, number in findings.items()]
    assert harms(told.metadata["notes"].value) == harms(told.description) == []
    assert "](" not in told.description


@hostile
def test_the_top_of_the_list(text):
    frame = pl.DataFrame(
        {"rank": [1], "customer_id": [text], "customer_name": [text], "rep": [text],
         "division": ["cad"], "division_name": [text], "grade": ["A"], "p_icp": [0.5],
         "p_low": [0.4], "p_high": [0.6], "ev": [None], "nba_reason": [text], "is_selected": [True]}
    )  # fmt: skip
    told = summarise_list(frame)
    who, why = (told[name].value for name in ("top_of_the_list", "top_of_the_list_and_why"))
    assert harms(who) == harms(why) == harms(told["reasons"].value) == []
    (row,) = cells(who)[1:] or [["1", *[""] * 3, "A", "50.0 %", ""]]
    assert (row[0], *row[4:]) == ("1", "A", "50.0 %", "")
    (row,) = cells(why)[1:]
    said = shown(text)
    assert row == ["1", said, said, said, said, "50.0 % (40.0 % to 60.0 %)", said]


@hostile
def test_names_that_no_company_was_found_for(text):
    nothing = no_tables()
    columns = {
        name: [text] if kind == pl.String else [None]
        for name, kind in nothing.unmatched.schema.items()
    }
    frame = pl.DataFrame(columns, schema=nothing.unmatched.schema)
    told = coverage_metadata(dataclasses.replace(nothing, unmatched=frame))
    assert len(cells(told["worst_unmatched"].value)) == 2
    assert harms(told["worst_unmatched"].value) == []


@hostile
def test_shares_of_buyers_and_differing_labels(text):
    prevalence = pl.DataFrame(
        {"division": [text], "cohort": ["all"], "population": [2], "positives": [1],
         "prevalence_frac": [0.5], "window_months": [6], "is_censored": [False]}
    )  # fmt: skip
    told = show_prevalence(prevalence)["prevalence"]
    assert cells(told.value)[1:] == [[shown(text), "all", "2", "1", "0.5000", "6"]]
    audit = pl.DataFrame(
        {"status": ["differs"], "division": ["cad"], "differing_customers": [1], "example": [text]}
    )
    assert harms(show_audit(audit)["differences"].value) == harms(told.value) == []


@hostile
def test_the_strongest_inputs(text):
    drivers = pl.DataFrame({"status": ["used"], "input": [text], "shap_mean_abs": [0.5]})
    told = summarise_drivers(drivers)["strongest"].value
    assert harms(told) == []
    assert [t.type for t in tokens(told)].count("list_item_open") == 1


@hostile
def test_the_description_of_a_feature(tmp_path, text):
    described = Described(CUSTOMER_FEATURES, write_world(tmp_path, [row()]))
    feature = Feature("rfm", "all", "x", "asof", pl.lit(1), pl.Int64(), text, text)
    schema = schema_of(described, [feature])["dagster/column_schema"]
    assert harms(schema.columns[-1].description) == []


@hostile
def test_pictures(text):
    told = embedded(b"", text).value
    assert [t.type for t in tokens(told)].count("image") == 1
    assert plot_validation([0.1], [0.1], [0.0], [0.2], [0.5, 1.0], text)
    assert plot_families([text], {text: [[0.0], [0.5], [1.0]], "b": [[0.0], [0.5], [1.0]]}, text)


@hostile
def test_what_is_printed(text, capsys):
    frame = pl.DataFrame({"id": [text], "other": [[text]]})
    print_frame(frame.rename({"other": visible(text, 20) + "\x1b"}))
    write(frame.select("id").lazy(), "table", None)
    tell(text)
    say(text)
    told = capsys.readouterr()
    assert not set(told.out + told.err) & {
        chr(n) for n in [*range(9), *range(11, 32), *range(127, 160)]
    }
    assert not set(told.out + told.err) & set("\u202e\u2066\u2028")


def test_a_line_end_in_a_cell_is_no_line_of_its_own(capsys):
    print_frame(pl.DataFrame({"id": ["a\nb", "c"]}))
    one = capsys.readouterr().out
    print_frame(pl.DataFrame({"id": ["a b", "c"]}))
    assert one == capsys.readouterr().out


@pytest.mark.parametrize("form", ["csv", "json"])
def test_for_a_program_cells_are_as_they_are_and_for_a_terminal_spelt_out(monkeypatch, form):
    frame = pl.DataFrame({"id": ["\x9b31mred\u202e"]}).lazy()
    for is_terminal, expected in ((False, "\x9b31mred\u202e"), (True, "\\x9b31mred\\u202e")):
        out = io.StringIO()
        out.isatty = lambda is_it=is_terminal: is_it
        monkeypatch.setattr("sys.stdout", out)
        write(frame, form, None)
        assert expected in out.getvalue()
