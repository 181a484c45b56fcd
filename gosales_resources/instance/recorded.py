"""What a run history has recorded of stored partitions: the checksum that their last write reported.

It is where a stored file comes from: what was copied from elsewhere, changed or resealed is not
recorded, whatever it says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import dagster as dg
from dagster_shared.check import CheckError
from dagster_shared.serdes.errors import DeserializationError

from gosales_resources.errors import DamagedError, HistoryError
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address, damaged_message
from gosales_resources.store.checksums import damage
from gosales_resources.store.tables import TableStore

# Metadata of a materialisation; see `io_managers`.
CHECKSUM = "content_sha256"
SHOWN = 3
# What Dagster raises on an event whose text is not what it wrote.
UNREADABLE = (
    DeserializationError, CheckError, ValueError, TypeError, LookupError, AttributeError,
)  # fmt: skip


def recorded_checksums(
    instance: dg.DagsterInstance, asset: str, keys: Iterable[PartitionKey]
) -> dict[str, str]:
    """Read the checksums of the latest materialisations of some partitions.

    Parameters
    ----------
    instance, asset, keys
        As `latest_metadata`.

    Returns
    -------
    dict of str to str
        Partition key -> SHA-256; without those that were never made in this history.
    """
    found = latest_metadata(instance, asset, keys).items()
    return {key: str(told[CHECKSUM].value) for key, told in found if CHECKSUM in told}


def latest_metadata(
    instance: dg.DagsterInstance, asset: str, keys: Iterable[PartitionKey]
) -> dict[str, Mapping[str, dg.MetadataValue]]:
    """Read what was told of some partitions when they were last made.

    Parameters
    ----------
    instance
        Whose history.
    asset
        A table or a bundle.
    keys
        Which partitions of it.

    Returns
    -------
    dict of str to mapping
        Partition key -> metadata of its latest materialisation; without those that were never made.

    Raises
    ------
    HistoryError
        When an event cannot be read.
    """
    asset_key, wanted = dg.AssetKey(asset), {str(key) for key in keys}
    if not wanted:
        return {}
    latest = instance.event_log_storage.get_latest_storage_id_by_partition(
        asset_key, dg.DagsterEventType.ASSET_MATERIALIZATION, wanted
    )
    if not latest:
        return {}
    asked = dg.AssetRecordsFilter(asset_key=asset_key, storage_ids=sorted(latest.values()))
    with reading_events(instance):
        records = instance.fetch_materializations(asked, limit=len(latest)).records
        made = {str(record.partition_key): record.asset_materialization for record in records}
        return {key: one.metadata for key, one in made.items() if one is not None}


def refuse_damaged(
    instance: dg.DagsterInstance,
    store: TableStore,
    addresses: Iterable[Address],
    *,
    must_be_recorded: bool = False,
) -> None:
    """Raise unless partitions, and those they share columns with, are what the history made.

    Parameters
    ----------
    instance, store
        Whose history says what was made, and where it lies.
    addresses
        Partitions that are to be read.
    must_be_recorded
        What the history does not know is refused too: it is of another project, or resealed.

    Raises
    ------
    DamagedError
        Naming the partitions, their files, and what makes them anew.
    """
    lying_in: dict[str, dict[Address, None]] = {}
    for address in addresses:
        for part in store.stored_in(address):
            lying_in.setdefault(part.asset, {})[part] = None
    found = []
    for asset, read in lying_in.items():
        recorded = recorded_checksums(instance, asset, [address.key for address in read])
        for address in read:
            then = recorded.get(str(address.key))
            wrong = damage(store, address, then)
            if wrong is None and then is None and must_be_recorded:
                wrong = "this run history did not make it"
            if wrong:
                found.append(damaged_message(address, wrong))
    if found:
        more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
        raise DamagedError(" ".join(found[:SHOWN]) + more)


@contextmanager
def reading_events(instance: dg.DagsterInstance) -> Iterator[None]:
    """Tell an event that cannot be read: its row was changed after it was written.

    Raises
    ------
    HistoryError
        Naming the history.
    """
    try:
        yield
    except UNREADABLE as error:
        first = str(error).strip().partition("\n")[0]
        raise HistoryError(
            f"run history: {instance.root_directory} holds an event that cannot be read "
            f"({type(error).__name__}: {first[:200]}). `gosales materialize` puts the history aside and "
            "makes anew what has no record any more."
        ) from error
