"""Blocks of a text file: cut at records, found again where it grew, never half old and half new."""

import gzip

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gosales_resources.errors import SourceError
from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources import text
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, Extent
from gosales_resources.sources.records import LONGEST_RECORD, cut_records, split_records
from tests.worlds.text_files import log_bytes


def test_a_file_that_grew_has_the_blocks_it_had_and_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    content, path = log_bytes(400), tmp_path / "grown.csv"

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
    content, path = log_bytes(600), tmp_path / f"grown.csv{packed}"
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
    content, path = bytearray(log_bytes(600)[:9_000]), tmp_path / "changed.csv"
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
    path.write_bytes(log_bytes(200).replace(b"\n00007", b'\n"0"0007', 1))
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    first, *others = raw.blocks()
    assert first.extent is None
    assert others


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_BYTES", 2_000)
    path = tmp_path / "moving.csv"
    path.write_bytes(log_bytes(400))
    (raw,) = open_inputs(FileSource(path=path.name), tmp_path)
    blocks = raw.blocks()
    next(blocks)
    path.write_bytes(log_bytes(401))
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
