"""Movement of a list: seconds of the pure function on drawn lists, all six switches differing.

`python benchmarks/movement.py [rows]`. The rows are drawn, and no model is asked: a stub draws what
models say across (`score_changes` is measured by the scoring benchmark: three passes of it).
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.world import machine, peak_mib, show
from gosales_assets.whitespace.movement import move_list
from gosales_assets.whitespace.stability import measure_stability
from gosales_resources.settings.whitespace import WhitespaceSettings
from tests.worlds.movement import DIVISIONS, WORDS, draw_quarters

LIMIT_SECONDS = 20


def measure(rows: int) -> list[tuple[str, str, str]]:
    """Draw two lists and time what is made of them."""
    cases = {
        "the same model": {"same_model": True},
        "another model": {},
        "another model, order and past": {
            "then": WhitespaceSettings(order="blend"),
            "now": WhitespaceSettings(order="blend", weight_ev=0.5),
            "restated": 0.3,
        },
    }
    found = []
    for name, options in cases.items():
        quarters = draw_quarters(rows // len(DIVISIONS), **options)
        now, then = quarters.list_of("now"), quarters.list_of("then")
        began = time.perf_counter()
        moved = move_list(now, then, quarters.changes.lazy(), quarters.now.lazy(), WORDS)
        measure_stability(now, then)
        seconds = time.perf_counter() - began
        shown = f"{seconds:.1f} s, {moved.height:,} rows, peak {peak_mib():,.0f} MiB"
        found.append((name, shown, f"{LIMIT_SECONDS} s"))
    return found


if __name__ == "__main__":
    print(machine())
    show("Movement", measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))
