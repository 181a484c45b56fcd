"""Any cell and any file whatever ends as values, as rejects or as one error of ours: never else."""

import random
import string
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gosales_assets.labels.raw_log import read_plain_lines
from gosales_resources.errors import SourceError
from tests.worlds.long_log import COLUMNS, ledger_of, long_settings, write_long
from tests.worlds.staged_log import lines_of, read_anew

HEADER = [
    "Invoice",
    "Customer",
    "Date",
    "Item",
    "Qty",
    "Net",
    "GP",
    "Cur",
    "Rate",
    "Seen",
    "Kind",
    "Open",
]
RULES = {
    "columns": COLUMNS | {"gross_profit": "GP", "currency": "Cur", "conversion_rate": "Rate",
                          "recorded_at": "Seen"},
    "date_formats": ["%Y-%m-%d", "%d/%m/%y", "%d %b %Y", "%Y-%m-%d %H:%M:%S %z", "%Y-%m", "serial"],
    "sign": {"column": "Kind", "negative": ["CR"]},
    "where": [{"column": "Open", "op": "!=", "value": True}, {"column": "Qty", "op": "<", "value": 1e6}],
    "not_customers": ["walk-in"], "time_zone": "America/Denver",
}  # fmt: skip
GOOD = ["R1", "C1", "2023-01-05", "A1", "1", "10.00", "2", "USD", "", "2023-01-05", "INV", "no"]
SIGNS = (
    "0123456789.,'-+()$€% CRTZ/:\u2212\u2019\u202f\u0663\u0967\u00b2\u2155\U0001d7d8\x00\x85\ufeff"
)
CELL = st.one_of(
    # Signs that this Python's Unicode knows: Polars' may be a newer one.
    st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=10),
    st.text(SIGNS, max_size=12),
    st.floats().map(str),
    st.integers().map(str),
    st.dates().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.strftime("%Y-%m-%d %H:%M:%S %z")),
    st.sampled_from(["NULL", "n/a", "-", "1e999", "9" * 400, "٣٤", "10²", "walk-in", "true", "CR"]),
)
PARQUET = st.one_of(
    st.lists(st.one_of(st.none(), st.floats()), min_size=5, max_size=5).map(pl.Series),
    st.lists(st.one_of(st.none(), st.dates()), min_size=5, max_size=5).map(pl.Series),
    st.lists(st.one_of(st.none(), st.binary(max_size=4)), min_size=5, max_size=5).map(pl.Series),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=5, max_size=5).map(pl.Series),
)  # fmt: skip


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


CELLS = st.lists(st.tuples(st.integers(0, len(GOOD) - 1), CELL), min_size=60, max_size=60)
CHECKS = list(HealthCheck)


def require_values_or_rejects(folder: Path, cells: list[tuple[int, str]]) -> None:
    """Load rows with one odd cell each: the ledger balances, and the audit reads the same lines."""
    rows = [[f"R{n}", *GOOD[1:]] for n in range(len(cells))]
    for row, (at, cell) in zip(rows, cells, strict=True):
        row[at] = cell
    text = "\n".join([",".join(HEADER), *(",".join(map(quoted, row)) for row in rows)])
    made = write_long(folder, text.encode("utf-8", "surrogatepass"), **RULES)
    log = read_anew(made, folder)
    assert log.waiting_count + ledger_of(log)["rows_in"] == len(rows)
    last, names = log.cutoffs[-1], ("customer_id", "order_date", "sku")
    assert Counter(lines_of(log).select(names).rows()) == Counter(
        (line.customer_id, line.day, line.sku)
        for line in read_plain_lines(made, lambda _: True)
        if line.day <= last and (line.recorded_at is None or line.recorded_at.date() <= last)
    )


@settings(max_examples=5, deadline=None, suppress_health_check=CHECKS)
@given(CELLS)
def test_any_cell_ends_as_a_value_or_as_one_reject(tmp_path_factory, cells):
    require_values_or_rejects(tmp_path_factory.mktemp("cells"), cells)


def test_a_cell_of_any_control_or_blank_sign_alone_is_the_same_to_both_readings(tmp_path):
    signs = [*map(chr, range(0x20)), "\x7f", "\x85", "\xa0", "\u2028", "\u200b", "\ufeff"]
    texts = [text for sign in signs for text in (sign, f" {sign} ", f"{sign}12{sign}")]
    require_values_or_rejects(tmp_path, [(at, text) for at in (1, 4, 5, 6, 8) for text in texts])


@pytest.mark.slow
@settings(max_examples=170, deadline=None, derandomize=False, suppress_health_check=CHECKS)
@given(CELLS)
def test_ten_thousand_cells_end_as_values_or_rejects(tmp_path_factory, cells):
    require_values_or_rejects(tmp_path_factory.mktemp("cells"), cells)


@settings(max_examples=8, deadline=None, suppress_health_check=CHECKS)
@given(st.integers(1, len(GOOD) - 1), PARQUET)
def test_a_parquet_column_of_any_type_ends_as_values_or_rejects(tmp_path_factory, at, cells):
    folder = tmp_path_factory.mktemp("columns")
    frame = pl.DataFrame({n: [c] * 5 for n, c in zip(HEADER, GOOD, strict=True)})
    frame = frame.with_columns(cells.alias(HEADER[at]), pl.Series("Invoice", list("abcde")))
    frame.write_parquet(folder / "log.parquet")
    log = read_anew(long_settings(folder, "log.parquet", **RULES), folder)
    assert log.waiting_count + ledger_of(log)["rows_in"] == 5


def random_file(draw: random.Random) -> bytes:
    """Write a small log and damage it: bytes, separators, quotes, line ends, fields."""
    rows = [",".join(HEADER)]
    for n in range(draw.randrange(0, 8)):
        cells = [f"R{n}", *GOOD[1:]]
        for _ in range(draw.randrange(0, 3)):
            word = "".join(draw.choices(string.printable + SIGNS + '"', k=draw.randrange(0, 6)))
            cells[draw.randrange(len(cells))] = word
        rows.append(",".join(cells) + "," * draw.choice([0, 0, 0, 1, 3]))
    text = draw.choice(["\n", "\r\n", "\n\n"]).join(rows).encode(draw.choice(["utf-8", "utf-16"]))
    damaged = bytearray(text if draw.random() < 0.9 else b"\xef\xbb\xbf" + text)
    for _ in range(draw.choice([0, 0, 1, 5])):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged[: draw.choice([len(damaged), len(damaged), draw.randrange(len(damaged))])])


def loaded_or_told(folder: Path, content: bytes) -> str:
    """Load a file; return what is said where it is refused, and the name of the file where not."""
    folder.mkdir()
    made = write_long(folder, content, **RULES)
    try:
        log = read_anew(made, folder)
        ledger_of(log)
        lines_of(log)
    except SourceError as error:
        return str(error)
    return "log.csv"


@pytest.mark.parametrize(
    ("first", "count"), [(0, 12), pytest.param(12, 500, marks=pytest.mark.slow)], ids=["few", "500"]
)
def test_any_small_file_is_loaded_or_refused_by_name(tmp_path, first, count):
    for seed in range(first, first + count):
        told = loaded_or_told(tmp_path / str(seed), random_file(random.Random(seed)))
        assert "log.csv" in told
