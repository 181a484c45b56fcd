"""Whether what is stored is what was made: held against the checksum recorded when it was written.

Every byte of a file counts: the record is of the whole file, and a bundle's index names its files by
their content. Parquet readers notice one flipped bit in five.
"""

from gosales_resources.errors import DamagedError
from gosales_resources.store.address import Address
from gosales_resources.store.bundles import bundle_files, is_named_by
from gosales_resources.store.place import Place
from gosales_resources.store.provenance import BUNDLE_INDEX
from gosales_resources.store.quarantine import quarantine_of
from gosales_resources.store.tables import TableStore


def damage(store: TableStore, address: Address, recorded: str | None) -> str | None:
    """Say what is wrong with the files of a partition.

    Parameters
    ----------
    store, address
        Which partition.
    recorded
        The checksum that its last write reported; None where the run history has none.

    Returns
    -------
    str or None
        A clause that names the file; None where the partition is what was made, where it is not
        there and was never made, and where nothing is recorded and it can be read.
    """
    name, place = store.name_of(address), store.place
    if name is None:
        return f"{place.told(address.folder)} is gone" if recorded else None
    try:
        # First: of an index that was changed every file it no longer names looks like a stray.
        if recorded is not None and _digest(place, name) != recorded:
            found = place.stat(name)
            what = "is not the file that was made" if found and found.size else "is empty"
            return f"{place.told(name)} {what} (its SHA-256 is not the recorded one)"
        if strays := store.strays(address):
            return f"{place.told(strays[0])} does not belong there"
        checksum(store, address)
        facts = store.facts(address)
    except DamagedError as error:
        return _cause(error)
    kept_out = quarantine_of(address, facts)
    if kept_out is not None and not _is_whole(place, kept_out):
        return f"{place.told(kept_out)} is not the file that was made"
    return None


def checksum(store: TableStore, address: Address) -> str | None:
    """Compute the SHA-256 that a write of what is stored would report.

    A bundle's is that of its index, which names every file by its content.

    Returns
    -------
    str or None
        None when the partition is not there.

    Raises
    ------
    DamagedError
        When it cannot be read, or a file of a bundle is gone or of other content than its name says.
    """
    name, place = store.name_of(address), store.place
    if name is None:
        return None
    if name.endswith(f"/{BUNDLE_INDEX}"):
        for stored in bundle_files(place, address).values():
            if not _is_whole(place, stored):
                raise DamagedError(f"{place.told(stored)} is not the file that was made")
    return _digest(place, name)


def _digest(place: Place, name: str) -> str:
    try:
        return place.digest(name)
    except OSError as error:
        found = error.strerror or error
        raise DamagedError(f"{place.told(name)} cannot be read ({found})") from error


def _is_whole(place: Place, name: str) -> bool:
    """Tell whether a file that is named by its content is there and has it."""
    try:
        return is_named_by(name, place.digest(name))
    except (OSError, ValueError):
        return False


def _cause(error: BaseException) -> str:
    """Return the clause about the file, without what the store says around it."""
    while error.__cause__ is not None and isinstance(error.__cause__, DamagedError):
        error = error.__cause__
    return str(error)
