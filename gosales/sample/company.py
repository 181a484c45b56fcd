"""Generates the sample company into a folder, chunk by chunk, and says what is in it.

The files appear all at once: they are written into a folder beside and renamed at the end.
"""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gosales.sample import export
from gosales.sample.accounts import accounts
from gosales.sample.behaviour import draw_customers, simulate
from gosales.sample.catalogue import HISTORY_END, HISTORY_START, WINDOW_MONTHS
from gosales.sample.directory import company_directory
from gosales.sample.faults import Counts, FaultRates, add_faults
from gosales.sample.orders import draw_orders
from gosales_resources.dates import cutoffs_between
from gosales_resources.errors import StorageError
from gosales_resources.store.atomic import working_folder

Size = Literal["S", "M", "L", "XL"]
CUSTOMERS: dict[Size, int] = {"S": 2_000, "M": 20_000, "L": 100_000, "XL": 1_000_000}
# A chunk in memory takes about 1 GB at the most; chunks draw from their own seeds.
CHUNK_CUSTOMERS = 10_000
FIRST_CUTOFF = dt.date(2022, 12, 31)
LAST_CUTOFF = dt.date(2024, 12, 31)
MARKER = "gosales sample company"
TRUTH = pa.schema(
    [
        ("customer_id", pa.string()),
        ("division", pa.string()),
        ("cutoff", pa.date32()),
        ("p_true", pa.float64()),
        ("owned_before", pa.bool_()),
    ]
)
DIRECTORY_TRUTH = pa.schema(
    [("directory_id", pa.string()), ("customer_id", pa.string()), ("kind", pa.string())]
)


@dataclass(frozen=True)
class SampleCompany:
    """Where the files are and what they hold."""

    folder: Path
    sales_log: Path
    taxonomy: Path
    customers: Path
    assets: Path
    enrichment: Path
    true_probabilities: Path
    enrichment_truth: Path
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
    rates: FaultRates | None = None,
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
        Other rates of faults than the usual ones.

    Returns
    -------
    SampleCompany
        Paths and exact counts, as in `expected.json`.

    Raises
    ------
    StorageError
        When `out` holds something else than a sample company.
    ValueError
        When `customers` is below 1.
    """
    out = out.expanduser().resolve()
    _refuse_foreign(out)
    count = CUSTOMERS[size] if customers is None else customers
    if count < 1:
        raise ValueError(f"customers is {count}; a company has at least one.")
    every = cutoffs_between(FIRST_CUTOFF, LAST_CUTOFF, 3)
    cutoffs = [LAST_CUTOFF] if size == "XL" else every
    plan = _Plan(count, seed, cutoffs, rates or FaultRates())
    with working_folder(out.parent, out.name) as work:
        tally = _write(work, plan, progress or (lambda _: None))
        # A temporary folder is closed to others; this one is to be shared.
        work.chmod(0o755)
        _swap(work, out)
    return _company_in(out, plan, tally)


@dataclass(frozen=True)
class _Plan:
    """What to write."""

    count: int
    seed: int
    cutoffs: list[dt.date]
    rates: FaultRates


@dataclass(frozen=True)
class _Files:
    """Open files that chunks are appended to."""

    log: BinaryIO
    customers: BinaryIO
    assets: BinaryIO
    enrichment: BinaryIO
    truth: pq.ParquetWriter
    enrichment_truth: pq.ParquetWriter


@dataclass(frozen=True)
class _Tally:
    """What has been written so far."""

    counts: Counts = field(default_factory=Counts)
    asset_count: int = 0
    prospect_count: int = 0

    def __add__(self, other: "_Tally") -> "_Tally":
        return _Tally(
            self.counts + other.counts,
            self.asset_count + other.asset_count,
            self.prospect_count + other.prospect_count,
        )


def _company_in(folder: Path, plan: _Plan, tally: _Tally) -> SampleCompany:
    return SampleCompany(
        folder=folder,
        sales_log=folder / "sales_log.csv",
        taxonomy=folder / "taxonomy.csv",
        customers=folder / "customers.csv",
        assets=folder / "assets.csv",
        enrichment=folder / "enrichment.csv",
        true_probabilities=folder / "truth" / "true_probabilities.parquet",
        enrichment_truth=folder / "truth" / "enrichment.parquet",
        expected=folder / "expected.json",
        seed=plan.seed,
        customer_count=plan.count,
        prospect_count=tally.prospect_count,
        asset_count=tally.asset_count,
        counts=tally.counts,
    )


def _write(folder: Path, plan: _Plan, progress: Callable[[str], None]) -> _Tally:
    """Write all files; return what is in them."""
    (folder / "truth").mkdir()
    tally = _Tally()
    with ExitStack() as stack:

        def writer(name: str, schema: pa.Schema) -> pq.ParquetWriter:
            path = folder / "truth" / name
            return stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))

        files = _Files(
            log=stack.enter_context((folder / "sales_log.csv").open("wb")),
            customers=stack.enter_context((folder / "customers.csv").open("wb")),
            assets=stack.enter_context((folder / "assets.csv").open("wb")),
            enrichment=stack.enter_context((folder / "enrichment.csv").open("wb")),
            truth=writer("true_probabilities.parquet", TRUTH),
            enrichment_truth=writer("enrichment.parquet", DIRECTORY_TRUTH),
        )
        for first in range(0, plan.count, CHUNK_CUSTOMERS):
            tally += _write_chunk(files, plan, first)
            done = min(first + CHUNK_CUSTOMERS, plan.count)
            progress(f"{done:,} of {plan.count:,} customers, {tally.counts.lines:,} lines")
    with (folder / "taxonomy.csv").open("wb") as file:
        export.write_csv(export.taxonomy(), file, is_first=True)
    text = json.dumps(_expectation(plan, tally), indent=2) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8")
    return tally


def _write_chunk(files: _Files, plan: _Plan, first: int) -> _Tally:
    """Append customers `first` and on to all files."""
    chunk = first // CHUNK_CUSTOMERS
    rng = np.random.default_rng([plan.seed, chunk])
    who = draw_customers(min(CHUNK_CUSTOMERS, plan.count - first), rng)
    months = [(c.year - HISTORY_START.year) * 12 + c.month - 1 for c in plan.cutoffs]
    history = simulate(who, months, rng)
    rows, lines = draw_orders(history.bought, who, rng)
    crm = accounts(who, first, rng)
    faulty = add_faults(rows, lines, who, rng, plan.rates)
    wide = export.wide_log(faulty, crm, chunk, rng)
    assets = export.installed_base(rows, lines, crm, rng)
    export.write_csv(wide, files.log, is_first=first == 0, is_erp=True)
    export.write_csv(crm.drop("branch"), files.customers, is_first=first == 0)
    export.write_csv(assets, files.assets, is_first=first == 0)
    has_bought = np.asarray(history.bought.any(axis=(1, 2)))
    directory, whose = company_directory(crm, has_bought, first, plan.seed)
    export.write_csv(directory, files.enrichment, is_first=first == 0)
    files.enrichment_truth.write_table(whose.to_arrow().cast(DIRECTORY_TRUTH))
    for table in export.truth(history, crm, plan.cutoffs):
        files.truth.write_table(table.to_arrow().cast(TRUTH))
    return _Tally(faulty.counts, assets.height, int((~has_bought).sum()))


def _expectation(plan: _Plan, tally: _Tally) -> dict[str, Any]:
    return {
        "kind": MARKER,
        "seed": plan.seed,
        "history_start": HISTORY_START.isoformat(),
        "history_end": HISTORY_END.isoformat(),
        "window_months": WINDOW_MONTHS,
        "cutoffs": [c.isoformat() for c in plan.cutoffs],
        "customer_count": plan.count,
        "prospect_count": tally.prospect_count,
        "asset_count": tally.asset_count,
        "counts": asdict(tally.counts),
        "rates": asdict(plan.rates),
    }


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
