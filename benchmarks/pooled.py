"""The list over all divisions and its calibration, several cutoffs of each log; see README.md.

`python benchmarks/pooled.py [LOG ...] [--cutoffs DATE ...] [--store DIR] [--json FILE]`: with a store
folder that is kept, a second run makes only what changed code or settings have made stale.
"""

import argparse
import datetime as dt
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from graph import build
from pooled_calibration import told_calibration
from pooled_list import told_list
from pooled_rows import judged
from quality import ROOT, SHARED
from world import machine

from gosales.sample.company import generate
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings

NEEDED = ("whitespace_signals", "labels")


def days(*texts: str) -> tuple[dt.date, ...]:
    return tuple(dt.date.fromisoformat(text) for text in texts)


@dataclass(frozen=True)
class Log:
    """A log and the cutoffs whose windows have ended."""

    cutoffs: tuple[dt.date, ...]
    is_sample: bool = False


LOGS = {
    "adventureworks_reseller": Log(
        days("2012-02-29", "2012-04-30", "2012-06-30", "2012-08-31", "2012-10-31")
    ),
    "M": Log(days("2023-12-31", "2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"), True),
    "complete_journey": Log(days("2017-04-30", "2017-05-31", "2017-06-30")),
}


def pooled(
    names: tuple[str, ...] = tuple(LOGS),
    store: Path | None = None,
    chosen: tuple[dt.date, ...] = (),
) -> list[dict]:
    """Build, judge and print each log; return all figures."""
    figures = []
    for name in names:
        if not LOGS[name].is_sample and not (SHARED / "data" / name).is_dir():
            print(f"\npooled: {name} skipped, {SHARED / 'data'} does not have it")
            continue
        with ExitStack() as stack:
            folder = store or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            cutoffs = chosen or LOGS[name].cutoffs
            figures += [{"log": name} | row for row in told(name, cutoffs, folder / name)]
    return figures


def told(name: str, cutoffs: tuple[dt.date, ...], folder: Path) -> list[dict]:
    """Build a log's scores in a folder, as far as they are not current, and judge them."""
    folder.mkdir(parents=True, exist_ok=True)
    platform = Platform.of(settings_of(name, folder))
    began = time.perf_counter()
    made = build(platform, Request(cutoffs, assets=NEEDED, upstream=True))
    built = time.perf_counter()
    found = judged(name, platform, cutoffs)
    print(
        f"\npooled: {name}, {len(cutoffs)} cutoffs x {len(platform.settings.divisions.targets)} "
        f"divisions, {found.rows.height:,} rows; {made.partitions:,} partitions made in "
        f"{built - began:.0f} s, {made.current:,} were current; simple models in "
        f"{time.perf_counter() - built:.0f} s"
    )
    if found.unscored:
        print(f"  without a probability, left out: {', '.join(found.unscored)}")
    figures = told_calibration(found)
    figures += [{"part": "list"} | row for row in told_list(found)]
    print(f"  judged in {time.perf_counter() - built:.0f} s in all")
    return figures


def settings_of(name: str, folder: Path) -> Settings:
    """Load a log's settings; the sample company's data is made once a folder."""
    if not LOGS[name].is_sample:
        source = {"base_dir": str(SHARED / "data" / name)}
        overrides = {"storage": {"root": str(folder.resolve())}, "source": source}
        return load_settings(ROOT / "examples" / name / "gosales.yaml", overrides)
    config = folder / "gosales.yaml"
    if not config.exists():
        generate(folder / "data", name)  # type: ignore[arg-type]
        settings = files("gosales.sample").joinpath("gosales.yaml")
        config.write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    return load_settings(config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="*", metavar="LOG", help=f"out of {', '.join(LOGS)}")
    parser.add_argument(
        "--cutoffs", nargs="+", default=[], metavar="DATE", help="others than a log's usual ones"
    )
    parser.add_argument("--store", type=Path, help="folder to keep the stores in, and to reuse")
    parser.add_argument("--json", type=Path, help="file for all figures")
    given = parser.parse_args()
    if unknown := [name for name in given.logs if name not in LOGS]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(LOGS)}")
    print(machine())
    figures = pooled(tuple(given.logs) or tuple(LOGS), given.store, days(*given.cutoffs))
    if given.json:
        rows = [{name: none_of(value) for name, value in row.items()} for row in figures]
        given.json.write_text(json.dumps(rows, indent=1, default=str) + "\n", encoding="utf-8")


def none_of(value: object) -> object:
    """JSON knows no nan."""
    return None if value != value else value  # noqa: PLR0124


if __name__ == "__main__":
    main()
