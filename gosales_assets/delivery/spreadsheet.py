"""Tables for spreadsheets: no cell that a spreadsheet would run as a formula."""

import polars as pl

# What starts a formula or hides one, the wide signs of East Asian keyboards too; a plain apostrophe in
# front makes the cell text.
DANGEROUS = r"^[\s\x00-\x1f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\x00-\x1f\x7f]"


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Neutralise text cells and headers that begin like a formula; numbers stay numbers.

    Parameters
    ----------
    frame
        Any table.

    Returns
    -------
    polars.DataFrame
        The same rows and columns; dangerous texts have an apostrophe in front.

    References
    ----------
    OWASP, CSV injection.

    Examples
    --------
    >>> spreadsheet_safe(pl.DataFrame({"a": ["=1+1", "fine"]}))["a"].to_list()
    ["'=1+1", 'fine']
    """
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    cells = [
        pl.when(pl.col(name).str.contains(DANGEROUS))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ]
    headers = pl.Series(frame.columns, dtype=pl.String)
    safe = headers.to_frame("h").select(
        pl.when(pl.col("h").str.contains(DANGEROUS))
        .then(pl.concat_str(pl.lit("'"), pl.col("h")))
        .otherwise(pl.col("h"))
    )
    names = dict(zip(frame.columns, safe.to_series().to_list(), strict=True))
    return frame.with_columns(cells).rename(names)
