"""What a person does first about a failed check: a command that cures it, or shows what is wrong."""

import shlex
from fnmatch import fnmatchcase
from pathlib import Path

from gosales_resources.delivery.alert import RANGE, RUN
from gosales_resources.partitions.keys import PartitionKey

# Pattern of a check -> command; the first that fits. What is measured is looked at, what was read
# wrongly is looked at before it is accepted, and everything else is made anew once it is mended.
CURES = {
    "schema_as_announced": "schema diff",
    "past_as_stored": "restatement diff",
    "attributes_as_stored": "restatement diff",
    "rejects_within_bounds": "show sales_log_rejects --cutoff {cutoff}",
    "*_keeps_contract": "show violations --cutoff {cutoff}",
    "calibration_within_bound": "metrics --cutoffs {cutoff}{divisions}",
    "inputs_are_as_in_training": "metrics --cutoffs {cutoff}{divisions}",
    "probabilities_are_spread_as_in_training": "metrics --cutoffs {cutoff}{divisions}",
    "rate_is_as_in_training": "metrics --cutoffs {cutoff}{divisions}",
    "lift_above_floor": "metrics --cutoffs {cutoff}{divisions}",
    "ranks_better_than_chance": "metrics --cutoffs {cutoff}{divisions}",
    RUN: "materialize --cutoffs {span}",
    "*": "materialize --select {asset} --cutoffs {cutoff}",
}


def cure(check: str, asset: str, partition: str, config: Path) -> str:
    """Return the command that comes first.

    Parameters
    ----------
    check, asset, partition
        What failed; see `Failed`.
    config
        The settings file.

    Returns
    -------
    str
        A line for a shell; empty where it would need a cutoff and the partition has none.

    Examples
    --------
    >>> cure("lift_above_floor", "forward_validation", "2024-06-30|pdm", Path("my shop.yaml"))
    "gosales metrics --config 'my shop.yaml' --cutoffs 2024-06-30 --divisions pdm"
    >>> cure("run", "model, scores", "2024-03-31|a..2024-06-30|b", Path("gosales.yaml"))
    'gosales materialize --config gosales.yaml --cutoffs 2024-03-31..2024-06-30'
    >>> cure("schema_as_announced", "sales_log", "", Path("gosales.yaml"))
    'gosales schema diff --config gosales.yaml'
    """
    template = next(text for pattern, text in CURES.items() if fnmatchcase(check, pattern))
    if "{" in template and not partition:
        return ""
    first, last, division = _cutoffs(partition)
    words, _, options = template.partition(" --")
    filled = f" --{options}" if options else ""
    filled = filled.format(
        asset=shlex.quote(asset),
        cutoff=first,
        span=first if first == last else f"{first}{RANGE}{last}",
        divisions=f" --divisions {shlex.quote(division)}" if division else "",
    )
    return f"gosales {words} --config {shlex.quote(str(config))}{filled}"


def _cutoffs(partition: str) -> tuple[str, str, str | None]:
    if not partition:
        return "", "", None
    begin, _, end = partition.partition(RANGE)
    first, last = PartitionKey.of(begin), PartitionKey.of(end or begin)
    return first.cutoff.isoformat(), last.cutoff.isoformat(), first.division
