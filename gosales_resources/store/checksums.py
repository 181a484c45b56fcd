"""Checksums of what is stored, to hold against those that were recorded when it was written."""

import hashlib

from gosales_resources.store.address import Address
from gosales_resources.store.atomic import sha256_of
from gosales_resources.store.provenance import BUNDLE_INDEX, read_index
from gosales_resources.store.tables import TableStore

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
    if path.name == BUNDLE_INDEX and not _is_whole(store, address):
        return DAMAGED
    return sha256_of(path)


def _is_whole(store: TableStore, address: Address) -> bool:
    folder = address.folder
    index = read_index(store.place.get(f"{folder}/{BUNDLE_INDEX}"), str(address))
    for stored in map(str, index["files"].values()):
        name = f"{folder}/{stored.rpartition('/')[2]}"
        if store.place.stat(name) is None:
            return False
        digest = hashlib.sha256(store.place.get(name)).hexdigest()
        if digest[:16] != stored.partition("-")[0]:
            return False
    return True
