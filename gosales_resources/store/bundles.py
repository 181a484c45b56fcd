"""Model bundles: files named by their content, and the index that names them."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping

from gosales_resources.errors import DamagedError
from gosales_resources.store.address import Address, Provenance, Written, damaged_message
from gosales_resources.store.place import Place
from gosales_resources.store.provenance import BUNDLE_INDEX, read_index

# Of the digest of a file's content, in its name.
NAMED_DIGITS = 16


def write_bundle(
    place: Place,
    address: Address,
    files: Mapping[str, bytes],
    provenance: Provenance,
    inputs: Mapping[str, str],
) -> Written:
    """Write a bundle's files, then its index, then remove files that no index names any more.

    The index is replaced last and in one step, so a killed run leaves the old bundle or the new one.

    Parameters
    ----------
    place, address
        Where.
    files
        Name -> content.
    provenance, inputs
        What it is made under and from.

    Raises
    ------
    StorageError
        When there is no room or no permission.
    """
    folder, index = address.folder, {}
    for name in sorted(files):
        stored = f"{hashlib.sha256(files[name]).hexdigest()[:NAMED_DIGITS]}-{name}"
        place.put(f"{folder}/{stored}", files[name], str(address))
        index[name] = stored
    names = json.dumps(index, sort_keys=True)
    facts = {"content": hashlib.sha256(names.encode()).hexdigest()[:32], "inputs": inputs}
    content = {"files": index, "provenance": dataclasses.asdict(provenance) | facts}
    text = (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
    place.put(f"{folder}/{BUNDLE_INDEX}", text, str(address))
    kept = {f"{folder}/{name}" for name in (*index.values(), BUNDLE_INDEX)}
    for stray in set(place.list(folder)) - kept:
        place.remove(stray)
    size = sum(len(content) for content in files.values())
    return Written(place.told(folder), len(files), size, hashlib.sha256(text).hexdigest())


def read_bundle(place: Place, address: Address) -> dict[str, bytes]:
    """Read the files that a bundle's index names.

    Raises
    ------
    DamagedError
        When its index is unreadable, or names a file that is not there or has other content.
    """
    files = {}
    try:
        for name, stored in bundle_files(place, address).items():
            content = place.get(stored)
            if not is_named_by(stored, hashlib.sha256(content).hexdigest()):
                raise DamagedError(f"{place.told(stored)} is not the file that was made")
            files[name] = content
    except (OSError, ValueError, DamagedError) as error:
        raise DamagedError(damaged_message(address, str(error))) from error
    return files


def bundle_files(place: Place, address: Address) -> dict[str, str]:
    """Return name -> where it is stored, of the files that a bundle's index names.

    Raises
    ------
    DamagedError
        When its index is unreadable.
    """
    name = f"{address.folder}/{BUNDLE_INDEX}"
    index = read_index(place.locate(name), place.told(name))["files"]
    # A name out of a file is a name, not a way to another folder.
    return {
        name: f"{address.folder}/{str(stored).rpartition('/')[2]}" for name, stored in index.items()
    }


def is_named_by(stored: str, digest: str) -> bool:
    """Tell whether a file's name begins with the digest of its content, as it was stored."""
    return stored.rpartition("/")[2].partition("-")[0].partition(".")[0] == digest[:NAMED_DIGITS]
