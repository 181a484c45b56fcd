"""The card of a list's files: what is in their bundle, in the words of its contract."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

import polars as pl

from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_resources.errors import DamagedError

CARD = "exports.json"
FORMAT, VERSION = "gosales-exports", 1
Made = Mapping[str, tuple[bytes, int]]
"""Name of a file -> content, and rows of the list in it."""


def write_card(cutoff: dt.date, made: Mapping[str, Made]) -> bytes:
    """Write the card.

    Parameters
    ----------
    cutoff
        Of the list.
    made
        Kind -> its files.
    """
    files = [
        {
            "file": name,
            "kind": kind,
            "row_count": rows,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for kind, of_kind in sorted(made.items())
        for name, (content, rows) in of_kind.items()
    ]
    card = {"format": FORMAT, "version": VERSION, "cutoff": cutoff.isoformat(), "files": files}
    return (json.dumps(card, indent=1, sort_keys=True) + "\n").encode()


def describe_exports(files: Mapping[str, bytes], contract: Contract = LIST_EXPORTS) -> pl.DataFrame:
    """Return what is known of the files of a bundle, once every one is what the card says.

    Parameters
    ----------
    files
        Of the bundle.
    contract
        Which bundle: `list_exports` or `list_report`.

    Returns
    -------
    polars.DataFrame
        Columns of the contract: one row per file, by kind and name as numbered; the card itself is none.

    Raises
    ------
    DamagedError
        When the card cannot be read, or a file is missing, added or another than was made.
    """
    remedy = f"Rematerialise {contract.name}."
    try:
        card = json.loads(files[CARD])
        known = (card["format"], card["version"]) == (FORMAT, VERSION)
        rows = [{**one, "cutoff": card["cutoff"]} for one in card["files"]]
        digests = {row["file"]: row["sha256"] for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{CARD} is missing or cannot be read: {error!r}. {remedy}") from error
    found = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != CARD}
    if not known or found != digests:
        wrong = sorted(n for n in {*found, *digests} if found.get(n) != digests.get(n))
        what = ", ".join(wrong) or f"{card['format']} {card['version']}"
        raise DamagedError(f"The files of {contract.name} are not what was made: {what}. {remedy}")
    schema = {name: column.dtype for name, column in contract.schema.columns().items()}
    as_written = pl.DataFrame(rows, schema={**schema, "cutoff": pl.String})
    return as_written.with_columns(pl.col("cutoff").str.to_date("%Y-%m-%d"))
