"""Columns without a name, separators behind the last column: what spreadsheets make of a table."""

import polars as pl
import pytest

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, RawBatch


def read(folder, text: str) -> tuple[list[str], pl.DataFrame, list[tuple[int, str]]]:
    (folder / "log.csv").write_text(text, encoding="utf-8", newline="")
    raw = open_inputs(FileSource(path="log.csv"), folder)[0]
    batches: list[RawBatch] = [batch for block in raw.blocks() for batch in block.read()]
    wrong = [(bad.row, bad.problem) for batch in batches for bad in batch.misshapen]
    return raw.header(), pl.concat(batch.frame for batch in batches), wrong


PLAIN = "a,b\n1,x\n2,\n3,z\n"


@pytest.mark.parametrize(
    "text",
    [
        "a,b,,,\n1,x,,,\n2,,,,\n3,z,,,\n",
        "a,b\n1,x,\n2,,\n3,z,\n",
        "a,b,\n1,x\n2,\n3,z\n",
        "a,b\n1,x\n2,,,\n3,z,\n",
        'a,b, , \n1,"x",,\r\n2,,,\n3,z,,',
        'a,b\n1,x,\n2,,\n3,"z",\n"never closes',
    ],
    ids=[
        "nameless",
        "one more at each end",
        "in the header alone",
        "in some",
        "blanks",
        "by lines",
    ],
)
def test_blank_fields_behind_the_last_column_are_no_columns(tmp_path, text):
    header, frame, _ = read(tmp_path, text)
    assert header == ["a", "b"]
    assert frame.drop(ROW).rows() == read(tmp_path, PLAIN)[1].drop(ROW).rows()
    assert frame[ROW].to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a,b,,\n1,x,,\n2,y,stray,\n3,z,,\n", [(1, "field 3 or one behind it is filled but has no header")]),
        ("a,b\n1,x,\n2,y,stray\n3,z,\n", [(1, "field 3 or one behind it is filled but has no header")]),
        ("a,b\n1,x\n2,y,stray\n3,z\n", [(1, "3 fields, expected 2")]),
        ("a,b\n1,x,\n2\n3,z,\n", [(1, "1 fields, expected 2")]),
    ],
)  # fmt: skip
def test_a_filled_field_behind_the_last_column_is_a_reject_with_its_number(tmp_path, text, wrong):
    _, frame, found = read(tmp_path, text)
    assert (frame["a"].to_list(), frame[ROW].to_list(), found) == (["1", "3"], [0, 2], wrong)


def test_an_index_in_front_without_a_name_is_called_by_its_place(tmp_path):
    header, frame, _ = read(tmp_path, ",a,,b\n0,1,note,x\n1,2,,y\n")
    assert header == ["(column 1)", "a", "(column 3)", "b"]
    assert frame["(column 1)"].to_list() == ["0", "1"]


def test_a_header_without_a_name_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no header row"):
        read(tmp_path, ",,\n1,2,3\n")
