"""Faults of raw files: cut off, changed while read, noisy, malformed, with other columns."""

import csv
import gzip
import io
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from fault_world import (
    RECORD,
    STAR,
    Child,
    Result,
    accept_past,
    account,
    another,
    build,
    difference,
    half_written,
    healed,
    lines_of,
    records,
    stored,
)

LOG = "sales_log.csv"
CUTS = {"in its first bytes": 6, "at a third": 0.33, "at 90 %": 0.9, "in its check sum": -4}
NOISE_SEEDS = (1, 2, 3, 4)
MALFORMED_ROWS = 1_000_000
LONG_HEADER = "customer_id,order_date,invoice_id,sku,quantity,gross_profit"


def truncated_archive(world: Path) -> list[Result]:
    """Deliver a .csv.gz that ends too early, then the whole one."""
    world = another(world, "packed")
    change_settings(world, path=f"{LOG}.gz")
    whole = gzip.compress((world / "data" / LOG).read_bytes(), mtime=0)
    (world / "data" / f"{LOG}.gz").write_bytes(whole)
    build(whole_world := another(world, "whole"))
    reference = stored(whole_world)
    return [_truncated(world, name, cut, whole, reference) for name, cut in CUTS.items()]


def _truncated(
    world: Path, name: str, cut: float, whole: bytes, reference: dict[str, str]
) -> Result:
    folder = another(world, "cut")
    path = folder / "data" / f"{LOG}.gz"
    path.write_bytes(whole[: cut if isinstance(cut, int) else int(len(whole) * cut)])
    return refused(
        f".csv.gz cut off {name}", folder, reference, [path.name], lambda: path.write_bytes(whole)
    )


def refused(
    fault: str,
    folder: Path,
    reference: dict[str, str],
    words: list[str],
    mend: Callable[[], object],
) -> Result:
    """Expect one clear error that stores nothing, mend the cause, expect the undisturbed bytes."""
    done = build(folder)
    left = list(stored(folder))
    mend()
    found = half_written(folder) or healed(folder, reference)
    shown = done.error.removeprefix("error: ").replace(str(folder), "<world>")
    return Result(
        fault,
        done.is_clear(*words) and not left and not found,
        f"exit {done.code}: {shown[:140] or done.told[-300:]}",
        str(left or found or "nothing loaded; healed to the same bytes"),
    )


def changed_while_read(world: Path) -> list[Result]:
    """Append to the log, and replace rows of it, all the time that a build runs; then stop."""
    return [
        _changed(world, "appended to", _append),
        _changed(world, "overwritten", _overwrite),
        _changed(world, "replaced by a new file", _swap),
    ]


def _changed(world: Path, name: str, change: Callable[[Path, bytes], None]) -> Result:
    folder = another(world, "changing")
    path, stop = folder / "data" / LOG, threading.Event()
    content = path.read_bytes()

    def write() -> None:
        while not stop.is_set():
            change(path, content)
            time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    # Without names of assets: the second build looks at what is current.
    done = Child(folder, ("--cutoffs", "2022-12-31")).wait()
    stop.set()
    writer.join()
    build(whole := another(folder, "whole"), ("--cutoffs", "2022-12-31"))
    # What was replaced after a build had ended is a restated past: said, and accepted here.
    accept_past(folder, ("--cutoffs", "2022-12-31"))
    found = healed(folder, stored(whole), ("--cutoffs", "2022-12-31"))
    is_clear = done.code == 0 or done.is_clear(LOG, "changed while it was read")
    shown = done.error.replace(str(folder), "<world>") or done.told[-200:]
    return Result(
        f"file {name} while it is read",
        is_clear and not found,
        f"exit {done.code}: {shown}" if done.code else "a build between two changes",
        found or "a rerun has the bytes of the last state",
    )


def _append(path: Path, content: bytes) -> None:
    # The last record again: a copy to the build, another file to its reader.
    with path.open("ab") as handle:
        handle.write(content[content.rstrip().rfind(b"\n") + 1 :])


def _overwrite(path: Path, content: bytes) -> None:
    # Another digit at the end of some row: the size stays.
    draw = random.Random(time.time_ns())
    end = content.find(b"\n", draw.randrange(len(content) // 2, len(content) - 1))
    place = max(content.rfind(digit, 0, end) for digit in (b"1", b"2", b"3"))
    with path.open("rb+") as handle:
        handle.seek(place)
        handle.write(str(draw.randrange(1, 4)).encode())


def _swap(path: Path, content: bytes) -> None:
    beside = path.with_name(".new")
    beside.write_bytes(content)
    os.replace(beside, path)


def noise(world: Path) -> list[Result]:
    """Replace one byte in a hundred by any byte; a line of the undamaged rows alone must stay."""
    return [_noisy(world, seed) for seed in NOISE_SEEDS]


def _noisy(world: Path, seed: int) -> Result:
    folder, clean = another(world, "noisy"), another(world, "clean")
    content = bytearray((world / "data" / LOG).read_bytes())
    start, draw = content.find(b"\n") + 1, random.Random(seed)
    damaged = {n for n in range(start, len(content)) if draw.random() < 0.01}
    kept = [bytes(content[:start])]
    for record in RECORD.finditer(bytes(content), start):
        # The byte before it too: without its line end a row is one with the next.
        if not damaged.intersection(range(record.start() - 1, record.end())):
            kept.append(record.group())
    for place in sorted(damaged):
        content[place] = draw.randrange(256)
    (folder / "data" / LOG).write_bytes(content)
    (clean / "data" / LOG).write_bytes(b"".join(kept))
    # Nearly every row of it is a reject, on purpose; that such a share blocks has its own tests.
    done = build(folder, (*STAR, "--set", "contracts.rejects_block_frac=1"))
    other = build(clean)
    if done.code or other.code:
        return Result(f"1 % noise, seed {seed}", False, done.told[-400:], other.told[-200:])
    is_good, text = account(folder, records(bytes(content)), done.told)
    wanted = lines_of(clean)
    lost = (wanted - lines_of(folder)).total()
    return Result(
        f"1 % noise, seed {seed}: {len(damaged):,} bytes",
        is_good and not lost,
        text,
        f"{wanted.total() - lost:,} of {wanted.total():,} lines of undamaged rows loaded",
    )


def malformed(world: Path) -> Result:
    """Deliver a million rows of which none can be loaded, and ten that can."""
    folder = another(world, "malformed")
    change_settings(
        folder,
        layout="long",
        columns={name: name for name in LONG_HEADER.split(",")},
        aliases=None,
        ignored_columns=None,
    )
    write_malformed(folder / "data" / LOG, MALFORMED_ROWS)
    # All but ten are rejects, on purpose.
    done = build(folder, (*STAR, "--set", "contracts.rejects_block_frac=1"))
    if done.code:
        return Result(f"{MALFORMED_ROWS:,} malformed rows", False, done.told[-500:], "")
    is_good, text = account(folder, MALFORMED_ROWS + 10, done.told)
    # Ten sound ones on top.
    is_good = is_good and "10 loaded" in text and "0 copies" in text
    return Result(
        f"{MALFORMED_ROWS:,} malformed rows of six kinds",
        is_good and done.peak_mib < 4096,
        f"{done.seconds:.0f} s, peak {done.peak_mib / 1024:.2f} GiB",
        text,
    )


def write_malformed(path: Path, count: int) -> None:
    """Write a long log of ten sound rows between `count` that have one of six faults each."""
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(f"{LONG_HEADER}\n")
        for n in range(count):
            good = [f"c{n}", "2023-05-06", f"i{n}", "SWX_Core", "1", "10.00"]
            row = [
                good[:5],
                [*good, "more"],
                [good[0], f"2023-13-{n}", *good[2:]],
                [*good[:3], f"sku {n % 50}", *good[4:]],
                ["", *good[1:]],
                [*good[:5], "ten"],
            ][n % 6]
            handle.write(",".join(row) + "\n")
            if n % (count // 10) == 0:
                handle.write(",".join([f"s{n}", *good[1:]]) + "\n")


def columns_changed(world: Path) -> list[Result]:
    """Deliver the same rows with columns in another order, one twice, one under another name."""
    rows = list(csv.reader(io.StringIO((world / "data" / LOG).read_text(encoding="utf-8-sig"))))
    build(whole := another(world, "whole"))
    reference = stored(whole)
    folder = another(world, "columns")
    path = folder / "data" / LOG
    original = path.read_bytes()
    width = len(rows[0])
    order = random.Random(1).sample(range(width), width)
    # Rows of another width stay as they are: nobody knows which of their fields is which.
    _write(path, [[r[n] for n in order] if len(r) == width else r for r in rows])
    done = build(folder)
    if done.code:
        return [Result("columns in another order", False, done.told[-400:], "")]
    differing = difference(stored(folder), reference)
    is_good, text = account(folder, records(path.read_bytes()), done.told)
    results = [
        Result(
            "columns in another order",
            is_good and not differing,
            text,
            differing or "all bytes as before",
        )
    ]
    changes = {
        "a column twice": ([rows[0][0], *rows[0]], [rows[0][0], "named twice"]),
        "a column renamed": (
            ["Company_Id", *rows[0][1:]],
            ["CompanyId", "Did you mean 'Company_Id'"],
        ),
    }
    for name, (header, words) in changes.items():
        folder = another(world, "columns")
        path = folder / "data" / LOG
        extra = len(header) - width
        _write(path, [header, *([r[0], *r] if extra else r for r in rows[1:])])
        results.append(
            refused(name, folder, reference, [LOG, *words], lambda p=path: p.write_bytes(original))
        )
    return results


def change_settings(folder: Path, **changes: object) -> None:
    """Set keys of the sales log's settings; None removes one."""
    path = folder / "gosales.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    log = settings["source"]["sales_log"] | changes
    settings["source"]["sales_log"] = {k: v for k, v in log.items() if v is not None}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
