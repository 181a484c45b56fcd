"""CSV and TSV: every cell of every row, however it is cut or encoded; a bad line costs itself alone."""

import csv

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources import records, text
from gosales_resources.sources.text_columns import TextColumns
from tests.worlds.text_files import HEADER, PACKERS, ROWS, csv_text, numbered, read_rows


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
    content = csv_text(ROWS, delimiter=separator, lineterminator=line_end)
    # Only UTF-16 of the machine's own order may lack its mark.
    mark = "\ufeff" if codec == "utf-16-be" else ""
    path = tmp_path / f"log{suffix}{packed}"
    path.write_bytes(PACKERS.get(packed, bytes)((mark + content).encode(codec)))
    given_separator = {} if suffix == ".tsv" else {"separator": separator}
    assert read_rows(path, encoding=encoding, **given_separator) == (HEADER, numbered(ROWS), [])


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
    content = csv_text(rows, ["x", "y"], quoting=form[0], lineterminator=form[1])
    path.write_bytes(content.encode())
    with monkeypatch.context() as patch:
        patch.setattr(text, "BLOCK_BYTES", block)
        assert read_rows(path) == (["x", "y"], numbered(rows), [])


@pytest.mark.parametrize("parser", [64, 1000, 2**20])
@pytest.mark.parametrize("block", [50, 5_000, 2**25])
def test_a_record_longer_than_block_and_parser_is_whole(tmp_path, monkeypatch, block, parser):
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    monkeypatch.setattr(text, "PARSER_BYTES", parser)
    rows = [["1", "x", ""], ["2", 'line, "quoted"\n' * 3_000, "5"], ["3", "y" * 200_000, ""]]
    path = tmp_path / "long.csv"
    path.write_text(csv_text(rows), newline="")
    assert read_rows(path) == (HEADER, numbered(rows), [])


@pytest.mark.parametrize("block", [30, 100, 10_000])
def test_a_quote_inside_an_unquoted_field_is_text(tmp_path, monkeypatch, block):
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    lines = ["id,note,amount", '1,5" pipe,2', '2,"two\nlines",3', "3,plain,4", '4,7" x,"a\n\nb"']
    path = tmp_path / "inches.csv"
    path.write_text("\n".join(lines) + "\n")
    expected = [["1", '5" pipe', "2"], ["2", "two\nlines", "3"], ["3", "plain", "4"]]
    expected.append(["4", '7" x', "a\n\nb"])
    assert read_rows(path) == (HEADER, numbered(expected), [])


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
    parts = csv_text(good, lineterminator="\n").split("\n20,")
    path = tmp_path / "bad.csv"
    path.write_text(f"{parts[0]}\n{bad}\n20,{parts[1]}", newline="")
    _, cells, wrong = read_rows(path)
    assert [row[1:] for row in cells] == [tuple(row) for row in good]
    assert wrong == [(22, problem, bad)]


def test_two_quotes_that_never_close_do_not_swallow_what_is_between(tmp_path):
    lines = [f"{n},x,1" for n in range(20)]
    lines[5], lines[9] = '5,"left,1', '9,"right,1'
    path = tmp_path / "swallow.csv"
    path.write_text("\n".join(["id,note,amount", *lines]) + "\n")
    _, cells, wrong = read_rows(path)
    assert [int(row[1]) for row in cells] == [n for n in range(20) if n not in (5, 9)]
    assert [bad for _, _, bad in wrong] == [lines[5], lines[9]]


WORDS = {
    "cp1250": "Łódź Żółć", "cp1251": "Москва", "cp932": "東京ソ表", "gb18030": "北京😀",
    "mac-roman": "Zürich Ω", "cp437": "Köln", "utf-16-le": "Ω", "koi8-r": "Казань", "big5": "台北許功",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("UTF-8", "utf8"), ("utf-8-sig", "utf8"), ("Latin-1", "latin1"), ("windows-1252", "cp1252"),
        ("UTF-16", "utf16"), ("windows-1250", "cp1250"), ("MacRoman", "mac-roman"), ("sjis", "shift_jis"),
    ],
)  # fmt: skip
def test_an_encoding_has_one_name_in_the_settings(given, kept):
    assert FileSource(path="log.csv", encoding=given).encoding == kept


@pytest.mark.parametrize(
    "name", ["klingon", "hex", "rot13", "idna", "unicode_escape", "", "a\x00b"]
)
def test_what_is_no_encoding_of_files_is_refused(name):
    with pytest.raises(ValidationError, match="is no encoding of"):
        FileSource(path="log.csv", encoding=name)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("encoding", WORDS)
def test_any_encoding_that_python_knows_reads_as_what_was_written(tmp_path, packed, encoding):
    word = WORDS[encoding]
    rows = [[str(n), f'{word}, "{n}"\n{word}', word] for n in range(50)]
    path = tmp_path / f"log.csv{packed}"
    content = csv_text(rows, ["id", word, "amount"]).encode(encoding)
    path.write_bytes(PACKERS.get(packed, bytes)(content))
    header, cells, wrong = read_rows(path, encoding=encoding)
    assert (header, wrong) == (["id", word, "amount"], [])
    assert [list(row[1:]) for row in cells] == rows


def test_a_byte_of_a_decoded_encoding_that_is_no_text_costs_its_row_alone(tmp_path):
    for encoding, bad in (("cp1250", b"\x81"), ("gb18030", b"\xff"), ("mac-roman", b"")):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("id,note,amount\n1,é,1\n2,é".encode(encoding) + bad + b",2\n3,c,3\n")
        _, cells, wrong = read_rows(path, encoding=encoding)
        assert [row[0] for row in cells] == ([2, 4] if bad else [2, 3, 4])
        assert [(row, told) for row, told, _ in wrong] == [
            (3, f"not {encoding} text at character 3") for _ in bad
        ]


def test_a_byte_that_is_no_text_costs_its_row_alone(tmp_path):
    for encoding, bad in (("utf8", b"\xff"), ("cp1252", b"\x81")):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(b"id,note,amount\n1,a,1\n2,b" + bad + b",2\n3,c,3\n")
        _, cells, wrong = read_rows(path, encoding=encoding)
        assert [row[:2] for row in cells] == [(2, "1"), (4, "3")]
        assert wrong[0][:2] == (3, f"not {encoding} text at byte 3")


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
        read_rows(path)


def test_a_file_without_line_ends_is_an_error_and_not_one_row(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_bytes(b"a,b\n" + b"x" * (text.BLOCK_BYTES + 10))
    with pytest.raises(SourceError, match="no line end within"):
        read_rows(path)


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
        for reader in [
            text._Reader(
                TextColumns(["x", "y"], 2), ",", "utf8", "utf8", text._Part(content, True, False)
            )
        ]
        for parse in (reader._parsed, reader._line_by_line)
    )
    assert fast == slow
