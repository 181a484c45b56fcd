"""Pages: a list of a million rows, and sessions at once on the real server.

`python benchmarks/pages.py [rows] [sessions]`. The list is drawn, stored and recorded in a history; what
is timed is what a click costs on the server: the rows of the page and their number, as the table asks for
them. The sessions are web sockets that ask for the first page of a small world all at once, as browsers do.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
from streamlit.dataframe.lazy_df_adapters import PolarsLazyFrameSource
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.world import machine, peak_mib, show
from gosales.pages.desk import Office
from gosales.pages.views.list_rows import Filters, choose, columns_of, figures, ordered
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.instance.recorded import CHECKSUM
from gosales_resources.store.address import Address
from tests.worlds.erp import random_rows, write_world
from tests.worlds.lists import DAY, list_of

ROWS, SESSIONS, TIMES = 1_000_000, 20, 20
REPS, SEED = 200, 7
# What the table asks for first; more as one scrolls.
PAGE = 1_000
CURRENCY, MONTHS = "USD", 6


def pages(rows: int = ROWS, sessions: int = SESSIONS) -> None:
    """Measure the list's clicks, then the sessions."""
    with tempfile.TemporaryDirectory(prefix="gosales-pages-") as name:
        folder = Path(name)
        platform = Platform.of(write_world(folder, random_rows(1)))
        _store(platform, drawn_list(rows))
        _clicks(platform, rows)
        _sessions(folder, sessions)
    print(machine())


def drawn_list(rows: int) -> pl.DataFrame:
    """Draw a list: names, reasons and figures as long and as different as real ones."""
    draw = np.random.default_rng(SEED)
    customer = pl.int_range(rows, eager=True).cast(pl.String).str.zfill(8)
    chance = np.sort(draw.beta(1, 12, rows))[::-1]
    value = draw.lognormal(7, 1, rows)
    rep = pl.Series("rep", [f"Representative {n:03d}" for n in draw.integers(0, REPS, rows)])
    orders = pl.Series("n", draw.integers(1, 40, rows)).cast(pl.String)
    whole = list_of({}).select(pl.all().repeat_by(rows).explode())
    return whole.with_columns(
        place=pl.int_range(1, rows + 1), rank=pl.int_range(1, rows + 1), customer_id=customer,
        customer_name="Customer " + customer + " Holdings", rep=rep, p_icp=chance, p_low=chance * 0.8,
        p_high=chance * 1.2, ev=chance * value, conditional_value=value,
        is_selected=pl.int_range(rows) < rows // 10,
        nba_reason="Last order " + orders + " days ago; " + orders + " orders in 12 months, bought it",
    )  # fmt: skip


def _store(platform: Platform, rows: pl.DataFrame) -> None:
    address = Address(WHITESPACE.name, DAY)
    provenance = platform.freshness.provenance_of(WHITESPACE, address)
    written = platform.store.write_table(address, rows, provenance)
    made = dg.AssetMaterialization(
        WHITESPACE.name, partition=str(DAY), metadata={CHECKSUM: written.sha256}
    )
    with open_instance(platform) as instance:
        instance.report_runless_asset_event(made)


def _clicks(platform: Platform, rows: int) -> None:
    before = peak_mib()
    began = time.perf_counter()
    reading = Office.of(platform.settings).reading
    whole = reading.listed(DAY)
    loaded = time.perf_counter() - began
    columns = columns_of(whole, CURRENCY, MONTHS, of_all=True)

    def page(filters: Filters, order: str) -> float:
        began = time.perf_counter()
        lazy = reading.listed(DAY).lazy()
        chosen = ordered(choose(lazy, filters), order)
        source = PolarsLazyFrameSource(figures(chosen, columns, 0))
        assert source.load_rows(0, PAGE).num_rows <= source.row_count
        return time.perf_counter() - began

    asked = {
        "first page": (Filters(), "Rank"),
        "filter by rep": (Filters(rep="Representative 007"), "Rank"),
        "sort by expected value": (Filters(), "Expected value"),
        "find a name": (Filters(text="00007 hold"), "Rank"),
    }
    told = [("load, once for all sessions", f"{loaded:.1f} s", "")]
    for name, (filters, order) in asked.items():
        seconds = [page(filters, order) for _ in range(TIMES)]
        median = statistics.median(seconds)
        told.append((name, f"{median * 1000:.0f} ms (worst {max(seconds) * 1000:.0f})", "<= 1 s"))
    told.append(
        ("peak memory", f"{peak_mib() / 1024:.2f} GiB (before: {before / 1024:.2f})", "<= 2 GB")
    )
    show(f"pages: a list of {rows:,} rows, median of {TIMES}", told)


def _sessions(folder: Path, sessions: int) -> None:
    command = [sys.executable, "-m", "gosales", "pages", "--port", "0"]
    with subprocess.Popen(
        [*command, "--config", str(folder / "gosales.yaml")],
        stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    ) as server:  # fmt: skip
        try:
            assert server.stderr is not None
            url = server.stderr.readline().split()[2]
            _wait(url)
            _session(url)
            warm = statistics.median(_session(url)[0] for _ in range(5))
            began = time.perf_counter()
            with ThreadPoolExecutor(sessions) as pool:
                found = list(pool.map(_session, [url] * sessions))
            whole = time.perf_counter() - began
            memory = _peak_of(server.pid)
        finally:
            server.terminate()
    seconds = [one for one, _ in found]
    worst = f"{statistics.median(seconds):.1f} s (worst {max(seconds):.1f})"
    show(
        f"pages: {sessions} sessions at once, the list of that store",
        [
            ("one alone, warm, the whole page", f"{warm:.1f} s", ""),
            ("until each has its page", worst, ""),
            ("all of them", f"{whole:.1f} s", ""),
            ("errors", str(sum(error for _, error in found)), "0"),
            ("peak memory of the server", memory, "<= 2 GB"),
        ],
    )


def _peak_of(process: int) -> str:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return f"{kib / 2**20:.2f} GiB"


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)


def _session(url: str) -> tuple[float, int]:
    """Open a session and ask for the first page; return seconds and errors."""
    began, errors = time.perf_counter(), 0
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, origin=url, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[arg-type,list-item]
        socket.send(asked.SerializeToString())
        while True:
            told = ForwardMsg()
            told.ParseFromString(socket.recv(timeout=300))  # type: ignore[arg-type]
            kind = told.WhichOneof("type")
            if kind == "delta" and told.delta.new_element.WhichOneof("type") == "exception":
                errors += 1
            if kind == "script_finished":
                return time.perf_counter() - began, errors


if __name__ == "__main__":
    pages(*map(int, sys.argv[1:]))
