"""The star phase on raw rows: nothing lost, nothing guessed, the same for any row order."""

import random
from decimal import Decimal

import polars as pl
import pytest

from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.star import SALES_LEDGER
from gosales_checks.verdicts.ledger import ledger_breaches
from gosales_resources.errors import SourceError
from gosales_resources.partitions.space import PartitionSpace
from tests.worlds.erp import SETTINGS, random_rows, row, write_world
from tests.worlds.staged_log import CUTOFFS, lines_of, messy_rows, read_anew, rejects_of


def test_a_wide_row_becomes_one_line_for_each_filled_pair(tmp_path):
    filled = row(
        **{"Sim GP": "(50.25)", "Sim_Qty": "-1", "Scan": "0", "Scan_Qty": "0", "Seats_Qty": "3"}
    )
    lines = lines_of(read_anew(write_world(tmp_path, [filled]), tmp_path))
    found = lines.sort("sku").select("sku", "quantity", "gross_profit", "is_return").rows()
    assert found == [
        ("CAD", Decimal(1), Decimal(1000), False),
        ("Seats", Decimal(3), None, False),
        ("Sim", Decimal(-1), Decimal("-50.25"), True),
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"CompanyId": "  "}, "CompanyId is blank"),
        ({"Rec_Date": "31/31/2023", "Posted": "2023-02-01"}, "Rec_Date is unreadable"),
        ({"Rec_Date": "", "Posted": ""}, "Rec_Date is blank"),
        ({"Posted": "soon"}, "Posted is unreadable or ambiguous"),
        ({"Rec_Date": "1980-01-01", "Posted": "2023-02-01"}, "Rec_Date before 1990-01-01"),
        ({"CAD": "TBD"}, "CAD is not a number: 'TBD'"),
        ({"Currency": "CAD"}, "conversion rate is missing or unreadable"),
        ({"Currency": "CAD", "Rate": "-1"}, "conversion rate is not positive"),
        ({"CAD": "", "CAD_Qty": "0"}, "no amount and no quantity"),
        ({"Invoice": ""}, "Invoice is blank"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_broken_row_is_rejected_with_its_reason_and_raw_values(tmp_path, broken, reason):
    log = read_anew(write_world(tmp_path, [row(), row("002", **broken)]), tmp_path)
    rejects = rejects_of(log)
    assert rejects.select("source_row", "reason").rows() == [(3, reason)]
    assert '"Solid Works"' in rejects["raw"][0]
    assert lines_of(log).height == 1


def test_an_unknown_sku_rejects_its_line_and_keeps_the_rest_of_the_row(tmp_path):
    settings = write_world(tmp_path, [row(**{"Scan": "5", "Scan_Qty": "1"})])
    taxonomy = (tmp_path / "taxonomy.csv").read_text().replace("Scan,Scanning,f,new\n", "")
    (tmp_path / "taxonomy.csv").write_text(taxonomy)
    log = read_anew(settings, tmp_path)
    assert lines_of(log)["sku"].to_list() == ["CAD"]
    assert rejects_of(log).select("line", "reason").rows() == [
        ("Scan", "SKU 'Scan' is not in the taxonomy")
    ]


def test_a_row_belongs_to_the_first_cutoff_that_knew_it(tmp_path):
    late = row(day="2023-03-30", Posted="2023-04-02")
    on_the_day = row("002", day="2023-03-31", Posted="2023-03-31")
    log = read_anew(write_world(tmp_path, [late, on_the_day]), tmp_path)
    assert lines_of(log, CUTOFFS[0])["customer_id"].to_list() == ["002"]
    assert lines_of(log, CUTOFFS[1])["customer_id"].to_list() == ["001"]


@pytest.mark.parametrize(
    ("later", "through"),
    [
        ([], "2023-03-20"),
        (["2023-06-29"], "2023-06-29"),
        (["2023-12-05"], "2023-06-30"),
        (["2025-05-01"], "2023-06-30"),
        (["2099-01-01"], "2023-03-20"),
    ],
    ids=["nothing", "before the cutoff", "after a quiet quarter", "after the calendar", "a slip"],
)
def test_the_log_covers_a_quiet_cutoff_where_later_rows_show_that_it_goes_on(
    tmp_path, later, through
):
    rows = [row(day="2023-03-20"), *(row("002", day=day) for day in later)]
    ledger = read_anew(write_world(tmp_path, rows), tmp_path).ledger(CUTOFFS[1])
    assert ledger["log_through"].cast(pl.String).to_list() == [through]


def test_exact_copies_are_counted_once_and_left_out(tmp_path):
    log = read_anew(write_world(tmp_path, [row(), row("002"), row(), row()]), tmp_path)
    ledger = log.ledger(CUTOFFS[0]).row(0, named=True)
    assert lines_of(log).height == 2
    assert (ledger["rows_in"], ledger["rows_loaded"], ledger["rows_duplicate"]) == (4, 2, 2)
    assert ledger["gross_profit_duplicate"] == Decimal(2000)


def test_foreign_amounts_are_converted_with_the_rate_of_their_row(tmp_path):
    lines = lines_of(read_anew(write_world(tmp_path, [row(Currency="cad", Rate="1.35")]), tmp_path))
    found = lines.select("gross_profit", "gross_profit_source").row(0)
    assert found == (Decimal("740.74"), Decimal(1000))


def test_a_sku_is_routed_by_the_division_of_the_source(tmp_path):
    seats = {"CAD": "", "CAD_Qty": "", "Seats_Qty": "1"}
    rows = [row(Division="scanning", **seats), row("002", **seats)]
    lines = lines_of(read_anew(write_world(tmp_path, rows), tmp_path))
    assert lines.sort("customer_id")["division"].to_list() == ["scanning", "simulation"]


def test_the_ledger_reconciles_with_what_is_stored_at_every_cutoff(tmp_path):
    settings = write_world(tmp_path, messy_rows())
    log = read_anew(settings, tmp_path)
    for cutoff in PartitionSpace(settings).cutoffs():
        tables = (
            log.ledger(cutoff).lazy(),
            lines_of(log, cutoff).lazy(),
            rejects_of(log, cutoff).lazy(),
        )
        assert ledger_breaches(*tables) == {}
        assert judge(SALES_LEDGER, conform(SALES_LEDGER, tables[0]).collect()).passed


def test_the_ledger_accounts_for_every_row_of_the_file(tmp_path):
    rows = messy_rows()
    settings = write_world(tmp_path, rows)
    log = read_anew(settings, tmp_path)
    ledgers = pl.concat([log.ledger(c) for c in PartitionSpace(settings).cutoffs()])
    assert ledgers["rows_in"].sum() + log.waiting_count == len(rows)
    posted_later = sum(raw["Posted"] > "2024-12-31" for raw in rows if raw["Posted"] != "n/a")
    assert log.waiting_count == posted_later > 0


def test_the_ledger_check_sees_a_lost_line_and_a_lost_cent(tmp_path):
    log = read_anew(write_world(tmp_path, messy_rows()), tmp_path)
    ledger, rejects = log.ledger(CUTOFFS[0]).lazy(), rejects_of(log).lazy()
    short = lines_of(log).head(-1).lazy()
    assert "lines stored in sales_log are not lines_loaded + lines_reversal" in ledger_breaches(
        ledger, short, rejects
    )
    cent = lines_of(log).with_columns(pl.col("gross_profit_source") + pl.lit(Decimal("0.01")))
    assert list(ledger_breaches(ledger, cent.lazy(), rejects)) == [
        "gross_profit in + reversal is not gross_profit loaded + rejected + duplicate + left out"
    ]


@pytest.mark.parametrize("line_end", ["\r\n", "\n"], ids=["windows", "unix"])
def test_row_order_and_line_ends_change_nothing(tmp_path, line_end):
    rows = random_rows(40)
    shuffled = random.Random(5).sample(rows, len(rows))
    one = read_anew(write_world(tmp_path / "one", rows), tmp_path)
    two = read_anew(write_world(tmp_path / "two", shuffled, line_end=line_end), tmp_path)
    for cutoff in CUTOFFS:
        assert lines_of(one, cutoff).equals(lines_of(two, cutoff))


def test_a_batch_boundary_changes_nothing(tmp_path, monkeypatch):
    settings = write_world(tmp_path, messy_rows())
    whole = read_anew(settings, tmp_path)
    monkeypatch.setattr("gosales_resources.sources.text.BLOCK_BYTES", 4096)
    parts = read_anew(settings, tmp_path)
    for cutoff in CUTOFFS:
        assert lines_of(whole, cutoff).equals(lines_of(parts, cutoff))
        assert rejects_of(whole, cutoff).equals(rejects_of(parts, cutoff))


def test_a_misshapen_row_is_a_reject_with_its_number_and_text(tmp_path):
    settings = write_world(tmp_path, [row(), row("002")])
    path = tmp_path / "sales_log.csv"
    path.write_bytes(path.read_bytes().replace(b"\r\n002", b"\r\n1,2,3\r\n002"))
    log = read_anew(settings, tmp_path)
    # Nothing says when it was: it is booked where the file ends.
    assert rejects_of(log).select("source_row", "reason", "raw").rows() == [
        (3, "3 fields, expected 16", "1,2,3")
    ]
    assert lines_of(log).height == 2


def test_a_row_that_is_no_text_is_a_reject_and_the_others_are_loaded(tmp_path):
    settings = write_world(tmp_path, [row(), row("002"), row("003")])
    path = tmp_path / "sales_log.csv"
    path.write_bytes(path.read_bytes().replace(b"Name 002", b"Name \xff02"))
    log = read_anew(settings, tmp_path)
    assert lines_of(log)["customer_id"].to_list() == ["001", "003"]
    ((number, reason, raw),) = rejects_of(log).select("source_row", "reason", "raw").rows()
    assert (number, reason) == (3, "not utf8 text at byte 13")
    assert "Name \\xff02" in raw


def test_a_quote_that_never_ends_costs_its_row_alone(tmp_path):
    settings = write_world(tmp_path, [row(f"{n:03d}") for n in range(50)])
    path = tmp_path / "sales_log.csv"
    path.write_bytes(path.read_bytes().replace(b"\r\n007,", b'\r\n"007,'))
    log = read_anew(settings, tmp_path)
    assert lines_of(log).height == 49
    assert rejects_of(log)["source_row"].to_list() == [9]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CompanyId", "CompanyID", "Did you mean 'CompanyID'"),
        ("Sim GP", "Sim_GP", "Did you mean 'Sim_GP'"),
        ("Seats_Qty", "Rep", "named twice"),
        ("CompanyId", "Company\udcff", "is not utf8"),
    ],
    ids=["renamed", "alias", "twice", "encoding"],
)
def test_a_wrong_file_is_one_clear_error(tmp_path, old, new, message):
    settings = write_world(tmp_path, [row()])
    path = tmp_path / "sales_log.csv"
    path.write_bytes(
        path.read_bytes().replace(old.encode(), new.encode("utf-8", "surrogateescape"), 1)
    )
    with pytest.raises(SourceError, match=message) as error:
        read_anew(settings, tmp_path)
    assert "sales_log.csv" in str(error.value)


def test_a_column_that_nothing_is_known_of_is_read_once_the_taxonomy_names_it(tmp_path):
    settings = write_world(tmp_path, [row(), row("002", CAD="", CAD_Qty="", Scan="7")])
    path, taxonomy = tmp_path / "sales_log.csv", tmp_path / "taxonomy.csv"
    path.write_bytes(path.read_bytes().replace(b"Scan,Scan_Qty", b"Laser,Spare", 1))
    log = read_anew(settings, tmp_path)
    assert lines_of(log)["sku"].to_list() == ["CAD"]
    assert rejects_of(log)["reason"].to_list() == ["no amount and no quantity"]
    taxonomy.write_text(taxonomy.read_text() + "Laser,Scanning,f,new\n")
    # Blocks typed before are at hand: they must not be taken for the file's.
    log = read_anew(settings, tmp_path)
    assert set(lines_of(log).select("sku", "customer_id").rows()) == {
        ("CAD", "001"),
        ("Laser", "002"),
    }


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf\r\n"], ids=["no bytes", "only a mark"])
def test_an_empty_file_is_one_clear_error(tmp_path, content):
    settings = write_world(tmp_path, [row()])
    (tmp_path / "sales_log.csv").write_bytes(content)
    with pytest.raises(SourceError, match="is empty"):
        read_anew(settings, tmp_path)


def test_a_header_without_rows_is_one_clear_error(tmp_path):
    with pytest.raises(SourceError, match="no rows"):
        read_anew(write_world(tmp_path, []), tmp_path)


def test_a_missing_file_offers_the_nearest_name(tmp_path):
    settings = write_world(tmp_path, [row()])
    (tmp_path / "sales_log.csv").rename(tmp_path / "saleslog.csv")
    with pytest.raises(SourceError, match=r"Did you mean 'saleslog.csv'"):
        read_anew(settings, tmp_path)


def test_an_unknown_division_of_the_taxonomy_is_named_with_the_nearest(tmp_path):
    settings = write_world(tmp_path, [row()])
    taxonomy = (tmp_path / "taxonomy.csv").read_text().replace("Scanning", "Scannning")
    (tmp_path / "taxonomy.csv").write_text(taxonomy)
    with pytest.raises(
        SourceError, match=r"'Scannning' is not in divisions.names. Did you mean 'scan"
    ):
        read_anew(settings, tmp_path)


def test_a_target_that_names_an_unknown_sku_is_told_with_the_nearest(tmp_path):
    sets = {"divisions": SETTINGS["divisions"] | {"sku_targets": {"All seats": ["Seat", "CAD"]}}}
    with pytest.raises(SourceError, match=r"SKU 'Seat' of target 'All seats'.*Seats"):
        read_anew(write_world(tmp_path, [row()], sets), tmp_path)
