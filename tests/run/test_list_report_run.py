"""The page of a list as a whole run makes it: the figures of the files beside it, the same twice."""

import csv
import datetime as dt
import io

import pytest

from gosales_assets.delivery.report import MOST_BYTES
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_resources.settings.loading import load_settings
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import random_rows, write_world
from tests.worlds.list_page import Markup

DAY = dt.date(2024, 6, 30)


@pytest.fixture(scope="module")
def files(finished):
    platform = Platform.of(load_settings(finished / "gosales.yaml"))
    both = (platform.read_bundle(contract, DAY) for contract in (LIST_EXPORTS, LIST_REPORT))
    return {name: content for files in both for name, content in files.items()}


def test_the_page_has_the_rows_of_the_csv_in_their_order_and_their_figures(files):
    page = Markup(files["list.html"].decode())
    told = list(csv.DictReader(io.StringIO(files["list.csv"].decode("utf-8-sig"))))
    assert len(page.listed) == len(told) > 0
    for row, line in zip(page.listed, told, strict=True):
        rank, customer, division, grade, chance, value, why, rep = row
        assert (rank, division, grade) == (line["Rank"], line["Division"], line["Grade"])
        assert line["Customer id"] in customer
        assert (why.split("|")[0], rep) == (line["Why"], line["Rep"] or rep)
        assert f"|{line['Chance within 6 months (%)']} %" in chance
        both = [line[f"Chance, {end} end (%)"] for end in ("low", "high")]
        assert chance.endswith(f"{both[0]} % to {both[1]} %") or both == ["", ""]
        money = value.replace(",", "").split("|")
        assert money[1:2] == [line[next(k for k in line if k.startswith("Expected value"))]]


def test_the_page_tells_of_its_models_and_data_and_of_what_moved(files):
    page = Markup(files["list.html"].decode())
    for told in (
        "The whole card of Simulation",
        "The sales log, file by file",
        "Since the last list",
    ):
        assert told in page.text or told in page.tables, told
    made = {row[0].split("[")[0] for row in page.tables["What this page was made from"][1:]}
    assert {"whitespace", "list_movement", "model_card", "drift", "sales_ledger"} <= made
    assert len(files["list.html"]) < MOST_BYTES


@pytest.mark.slow
def test_without_what_is_told_beside_it_the_list_has_its_page_and_says_so(tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES)
    asked = ("--select", "list_report", "--upstream")
    assert materialize(tmp_path, *asked, cutoffs=f"{DAY}") == 0
    platform = Platform.of(load_settings(tmp_path / "gosales.yaml"))
    first = stored(tmp_path, "list_report")
    page = Markup(platform.read_bundle(LIST_REPORT, DAY)["list.html"].decode())
    assert "No model card is stored for this date" in page.text
    assert page.listed
    assert materialize(tmp_path, *asked, "--rebuild", cutoffs=f"{DAY}") == 0
    assert stored(tmp_path, "list_report") == first
