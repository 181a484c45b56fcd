"""Checksums of what is stored, to hold against those that were recorded when it was written."""

from pathlib import Path

from gosales_resources.store.address import Address
from gosales_resources.store.atomic import sha256_of
from gosales_resources.store.tables import BUNDLE_INDEX, TableStore, read_index

# Of a bundle whose files are not those that its index names.
DAMAGED = "damaged"


def checksum(store: TableStore, address: Address) -> str | None:
    """Compute the SHA-256 that a write of what is stored would report.

    A bundle's is that of its index, which names every file by its content; a bundle with a file
    gone, or of other content than its name says, is `DAMAGED`.

    Returns
    -------
    str or None
        None when the partition is not there.
    """
    path = store.path_of(address)
    if path is None:
        return None
    if path.name == BUNDLE_INDEX and not _is_whole(path):
        return DAMAGED
    return sha256_of(path)


def _is_whole(index: Path) -> bool:
    for stored in read_index(index)["files"].values():
        path = index.parent / Path(stored).name
        if not path.is_file() or sha256_of(path)[:16] != stored.partition("-")[0]:
            return False
    return True
