"""The first thing a new user runs: a sample company, the whole graph on it, and what came of it."""

import datetime as dt
import json
import shutil
from importlib.resources import files
from pathlib import Path

from gosales.cli.lists import print_head
from gosales.cli.report import print_calls, print_outcome, print_quality
from gosales.cli.terminal import say, tell, under_settings
from gosales.sample.company import CUSTOMERS, Size, generate
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.instance import write_environment
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import StorageError
from gosales_resources.settings.loading import load_settings

SEED = 7
# Half a year apart, as long as a label window: each model has met its outcome when the next is made.
CUTOFFS = (dt.date(2024, 6, 30), dt.date(2024, 12, 31), dt.date(2025, 6, 30))
LIST_ROWS = 15


def run_demo(folder: Path, size: Size) -> int:
    """Generate the sample company, run the whole graph for several cutoffs, print what it found.

    The second run generates nothing anew and makes the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "gosales.yaml"
    if not config.exists():
        template = files("gosales.sample").joinpath("gosales.yaml")
        config.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    data = folder / "data"
    expected = data / "expected.json"
    if not expected.is_file():
        generate(data, size, SEED, say)
    elif _customers(expected) != CUSTOMERS[size]:
        raise StorageError(f"{data} holds another size than {size}; give another --folder.")
    else:
        say(f"sample company of size {size}: already in {data}")
    platform = Platform.of(load_settings(config))
    # In the demo's folder, and here, where `make demo` was said.
    for place in (folder, Path.cwd()):
        write_environment(platform, place)
    with under_settings(config):
        outcome = carry_out(platform, Command("demo", Request(CUTOFFS)), say)
        print_outcome(platform, outcome)
    if outcome.error:
        return 1
    tell()
    print_head(platform, CUTOFFS[-1].isoformat(), LIST_ROWS)
    print_quality(platform, CUTOFFS)
    print_calls(platform, CUTOFFS)
    _print_next(platform, config)
    return 1 if outcome.blocked else 0


def _customers(expected: Path) -> int:
    return int(json.loads(expected.read_text(encoding="utf-8"))["customer_count"])


def _print_next(platform: Platform, config: Path) -> None:
    python = shutil.which("gosales") or "gosales"
    tell(
        f"""
Where things lie
  settings   {config}
  raw data   {platform.settings.source_dir}
  tables     {platform.store.root}
  runs       {platform.settings.store_root / "dagster"}

What to do next
  make ui                                        look at assets, checks and runs in the browser
  {python} list --config {config} --cutoff {CUTOFFS[-1]} --rep "Ugo Lindt"
  {python} export --config {config} --cutoff {CUTOFFS[-1]}
  {python} backtest --config {config} --cutoffs {CUTOFFS[0]}..{CUTOFFS[1]}
  edit a copy of {config} for your own sales log; then
  {python} config check --config FILE
  {python} materialize --config FILE --cutoffs 2024-03-31..2024-12-31 --dry-run
"""
    )
