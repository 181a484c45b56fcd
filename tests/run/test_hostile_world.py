"""A world whose ids and names are hostile, through the whole graph: what the UI is given of it."""

import csv

import dagster as dg
import pytest

from gosales.cli.main import main
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from tests.run.worlds_run import OVERRIDES, materialize
from tests.worlds.erp import random_rows, write_world
from tests.worlds.markdown_page import HOSTILE, PARSER, harms

NAMES = [text for name, text in HOSTILE.items() if name != "long"]
KINDS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Every customer id ends in a hostile text, and some rows are rejects that say so."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = random_rows()
    for line in rows:
        text = NAMES[int(line["CompanyId"]) % len(NAMES)]
        line["CompanyId"] += f" {text}"
        line["Customer"] = line["Rep"] = f"{text} {line['Customer']}"
    rows += [{**rows[0], "Rec_Date": text, "Invoice": text} for text in NAMES]
    write_world(folder, rows, OVERRIDES)
    with (folder / "customers.csv").open("w", newline="", encoding="utf-8") as accounts:
        writer = csv.writer(accounts)
        writer.writerow(["id", "name", "industry", "employees"])
        ids = sorted({line["CompanyId"] for line in rows})
        writer.writerows([i, f"{i} Ltd", NAMES[n % len(NAMES)], n] for n, i in enumerate(ids))
    materialize(folder)
    return folder


def shown_texts(folder) -> list[str]:
    """Return all that the UI shows as Markdown of the runs of a world."""
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    with open_instance(platform) as instance:
        events = [
            record.event_log_entry.dagster_event.event_specific_data
            for kind in KINDS
            for record in instance.event_log_storage.get_event_records(dg.EventRecordsFilter(kind))
        ]
    data = [getattr(event, "materialization", event) for event in events]
    texts = [one.description or "" for one in data]
    values = (value for one in data for value in one.metadata.values())
    return texts + [v.value for v in values if isinstance(v, dg.MarkdownMetadataValue)]


def pictures(text: str) -> list[str]:
    children = [t for token in PARSER.parse(text) for t in token.children or []]
    return [str(t.attrs["src"]) for t in children if t.type == "image"]


@pytest.mark.slow
def test_nothing_that_is_shown_of_it_loads_links_or_forges(world):
    texts = shown_texts(world)
    sources = [source for text in texts for source in pictures(text)]
    assert sources
    assert {source[:22] for source in sources} == {"data:image/png;base64,"}
    found = {harm for text in texts if not pictures(text) for harm in harms(text)}
    assert found == set()
    assert any("evil.example" in text for text in texts)


@pytest.mark.slow
def test_nothing_that_is_printed_of_it_moves_the_cursor(world, capsys):
    config = ["--config", str(world / "gosales.yaml")]
    for table in ("whitespace", "dim_customer", "sales_log_rejects", "sales_log"):
        assert main(["show", table, *config, "--cutoff", "2024-06-30"]) == 0
    main(["status", *config])
    told = capsys.readouterr()
    assert "evil.example" in told.out
    unseen = {chr(n) for n in [*range(9), *range(11, 32), *range(127, 160)]} | set("\u202e\u2066")
    assert set(told.out + told.err) & unseen == set()
