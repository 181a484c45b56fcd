"""What small raw sources hold, by content: the raw side of what makes a partition stale.

A digest names the library whose row hash it is made of: another version's differs for equal rows.
"""

from itertools import chain

import polars as pl

from gosales_resources.by_stamp import ByStamp
from gosales_resources.hashing import digest_of_json
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import ROW, Block, RawInput

# Behind a source whose order of rows is content too.
ORDER = "@order"
NONE = "none"


class SourceDigests:
    """Digests of small raw sources, remembered for as long as their files are the same."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: ByStamp[str, str] = ByStamp()

    def of(self, name: str) -> str:
        """Return the digest of a source; see `source_digest`.

        Raises
        ------
        SourceError
            When it cannot be read.
        """
        stamps = tuple(raw.stamp() for raw in _inputs_of(self._settings, name))
        stamp = None if None in stamps else stamps
        return self._known.get(name, stamp, lambda: source_digest(self._settings, name))


def source_digest(settings: Settings, name: str) -> str:
    """Name the content of a small raw source; `none` where it is not configured.

    Parameters
    ----------
    settings
        Where it lies.
    name
        Field of the `source` settings. The order of rows does not count, unless `@order` follows:
        tables that tell row numbers depend on it.
    """
    inputs, is_ordered = _inputs_of(settings, name), name.endswith(ORDER)
    if not inputs:
        return NONE
    threads = settings.threads_used
    rows = [
        (raw.name, raw.header(), _in_order(raw) if is_ordered else _in_any_order(raw, threads))
        for raw in inputs
    ]
    return f"polars {pl.__version__}:{digest_of_json(rows)}"


def _inputs_of(settings: Settings, name: str) -> list[RawInput]:
    source: FileSource | None = getattr(settings.source, name.removesuffix(ORDER))
    if source is None:
        return []
    # A source may have another beside it, such as overrides.
    nested = [getattr(source, inner) for inner in type(source).model_fields]
    return [
        raw
        for part in (source, *(n for n in nested if isinstance(n, FileSource)))
        for raw in open_inputs(part, settings.source_dir)
    ]


def _in_order(raw: RawInput) -> list[str]:
    return [block.key for block in raw.blocks()]


def _in_any_order(raw: RawInput, threads: int) -> list[object]:
    blocks = list(map_threads(_counted, raw.blocks(), threads))
    counts, totals, texts = zip(*blocks, strict=True) if blocks else ((), (), ())
    return [sum(counts), sum(totals), sorted(chain.from_iterable(texts))]


def _counted(block: Block) -> tuple[int, int, list[str]]:
    """Count the rows of a block, sum their hashes, and list what has no columns."""
    count, total, texts = 0, 0, []
    for batch in block.read():
        hashes = batch.frame.drop(ROW).hash_rows(seed=1)
        # Halves are summed apart: a sum of 64-bit hashes would overflow.
        low, high = hashes & 0xFFFFFFFF, hashes // 2**32
        total += int(low.sum()) + (int(high.sum()) << 32)
        count += batch.row_count
        texts += [bad.text for bad in batch.misshapen]
    return count, total, texts
