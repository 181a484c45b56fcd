"""Hashes that stay the same in every process, platform and library version.

A table library's own hash is promised for one version only; identifiers and tie-breaks outlive it.
"""

import hashlib

import polars as pl


def stable_key(columns: list[str]) -> pl.Expr:
    """Return the expression that names a row by its values: 16 hexadecimal digits of BLAKE2b.

    Parameters
    ----------
    columns
        Text columns that make the key; a null differs from every text, the empty one too.

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
    parts = [pl.col(name).fill_null("\x00") for name in columns] or [pl.lit("")]
    return pl.concat_str(parts, separator="\x1f").map_batches(_digest, return_dtype=pl.String)


def _digest(keys: pl.Series) -> pl.Series:
    blake = hashlib.blake2b
    return pl.Series(
        keys.name, [blake(key.encode(), digest_size=8).hexdigest() for key in keys], pl.String
    )
