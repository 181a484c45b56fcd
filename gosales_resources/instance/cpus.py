"""How many CPUs this process may use: its affinity, and the quota of its container."""

import os
from pathlib import Path

# cgroup v2: "max 100000" or "200000 100000" (microseconds of CPU time a period).
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus(quota: Path = QUOTA) -> int:
    """Return the CPUs that the process may use, one at least.

    `os.cpu_count()` tells those of the machine: in a container of two CPUs on a machine of 64 as many
    threads get in each other's way.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    # Not every system tells which CPUs a process may run on.
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        limit, period = quota.read_text(encoding="ascii").split()
        allowed = int(limit) // int(period)
    except (OSError, ValueError):
        # No cgroup v2, or no quota ("max").
        return max(count, 1)
    return max(min(count, allowed), 1)
