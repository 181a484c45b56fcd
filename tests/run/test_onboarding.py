"""A new user with an export the project has never seen: inspect, check, materialize."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
import yaml

from gosales.cli.main import main
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.loading import load_settings
from gosales_resources.sources.files import open_inputs
from tests.run import exports

LOG = ["sales_log", "dim_product", "customer_enrichment", "fact_assets", "dim_customer_history",
       "dim_customer"]  # fmt: skip


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """Stand in an empty folder, as a user would in a terminal."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inspect(*arguments: str) -> int:
    return main(["source", "inspect", *arguments])


def settings() -> dict:
    return yaml.safe_load(Path("gosales.yaml").read_text(encoding="utf-8"))


def load_all() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Materialise the log over the whole calendar; return its lines and its ledger."""
    platform = Platform.of(load_settings("gosales.yaml"))
    cutoffs = platform.space.cutoffs()
    span = f"{cutoffs[0]}..{cutoffs[-1]}"
    assets = ",".join(LOG)
    assert (
        main(["materialize", "--config", "gosales.yaml", "--cutoffs", span, "--select", assets])
        == 0
    )
    stored = [
        [pl.read_parquet(platform.store.root / str(table) / f"cutoff={day}" / "part-0.parquet")
         for day in cutoffs] for table in ("sales_log", "sales_ledger")
    ]  # fmt: skip
    return pl.concat(stored[0]), pl.concat(stored[1])


@pytest.mark.slow
def test_a_german_export_in_cp1252_loads_without_a_line_written_by_hand(desk):
    exports.german(desk)
    assert inspect("Verkäufe.csv", "--customers", "Kunden.csv") == 0
    assert main(["config", "check", "--config", "gosales.yaml"]) == 0
    log = settings()["source"]["sales_log"]
    assert (log["encoding"], log["separator"], log["decimal"]) == ("cp1252", ";", ",")
    assert (log["date_formats"], log["home_currency"]) == (["%d.%m.%Y"], "EUR")
    assert log["columns"]["recorded_at"] == "Buchungsdatum"
    assert settings()["source"]["customers"]["numeric_attributes"] == ["Mitarbeiter"]
    lines, ledger = load_all()
    assert ledger["rows_rejected"].sum() == 0
    assert set(lines["customer_name"]) >= {"Müller & Söhne 1"}
    assert set(lines["revenue"].cast(pl.String)) == {
        "19.90", "39.80", "199.00", "1250.50", "2501.00", "12505.00",
    }  # fmt: skip


@pytest.mark.slow
def test_an_american_export_brings_its_own_taxonomy_and_its_returns(desk):
    exports.american(desk)
    assert inspect("sales.csv") == 0
    taxonomy = pl.read_csv("taxonomy.csv")
    assert dict(taxonomy.select("sku", "division").iter_rows())["WIPES"] == "Cleaners"
    assert settings()["divisions"]["names"] == ["Cleaners", "Gloves", "Masks"]
    lines, ledger = load_all()
    assert ledger["rows_rejected"].sum() == 0
    assert lines.filter("is_return").height > 0
    assert (lines.filter("is_return")["revenue"] < 0).all()
    assert lines["order_date"].min() >= dt.date(2021, 7, 1)


@pytest.mark.slow
def test_a_wide_export_asks_for_divisions_and_then_loads(desk, capsys):
    exports.wide(desk)
    assert inspect("orders.tsv") == 1
    assert "fill in the column division of taxonomy.csv" in capsys.readouterr().out
    assert main(["config", "check", "--config", "gosales.yaml"]) == 2
    filled = pl.read_csv("taxonomy.csv").with_columns(division=pl.lit("Furniture"))
    filled.write_csv("taxonomy.csv")
    assert inspect("orders.tsv", "--taxonomy", "taxonomy.csv", "--force") == 0
    log = settings()["source"]["sales_log"]
    assert (log["quantity_suffix"], log["amount"]) == (" Units", "revenue")
    assert log["aliases"]["Shelf: tall Revenue"] == "Shelf: tall"
    lines, ledger = load_all()
    assert ledger["rows_rejected"].sum() == 0
    assert set(lines["quantity"].cast(pl.Int64)) == {2}


def test_ambiguous_dates_are_asked_for_and_the_answer_completes_the_proposal(desk, capsys):
    exports.american(desk)
    frame = pl.read_csv("sales.csv", infer_schema=False)
    frame.filter(pl.col("Invoice Date").str.slice(3, 2).cast(int) <= 12).write_csv("few.csv")
    assert inspect("few.csv") == 1
    said = capsys.readouterr().out
    assert '--date-format "%d/%m/%Y"' in said or '--date-format "%m/%d/%Y"' in said
    assert settings()["source"]["sales_log"]["date_formats"] == []
    assert main(["config", "check", "--config", "gosales.yaml"]) == 2
    assert inspect("few.csv", "--date-format", "%m/%d/%Y", "--force") == 0
    assert settings()["calendar"]["start"] == dt.date(2021, 9, 30)


def test_settings_and_a_filled_in_taxonomy_are_not_overwritten(desk, capsys):
    exports.wide(desk)
    assert inspect("orders.tsv") == 1
    assert inspect("orders.tsv") == 2
    assert "--force" in capsys.readouterr().err
    Path("taxonomy.csv").write_text("sku,division\nDesk,Mine\n", encoding="utf-8")
    assert inspect("orders.tsv", "--force") == 2
    assert Path("taxonomy.csv").read_text(encoding="utf-8") == "sku,division\nDesk,Mine\n"


def test_a_late_byte_that_is_no_utf8_turns_the_encoding(desk):
    exports.american(desk)
    with Path("sales.csv").open("ab") as handle:
        handle.write(b'99999,12/30/2023,40001,"M\xfcller",Lee,N95,Masks,1,$5.00,$1.00,Net\r\n')
    assert inspect("sales.csv") == 0
    assert settings()["source"]["sales_log"]["encoding"] == "cp1252"


def test_a_currency_and_a_product_that_come_after_the_sample_are_not_missed(desk, capsys):
    exports.wide(desk)
    log = pl.read_csv("orders.tsv", separator="\t", infer_schema=False)
    is_last = pl.int_range(pl.len()) == pl.len() - 1
    log.with_columns(
        pl.when(is_last).then(pl.lit("CAD")).otherwise(pl.lit("USD")).alias("Currency"),
        pl.when(is_last).then(pl.lit("5")).alias("Sofa"),
    ).write_csv("late.csv")
    assert inspect("late.csv", "--rows", "100") == 1
    said = capsys.readouterr().out
    assert "TODO home_currency: USD, CAD occur" in said
    assert "TODO sku or ignored: empty in the sample and filled in 1 row(s)" in said
    assert "Sofa" not in settings()["source"]["sales_log"].get("ignored_columns", [])


def test_a_byte_that_cp1252_does_not_know_is_one_reject(desk):
    Path("log.csv").write_bytes(b"a,b\n1,\x80\n2,\x81\n3,x\n")
    (raw,) = open_inputs(FileSource(path="log.csv", encoding="cp1252"), desk)
    (block,) = raw.blocks()
    (batch,) = block.read()
    assert batch.frame["b"].to_list() == ["€", "x"]
    assert [bad.row for bad in batch.misshapen] == [1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a;b;a\n1;2;3\n", "twice"),
        (b"Sales report 2024\n\nDate,Customer,Item,Qty\n2024-01-01,1,2,3\n2024-01-02,1,2,3\n", "title"),
        (b"a,b\n", "no rows"),
        ("a,b\n1,2\n".encode("utf-16-le"), "UTF-16"),
    ],
    ids=["empty", "columns twice", "title lines", "no rows", "utf-16"],
)  # fmt: skip
def test_a_file_that_cannot_be_described_is_refused_with_its_reason(desk, capsys, content, reason):
    Path("log.csv").write_bytes(content)
    assert inspect("log.csv") == 2
    assert reason in capsys.readouterr().err
    assert not Path("gosales.yaml").exists()


def test_odd_headers_come_back_from_the_settings_as_they_are(desk):
    odd = ["Date", "=cmd|' /C calc'!A0", 'Kd"\n: #Nr', "sku", "Umsatz"]
    rows = [(f"2024-01-{n % 28 + 1:02d}", f"I{n}", f"{n % 9}", "-x", "1") for n in range(56)]
    pl.DataFrame(rows, schema=odd, orient="row").write_csv("log.csv")
    given = [f"customer_id={odd[2]}", f"invoice_id={odd[1]}"]
    assert inspect("log.csv", "--is", given[0], "--is", given[1]) == 1
    columns = settings()["source"]["sales_log"]["columns"]
    assert (columns["invoice_id"], columns["customer_id"]) == (odd[1], odd[2])


def test_a_taxonomy_that_inspection_wrote_is_renewed_and_an_edited_one_is_kept(desk, capsys):
    exports.american(desk)
    assert inspect("sales.csv", "--is", "source_division=Sales Rep") == 0
    assert "Lee" in Path("taxonomy.csv").read_text(encoding="utf-8")
    assert inspect("sales.csv", "--force") == 0
    edited = Path("taxonomy.csv").read_text(encoding="utf-8").replace("Masks", "Mine")
    Path("taxonomy.csv").write_text(edited, encoding="utf-8")
    assert inspect("sales.csv", "--force") == 2
    assert "never overwritten" in capsys.readouterr().err
    assert Path("taxonomy.csv").read_text(encoding="utf-8") == edited


def test_a_database_file_is_inspected_by_its_path(desk):
    exports.american(desk)
    frame = pl.read_csv("sales.csv", infer_schema=False)
    names = ", ".join(f'"{name}"' for name in frame.columns)
    with closing(sqlite3.connect("sales.sqlite")) as database:
        database.execute(f"create table lines ({names})")
        marks = ", ".join("?" * frame.width)
        database.executemany(f"insert into lines values ({marks})", frame.rows())
        database.commit()
    assert inspect("sales.sqlite") == 0
    assert settings()["source"]["sales_log"]["database"]["table"] == "lines"


def test_rows_that_the_reader_would_reject_are_told_before_exit_0(desk, capsys):
    exports.american(desk)
    with Path("sales.csv").open("ab") as handle:
        handle.write(b"Grand total,,,,,,,,$9.00,,\r\n")
    assert inspect("sales.csv") == 0
    assert "1 look like totals of a report" in " ".join(capsys.readouterr().out.split())


def test_cancelled_rows_are_left_out_by_the_answer_that_is_printed(desk, capsys):
    exports.american(desk)
    frame = pl.read_csv("sales.csv", infer_schema=False).with_row_index()
    voided = pl.when(pl.col("index") % 10 == 0).then(pl.lit("Void")).otherwise(pl.lit("Paid"))
    frame.drop("index").with_columns(frame.select(Status=voided)["Status"]).write_csv("status.csv")
    assert inspect("status.csv") == 1
    assert "--leave-out Status=Void or --keep Status" in capsys.readouterr().out
    assert main(["config", "check", "--config", "gosales.yaml"]) == 2
    assert inspect("status.csv", "--leave-out", "Status=Void", "--force") == 0
    assert settings()["source"]["sales_log"]["where"] == [
        {"column": "Status", "op": "!=", "value": "Void"}
    ]
