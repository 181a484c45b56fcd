"""CSV and TSV in blocks: every cell of every row, however it is cut, packed or encoded."""

import bz2
import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources import records, text
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, Extent
from gosales_resources.sources.records import LONGEST_RECORD, cut_records, split_records

HEADER = ["id", "note", "amount"]
ROWS = [
    ["001", 'say "hi", then\r\nleave', "1.50"],
    ["002", "", "2"],
    ["003", "Müller & Söhne", "-3"],
    ["004", "tab\there; semicolon", ""],
]


def read(path: Path, **options) -> tuple[list[str], list[tuple], list[tuple[int, str, str]]]:
    """Return the header, (row, cells...) and (row, problem, text) of what is misshapen."""
    (raw,) = open_inputs(FileSource(path=path.name, **options), path.parent)
    cells, wrong, first = [], [], raw.first_row
    for block in raw.blocks():
        before = first
        for batch in block.read():
            assert batch.frame.columns == [*raw.header(), ROW]
            numbers = (batch.frame[ROW] + before).to_list()
            cells += zip(numbers, *batch.frame.drop(ROW).iter_columns(), strict=True)
            wrong += [(bad.row + before, bad.problem, bad.text) for bad in batch.misshapen]
            first += batch.row_count
    return raw.header(), cells, wrong


def written(rows, header=HEADER, **dialect) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([header, *rows])
    return text.getvalue()


def numbered(rows) -> list[tuple]:
    return [(n, *(cell or None for cell in row)) for n, row in enumerate(rows, start=2)]


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(content)
    return sink.getvalue().to_pybytes()


PACKERS = {".gz": gzip.compress, ".zst": zstd}


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
@pytest.mark.parametrize(
    ("suffix", "separator", "encoding", "codec"),
    [
        (".csv", ",", "utf8", "utf-8"),
        (".csv", ",", "utf8", "utf-8-sig"),
        (".csv", ";", "latin1", "latin-1"),
        (".txt", "|", "cp1252", "cp1252"),
        (".tsv", "\t", "utf8", "utf-8"),
        (".csv", "\t", "utf16", "utf-16"),
        (".csv", "\t", "utf16", "utf-16-be"),
    ],
    ids=["csv", "bom", "latin1", "cp1252", "tsv", "utf16", "utf16be"],
)
def test_every_way_to_write_a_table_reads_as_the_same_cells(
    tmp_path, packed, line_end, suffix, separator, encoding, codec
):
    content = written(ROWS, delimiter=separator, lineterminator=line_end)
    # Only UTF-16 of the machine's own order may lack its mark.
    mark = "\ufeff" if codec == "utf-16-be" else ""
    path = tmp_path / f"log{suffix}{packed}"
    path.write_bytes(PACKERS.get(packed, bytes)((mark + content).encode(codec)))
    given_separator = {} if suffix == ".tsv" else {"separator": separator}
    assert read(path, encoding=encoding, **given_separator) == (HEADER, numbered(ROWS), [])


UGLY = st.text(
    st.sampled_from('ab",;\n\r\t \'\u00e9\u20ac\U0001f600"') | st.characters(codec="utf-8"),
    max_size=12,
)


@given(
    rows=st.lists(st.lists(UGLY, min_size=2, max_size=2), max_size=12),
    block=st.integers(1, 200),
    # Before Python 3.13 a lone carriage return is quoted only where line ends have one.
    form=st.sampled_from(
        [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]
    ),
)
@example([["a", '"'], ['"', "b"]], 5, (csv.QUOTE_MINIMAL, "\r\n"))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_blocks_of_any_size_reproduce_every_cell(tmp_path, monkeypatch, rows, block, form):
    path = tmp_path / "ugly.csv"
    content = written(rows, ["x", "y"], quoting=form[0], lineterminator=form[1])
    path.write_bytes(content.encode())
    with monkeypatch.context() as patch:
        patch.setattr(text, "BLOCK_BYTES", block)
        assert read(path) == (["x", "y"], numbered(rows), [])


@pytest.mark.parametrize("parser", [64, 1000, 2**20])
@pytest.mark.parametrize("block", [50, 5_000, 2**25])
def test_a_record_longer_than_block_and_parser_is_whole(tmp_path, monkeypatch, block, parser):
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    monkeypatch.setattr(text, "PARSER_BYTES", parser)
    rows = [["1", "x", ""], ["2", 'line, "quoted"\n' * 3_000, "5"], ["3", "y" * 200_000, ""]]
    path = tmp_path / "long.csv"
    path.write_text(written(rows), newline="")
    assert read(path) == (HEADER, numbered(rows), [])


@pytest.mark.parametrize("block", [30, 100, 10_000])
def test_a_quote_inside_an_unquoted_field_is_text(tmp_path, monkeypatch, block):
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    lines = ["id,note,amount", '1,5" pipe,2', '2,"two\nlines",3', "3,plain,4", '4,7" x,"a\n\nb"']
    path = tmp_path / "inches.csv"
    path.write_text("\n".join(lines) + "\n")
    expected = [["1", '5" pipe', "2"], ["2", "two\nlines", "3"], ["3", "plain", "4"]]
    expected.append(["4", '7" x', "a\n\nb"])
    assert read(path) == (HEADER, numbered(expected), [])


@pytest.mark.parametrize("block", [40, 400, 2**25])
@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ('7,"never closed,1', "the quote of field 2 never ends"),
        ('7,"5" pipe,1', "text follows the closing quote of field 2"),
        ("7,only two", "2 fields, expected 3"),
        ("7,one,two,three", "4 fields, expected 3"),
    ],
    ids=["open", "inside", "short", "long"],
)
def test_a_bad_line_costs_itself_alone(tmp_path, monkeypatch, block, bad, problem):
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    monkeypatch.setattr(records, "LONGEST_RECORD", 300)
    monkeypatch.setattr(text, "LONGEST_RECORD", 300)
    good = [[str(n), f'a "{n}"', "multi\nline"] for n in range(40)]
    parts = written(good, lineterminator="\n").split("\n20,")
    path = tmp_path / "bad.csv"
    path.write_text(f"{parts[0]}\n{bad}\n20,{parts[1]}", newline="")
    _, cells, wrong = read(path)
    assert [row[1:] for row in cells] == [tuple(row) for row in good]
    assert wrong == [(22, problem, bad)]


def test_two_quotes_that_never_close_do_not_swallow_what_is_between(tmp_path):
    lines = [f"{n},x,1" for n in range(20)]
    lines[5], lines[9] = '5,"left,1', '9,"right,1'
    path = tmp_path / "swallow.csv"
    path.write_text("\n".join(["id,note,amount", *lines]) + "\n")
    _, cells, wrong = read(path)
    assert [int(row[1]) for row in cells] == [n for n in range(20) if n not in (5, 9)]
    assert [bad for _, _, bad in wrong] == [lines[5], lines[9]]


def test_a_byte_that_is_no_text_costs_its_row_alone(tmp_path):
    for encoding, bad in (("utf8", b"\xff"), ("cp1252", b"\x81")):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(b"id,note,amount\n1,a,1\n2,b" + bad + b",2\n3,c,3\n")
        _, cells, wrong = read(path, encoding=encoding)
        assert [row[:2] for row in cells] == [(2, "1"), (4, "3")]
        assert wrong[0][:2] == (3, f"not {encoding} text at byte 3")


def packed_log(rows: int) -> bytes:
    return written([[f"{n:05d}", f"note {n * n}", str(n)] for n in range(rows)]).encode()


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_an_archive_cut_anywhere_is_an_error_and_never_fewer_rows(tmp_path, packed):
    content = PACKERS[packed](packed_log(1_500))
    path = tmp_path / f"cut.csv{packed}"
    for length in range(0, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:length])
        with pytest.raises(SourceError, match=r"cut\.csv"):
            read(path)
    for length in range(len(content) - 12, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(SourceError, match="cannot be read to its end"):
            read(path)


# As the zstd program writes it, with a check sum: a header and 12 rows `n,n<n*n>,1`. Arrow's own
# writer leaves the check sum out, and then damage inside the data cannot be noticed.
CHECKED_ZST = bytes.fromhex(
    "28b52ffd246f5d0200f2c61115a037c3017011a200e2ffe5a8d9ee25ade27f6d8502da89e76b4b7996b51f13d19a"
    "330f2d6226407b8a79b406310ded791a2d320bad9984f6b9b6cc22c30e4921e0c0904c012100db259bc0"
)
TWELVE = "id,note,amount\n" + "".join(f"{n},n{n * n},1\n" for n in range(12))


@pytest.mark.parametrize(
    ("packed", "content"),
    [(".gz", gzip.compress(TWELVE.encode())), (".zst", CHECKED_ZST)],
    ids=["gz", "zst"],
)
def test_an_archive_with_a_wrong_byte_is_an_error_or_every_row(tmp_path, packed, content):
    path = tmp_path / f"damaged.csv{packed}"
    path.write_bytes(content)
    whole, refused = read(path), 0
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
        try:
            assert read(path) == whole
        except SourceError as error:
            refused += "damaged.csv" in str(error)
    # A few bytes say nothing of the data: time, name, operating system.
    assert refused > len(content) - 12


def test_a_damaged_archive_says_where(tmp_path):
    content = gzip.compress(packed_log(200_000))
    path = tmp_path / "damaged.csv.gz"
    path.write_bytes(content[: len(content) // 2] + b"!!!!" + content[len(content) // 2 + 4 :])
    with pytest.raises(SourceError, match=r"damaged\.csv.*about row [\d,]+\).*deliver it again"):
        read(path)


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_several_members_are_one_file(tmp_path, packed):
    content = packed_log(900)
    path = tmp_path / f"members.csv{packed}"
    pack = PACKERS[packed]
    path.write_bytes(pack(content[:5_000]) + pack(content[5_000:5_001]) + pack(content[5_001:]))
    assert len(read(path)[1]) == 900
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(SourceError, match="members"):
        read(path)


def test_something_else_under_the_name_of_an_archive_is_an_error(tmp_path):
    for packed in (".gz", ".zst"):
        path = tmp_path / f"other.csv{packed}"
        path.write_bytes(bz2.compress(packed_log(10)))
        with pytest.raises(SourceError, match="cannot be read to its end"):
            read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfei\x00d\x00", "set encoding: utf16"),
        (b'a,"b\n1,2\n', "row 1: is not utf8 text"),
        (b"a,b,a\n", "columns named twice: 'a'"),
    ],
    ids=["nothing", "blank", "utf16", "quote", "twice"],
)
def test_a_header_that_cannot_be_read_is_an_error(tmp_path, content, message):
    path = tmp_path / "head.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read(path)


def test_a_file_without_line_ends_is_an_error_and_not_one_row(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_bytes(b"a,b\n" + b"x" * (text.BLOCK_BYTES + 10))
    with pytest.raises(SourceError, match="no line end within"):
        read(path)


def test_a_file_that_grew_has_the_blocks_it_had_and_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    content, path = packed_log(400), tmp_path / "grown.csv"

    def keys(content: bytes) -> list[str]:
        path.write_bytes(content)
        (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
        return [block.key for block in raw.blocks()]

    before, after = keys(content[:5_000]), keys(content)
    assert len(before) == 3
    assert before[:-1] == after[: len(before) - 1]
    assert len(set(after)) == len(after) > len(before)


def extents_of(raw) -> list[Extent]:
    return [block.extent for block in raw.blocks() if block.extent]


def rows_in(blocks) -> list[tuple]:
    batches = [batch for block in blocks for batch in block.read()]
    return [row for batch in batches for row in batch.frame.drop(ROW).iter_rows()]


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_file_that_grew_is_not_cut_again_where_its_blocks_are_known(
    tmp_path, monkeypatch, packed
):
    content, path = packed_log(600), tmp_path / f"grown.csv{packed}"
    pack = gzip.compress if packed else bytes
    path.write_bytes(pack(content[:9_000]))
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    known = extents_of(raw)
    path.write_bytes(pack(content))
    fresh = list(raw.blocks())
    # Cut by another size, none of these keys would come up.
    monkeypatch.setattr(text, "BLOCK_BYTES", 700)
    found = list(raw.remembering(known).blocks())
    assert len(known) == 4
    assert [block.key for block in found[:4]] == [extent.key for extent in known]
    assert rows_in(found) == rows_in(fresh)


@pytest.mark.parametrize("at", range(60, 9_000, 997))
def test_a_changed_byte_in_a_known_block_is_found(tmp_path, monkeypatch, at):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    content, path = bytearray(packed_log(600)[:9_000]), tmp_path / "changed.csv"
    path.write_bytes(content)
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    known = extents_of(raw)
    content[at] ^= 1
    path.write_bytes(content)
    found, fresh = (list(r.blocks()) for r in (raw.remembering(known), raw))
    assert rows_in(found) == rows_in(fresh)
    assert [block.key for block in found] == [block.key for block in fresh]


def test_the_end_of_a_block_with_a_stray_quote_is_not_taken_for_known(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    path = tmp_path / "stray.csv"
    path.write_bytes(packed_log(200).replace(b"\n00007", b'\n"0"0007', 1))
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    first, *others = raw.blocks()
    assert first.extent is None
    assert others


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    path = tmp_path / "moving.csv"
    path.write_bytes(packed_log(400))
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    blocks = raw.blocks()
    next(blocks)
    path.write_bytes(packed_log(401))
    with pytest.raises(SourceError, match=r"moving\.csv changed while it was read. Run again."):
        list(blocks)


@given(st.text('a",\n\r ', max_size=60), st.booleans())
@example('a,"a\na",a\n', True)
@example('\r","\n"', False)
@settings(max_examples=400, deadline=None)
def test_cut_blocks_split_into_the_records_of_the_whole(content, is_crlf):
    data = content.replace("\n", "\r\n" if is_crlf else "\n").encode()
    found, rest = [], data
    while rest:
        # Small enough that cuts fall everywhere; the last one takes what is left.
        size = min(len(rest), 20)
        while not (cut := cut_records(rest[:size], b",", size == len(rest))).end:
            size += 1
        found += split_records(rest[: cut.end], b",")
        rest = rest[cut.end :]
    assert found == list(split_records(data, b","))


def test_a_stray_quote_is_given_up_after_the_longest_record():
    content = b'1,"open\n' + b"2,x\n" * (LONGEST_RECORD // 4 + 10)
    assert next(iter(split_records(content, b","))) == b'1,"open'
    assert sum(1 for _ in split_records(content, b",")) == LONGEST_RECORD // 4 + 11


@given(
    st.lists(st.sampled_from(["a", '"b,\n"', '5" x', '"""q"""', ""]), min_size=2, max_size=2),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_both_parsers_read_sound_rows_alike(row, data):
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    content = (",".join(row) + end).encode() * 3
    fast, slow = (
        [list(batch.frame.iter_rows()) for batch in parse()]
        for reader in [text._Reader(["x", "y"], ",", "utf8", text._Part(content, True, False))]
        for parse in (reader._parsed, reader._line_by_line)
    )
    assert fast == slow
