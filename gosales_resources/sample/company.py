"""Generates the sample company into a folder, chunk by chunk, and says what is in it.

The files appear all at once: they are written into a folder beside and renamed at the end.
"""

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from gosales_resources.errors import StorageError
from gosales_resources.sample import export
from gosales_resources.sample.behaviour import draw_customers, simulate
from gosales_resources.sample.catalogue import HISTORY_END, HISTORY_START, WINDOW_MONTHS
from gosales_resources.sample.mess import Counts, MessRates, soil
from gosales_resources.sample.orders import draw_orders
from gosales_resources.scope import cutoffs_between

Size = Literal["S", "M", "L", "XL"]
CUSTOMERS: dict[Size, int] = {"S": 2_000, "M": 20_000, "L": 100_000, "XL": 1_000_000}
# A chunk in memory takes about 1 GB at the most; chunks draw from their own seeds.
CHUNK_CUSTOMERS = 10_000
FIRST_CUTOFF = dt.date(2022, 12, 31)
LAST_CUTOFF = dt.date(2024, 12, 31)
MARKER = "gosales sample company"


@dataclass(frozen=True)
class SampleCompany:
    """Where the files are and what they hold."""

    folder: Path
    sales_log: Path
    taxonomy: Path
    customers: Path
    assets: Path
    true_probabilities: Path
    expected: Path
    seed: int
    customer_count: int
    prospect_count: int
    asset_count: int
    counts: Counts


def generate(
    out: Path,
    size: Size = "S",
    seed: int = 7,
    progress: Callable[[str], None] | None = None,
    *,
    customers: int | None = None,
    rates: MessRates | None = None,
) -> SampleCompany:
    """Write the sample company.

    Parameters
    ----------
    out
        Folder of the files; an earlier sample company in it is replaced.
    size
        How many customers: S 2,000, M 20,000, L 100,000, XL 1,000,000. XL has its truth at the
        last cutoff only.
    seed
        The same seed gives the same bytes.
    progress
        Called with a line of text after each chunk.
    customers
        Another number of customers than the size says.
    rates
        Another mess than the usual one.

    Returns
    -------
    SampleCompany
        Paths and exact counts, as in `expected.json`.

    Raises
    ------
    StorageError
        When `out` holds something else than a sample company.
    """
    out = out.expanduser().resolve()
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
    try:
        company = _write(
            work,
            CUSTOMERS[size] if customers is None else customers,
            seed,
            [LAST_CUTOFF] if size == "XL" else cutoffs_between(FIRST_CUTOFF, LAST_CUTOFF, 3),
            rates or MessRates(),
            progress or (lambda _: None),
        )
        work.chmod(0o755)
        _swap(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _located(out, company)


def _write(
    folder: Path,
    count: int,
    seed: int,
    cutoffs: list[dt.date],
    rates: MessRates,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Write all files; return what `expected.json` says."""
    months = [(c.year - HISTORY_START.year) * 12 + c.month - 1 for c in cutoffs]
    (folder / "truth").mkdir()
    counts, asset_count, prospect_count = Counts(), 0, 0
    with ExitStack() as stack:
        log, crm_file, assets_file = (
            stack.enter_context((folder / f"{name}.csv").open("wb"))
            for name in ("sales_log", "customers", "assets")
        )
        truth_file = stack.enter_context(
            pq.ParquetWriter(folder / "truth" / "true_probabilities.parquet", TRUTH,
                             compression="zstd")
        )  # fmt: skip
        for chunk, first in enumerate(range(0, count, CHUNK_CUSTOMERS)):
            rng = np.random.default_rng([seed, chunk])
            who = draw_customers(min(CHUNK_CUSTOMERS, count - first), rng)
            history = simulate(who, months, rng)
            rows, lines = draw_orders(history.bought, who, rng)
            crm = export.accounts(who, first, rng)
            soiled = soil(rows, lines, who, rng, rates)
            wide = export.wide_log(soiled, crm, chunk, rng)
            assets = export.installed_base(rows, lines, crm, rng)
            export.write_csv(wide, log, is_first=first == 0, is_erp=True)
            export.write_csv(crm.drop("branch"), crm_file, is_first=first == 0)
            export.write_csv(assets, assets_file, is_first=first == 0)
            table = export.truth(history, crm, [pl.lit(c) for c in cutoffs]).to_arrow()
            truth_file.write_table(table.cast(TRUTH))
            counts += soiled.counts
            asset_count += assets.height
            prospect_count += int((~history.bought.any(axis=(1, 2))).sum())
            progress(f"{first + len(who):,} of {count:,} customers, {counts.lines:,} lines")
    with (folder / "taxonomy.csv").open("wb") as file:
        export.write_csv(export.taxonomy(), file, is_first=True)
    expected = {
        "kind": MARKER,
        "seed": seed,
        "history_start": HISTORY_START.isoformat(),
        "history_end": HISTORY_END.isoformat(),
        "window_months": WINDOW_MONTHS,
        "cutoffs": [c.isoformat() for c in cutoffs],
        "customer_count": count,
        "prospect_count": prospect_count,
        "asset_count": asset_count,
        "counts": asdict(counts),
        "rates": asdict(rates),
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
    return expected | {"counts": counts}


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise StorageError(f"{out} is a file. Name a folder for the sample company.")
    if any(out.iterdir()) and not _is_sample(out):
        raise StorageError(
            f"{out} is not empty and holds no sample company (no expected.json of ours). "
            "Name another folder, or empty it."
        )


def _is_sample(folder: Path) -> bool:
    marker = folder / "expected.json"
    if not marker.is_file():
        return False
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return False
    return isinstance(content, dict) and content.get("kind") == MARKER


def _swap(work: Path, out: Path) -> None:
    """Put the new folder in the place of the old; the old one goes only when the new one stands."""
    if not out.exists():
        work.rename(out)
        return
    old = work.with_suffix(".old")
    out.rename(old)
    work.rename(out)
    shutil.rmtree(old)


def _located(out: Path, expected: dict[str, Any]) -> SampleCompany:
    return SampleCompany(
        folder=out,
        sales_log=out / "sales_log.csv",
        taxonomy=out / "taxonomy.csv",
        customers=out / "customers.csv",
        assets=out / "assets.csv",
        true_probabilities=out / "truth" / "true_probabilities.parquet",
        expected=out / "expected.json",
        seed=expected["seed"],
        customer_count=expected["customer_count"],
        prospect_count=expected["prospect_count"],
        asset_count=expected["asset_count"],
        counts=expected["counts"],
    )


TRUTH = pa.schema(
    [
        ("customer_id", pa.string()),
        ("division", pa.string()),
        ("cutoff", pa.date32()),
        ("p_true", pa.float64()),
        ("owned_before", pa.bool_()),
    ]
)
