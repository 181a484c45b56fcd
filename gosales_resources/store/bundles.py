"""Model bundles: files named by their content, and the index that names them."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping

from gosales_resources.errors import BundleError
from gosales_resources.store.address import Address, Provenance, Written, remedy
from gosales_resources.store.place import Folder
from gosales_resources.store.provenance import BUNDLE_INDEX, read_index


def write_bundle(
    place: Folder,
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
        stored = f"{hashlib.sha256(files[name]).hexdigest()[:16]}-{name}"
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
    return Written(place.locate(folder), len(files), size, hashlib.sha256(text).hexdigest())


def read_bundle(place: Folder, address: Address) -> dict[str, bytes]:
    """Read the files that a bundle's index names.

    Raises
    ------
    BundleError
        When its index is unreadable or names a file that is not there.
    """
    folder = address.folder
    try:
        index = read_index(place.get(f"{folder}/{BUNDLE_INDEX}"), str(address))["files"]
        return {
            # A name out of a file is a name, not a way to another folder.
            name: place.get(f"{folder}/{str(stored).rpartition('/')[2]}")
            for name, stored in index.items()
        }
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise BundleError(
            f"{address} is damaged ({error}). Rematerialise it: {remedy(address)}"
        ) from error
