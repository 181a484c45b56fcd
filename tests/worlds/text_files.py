"""CSV files of any spelling: written, packed, and read as a source reads them."""

import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa

from gosales_resources.settings.inputs import FileSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW

HEADER = ["id", "note", "amount"]

ROWS = [
    ["001", 'say "hi", then\r\nleave', "1.50"],
    ["002", "", "2"],
    ["003", "Müller & Söhne", "-3"],
    ["004", "tab\there; semicolon", ""],
]


def read_rows(path: Path, **options) -> tuple[list[str], list[tuple], list[tuple[int, str, str]]]:
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


def csv_text(rows, header=HEADER, **dialect) -> str:
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


def log_bytes(rows: int) -> bytes:
    return csv_text([[f"{n:05d}", f"note {n * n}", str(n)] for n in range(rows)]).encode()
