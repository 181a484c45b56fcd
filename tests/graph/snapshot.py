"""The graph as text: assets, partitions, what each reads of which partitions, and its checks.

`python -m tests.graph.snapshot` renews the golden file; read the difference before committing it.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from gosales_assets.definitions import build_definitions
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.space import dagster_key, expecting_beta_warnings
from tests.worlds.erp import row, write_world

GOLDEN = Path(__file__).parent / "graph.txt"
# Late enough in the world's calendar that every mapping reaches something.
CUTOFF = dt.date(2024, 6, 30)
DIVISION = "simulation"


def describe_graph() -> str:
    """Describe the graph of the small world, sorted by asset."""
    with tempfile.TemporaryDirectory() as folder, expecting_beta_warnings():
        graph = build_definitions(write_world(Path(folder), [row()])).resolve_asset_graph()
        keys = sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string())
        return "\n".join(line for key in keys for line in _asset(graph, key)) + "\n"


def _asset(graph: AssetGraph, key: dg.AssetKey) -> Iterator[str]:
    node = graph.get(key)
    name = key.to_user_string()
    dimensions = getattr(node.partitions_def, "partition_dimension_names", ["cutoff"])
    yield f"{name} ({node.group_name}) by {' x '.join(dimensions)}"
    yield f"  key: {', '.join(CONTRACTS[name].key)}"
    for parent in sorted(node.parent_keys, key=lambda k: k.to_user_string()):
        yield f"  reads {parent.to_user_string()}: {_read(graph, node, parent)}"
    for check in sorted(graph.get_check_keys_for_assets({key}), key=lambda c: c.name):
        blocking = graph.get(check).blocking
        yield f"  check {check.name}{' (blocking)' if blocking else ''}"


def _read(graph: AssetGraph, node, parent: dg.AssetKey) -> str:
    mapping = graph.get_partition_mapping(node.key, parent)
    mine, theirs = node.partitions_def, graph.get(parent).partitions_def
    multi = isinstance(mine, dg.MultiPartitionsDefinition)
    here = PartitionKey(CUTOFF, DIVISION if multi else None)
    read = mapping.get_upstream_mapped_partitions_result_for_partitions(
        mine.subset_with_partition_keys([dagster_key(mine, here)]), mine, theirs
    ).partitions_subset.get_partition_keys()
    keys = [PartitionKey.of(key) for key in read]
    cutoffs = sorted({key.cutoff for key in keys})
    divisions = sorted({key.division or "" for key in keys} - {""})
    span = f"{cutoffs[0]}..{cutoffs[-1]} ({len(cutoffs)})" if len(cutoffs) > 1 else f"{cutoffs[0]}"
    return f"{here} <- {span} {', '.join(divisions)}".rstrip()


if __name__ == "__main__":
    GOLDEN.write_text(describe_graph(), encoding="utf-8", newline="\n")
