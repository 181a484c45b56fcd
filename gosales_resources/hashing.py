"""Hashes that stay the same in every process, platform and library version.

A table library's own hash is promised for one version only; identifiers and tie-breaks outlive it.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa


def stable_key(columns: Sequence[str | pl.Series]) -> pl.Expr:
    """Return the expression that names a row by its values: 16 hexadecimal digits of BLAKE2b.

    Parameters
    ----------
    columns
        Text columns (or series) that make the key; a null differs from every text, the empty one too.

    Returns
    -------
    polars.Expr
        String; equal for equal values, wherever and whenever it is computed.

    Examples
    --------
    >>> pl.select(stable_key([])).item() == pl.select(stable_key([])).item()
    True
    """
    # The unit separator cannot come from a source: parsing strips control characters.
    texts = [pl.col(c) if isinstance(c, str) else pl.lit(c) for c in columns]
    parts = [text.fill_null("\x00") for text in texts] or [pl.lit("")]
    return pl.concat_str(parts, separator="\x1f").map_batches(_digest, return_dtype=pl.String)


def row_codes(rows: pl.DataFrame) -> pl.Series:
    """Name rows by their values where a column has few distinct ones, as 64-bit numbers.

    Simple tabulation hashing: each distinct text of each column has a random number of its own,
    the BLAKE2b digest of column and text, and a row has those of its texts, xor-ed. So a text is
    hashed once however many rows have it, and two different rows are as unlikely to agree as by one
    digest of each.

    Parameters
    ----------
    rows
        Text columns; their names count, their order does not. A null differs from every text.

    Returns
    -------
    polars.Series
        UInt64, one per row.

    References
    ----------
    Patrascu, Thorup: The Power of Simple Tabulation Hashing. J. ACM 59(3), 2012.
    """
    codes = np.zeros(rows.height, dtype=np.uint64)
    for texts in rows.get_columns():
        drawn = texts.unique().to_frame("text")
        numbers = [_number(texts.name, text) for text in drawn["text"].to_list()]
        drawn = drawn.with_columns(number=pl.Series(numbers, dtype=pl.UInt64))
        looked_up = texts.to_frame("text").join(
            drawn, on="text", how="left", nulls_equal=True, maintain_order="left"
        )
        codes ^= looked_up["number"].to_numpy()
    return pl.Series("code", codes)


def code_texts(codes: pl.Series) -> pl.Series:
    """Write 64-bit numbers as 16 hexadecimal digits.

    Parameters
    ----------
    codes
        UInt64, no nulls.

    Returns
    -------
    polars.Series
        String of the same length and name.
    """
    octets = pa.py_buffer(codes.to_numpy().astype(">u8").tobytes())
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(codes), [None, octets])
    return pl.Series(codes.name, fixed.cast(pa.large_binary())).bin.encode("hex")


def digest_of_json(value: object, digits: int = 16) -> str:
    """Name a plain value by the JSON that writes it: hexadecimal digits of SHA-256.

    Examples
    --------
    >>> digest_of_json([1, "a"]) == digest_of_json((1, "a"))
    True
    """
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:digits]


def _number(column: str, text: str | None) -> int:
    key = f"{column}\x1f" + ("\x00" if text is None else text)
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def _digest(keys: pl.Series) -> pl.Series:
    blake = hashlib.blake2b
    return pl.Series(
        keys.name, [blake(key.encode(), digest_size=8).hexdigest() for key in keys], pl.String
    )
