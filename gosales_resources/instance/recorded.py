"""What a run history has recorded of stored partitions: the checksum that their last write reported.

It is where a stored file comes from: what was copied from elsewhere, changed or resealed is not
recorded, whatever it says of itself.
"""

from collections.abc import Iterable

import dagster as dg

from gosales_resources.partitions.keys import PartitionKey

# Metadata of a materialisation; see `io_managers`.
CHECKSUM = "content_sha256"


def recorded_checksums(
    instance: dg.DagsterInstance, asset: str, keys: Iterable[PartitionKey]
) -> dict[str, str]:
    """Read the checksums of the latest materialisations of some partitions.

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
    dict of str to str
        Partition key -> SHA-256; without those that were never made in this history.
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
    found = {}
    for record in instance.fetch_materializations(asked, limit=len(latest)).records:
        made = record.asset_materialization
        if made is not None and CHECKSUM in made.metadata:
            found[str(record.partition_key)] = str(made.metadata[CHECKSUM].value)
    return found
