"""What partitions were before they were made anew, kept until the change is judged or accepted.

They lie beside the tables, in `<store>/past/<asset>/cutoff=.../`, as the very files that were replaced.
The first state that is kept stays: whatever is made in between, a change is held against what was
last accepted, and a killed run loses nothing of it.
"""

import shutil
from collections.abc import Sequence

import polars as pl

from gosales_resources.store.address import Address
from gosales_resources.store.tables import PART, TableStore

FOLDER = "past"


def past_of(address: Address) -> Address:
    """Return where the past of a partition is kept."""
    return Address(f"{FOLDER}/{address.asset}", address.cutoff, address.division)


def keep(store: TableStore, address: Address) -> None:
    """Keep a stored table's partition as it is, unless an earlier state of it is kept already.

    Raises
    ------
    StorageError
        When there is no room or no permission.
    """
    before, path = past_of(address), store.path_of(address)
    if path is None or store.has(before):
        return
    with store.place.writing(f"{before.folder}/{PART}", str(before)) as temporary:
        shutil.copyfile(path, temporary)


def forget(store: TableStore, address: Address) -> None:
    """Let go of the past of a partition; one that has none is no error."""
    store.place.remove(f"{past_of(address).folder}/{PART}")


def has_past(store: TableStore, address: Address) -> bool:
    """Tell whether an earlier state of a partition is kept."""
    return store.has(past_of(address))


def scan_past(store: TableStore, address: Address) -> pl.LazyFrame:
    """Scan what a partition was.

    Raises
    ------
    PartitionMissingError
        When nothing is kept of it.
    """
    return store.scan_table(past_of(address), None)


def settings_changed(store: TableStore, address: Address, names: Sequence[str]) -> list[str]:
    """Name the settings, of `names`, that a partition was made under others of before."""
    then, now = (store.facts(a).get("settings") or {} for a in (past_of(address), address))
    return [name for name in names if then.get(name) != now.get(name)]
