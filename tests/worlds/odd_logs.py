"""Small sales logs as nobody should write them: odd headers, odd cells, odd shapes, from a seed."""

import random
from collections.abc import Callable
from pathlib import Path

NATURAL = {
    "Invoice No": "invoice", "Customer No": "customer", "Invoice Date": "date", "Item No": "sku",
    "Quantity": "count", "Net Amount": "money",
}  # fmt: skip
HEADERS = [
    "Order Status", "Currency", "Rate", "Unit Price", "Gross Margin %", "Discount", "_SalesTeamID",
    "Document Type", "Region", "Sales Rep", "Category", "Kd-Nr.", "Umsatz", "Nota Fiscal", "Data",
    "Produto", "", " ", "=cmd|'/C calc'!A0", 'a"b', "x\ny", "Ünïcode ☃", "sku", "SKU", "customer_id",
    "revenue", "row", "day", "%", "#", "null", "Order Total", "Period", "Qty", "A_Qty", "A", "B",
    "B_Qty", "a: b", "- x", "日本語", "A" * 300, "Invoice No", "line", "(column 2)",
]  # fmt: skip
SIGNS = "aZ09 .,;:'\"-()%$€\u0663\u2212\x00\x07\u200bé漢=+@|{}[]#&!"
CELLS: dict[str, Callable[[random.Random, int], str]] = {
    "date": lambda _, n: f"2023-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
    "day first": lambda _, n: f"{n % 28 + 1:02d}/{n % 12 + 1:02d}/{2022 + n % 2}",
    "dates": lambda _, n: (f"{n % 28 + 1:02d}/11/23", "2023-05-06 21:00:00 -0500", "n/a")[n % 3],
    "month": lambda _, n: f"2023-{n % 12 + 1:02d}",
    "zoned": lambda _, n: f"2023-{n % 12 + 1:02d}-{n % 28 + 1:02d}T21:00:00+01:00",
    "serial": lambda _, n: str(44_900 + n),
    "invoice": lambda _, n: f"R{1000 + n // 2}",
    "customer": lambda _, n: f"C{n // 2 % 7}",
    "sku": lambda _, n: f"A{n % 4}",
    "count": lambda draw, _: str(draw.randint(-2, 20)),
    "money": lambda draw, _: f"{draw.uniform(-50, 2000):.2f}",
    "euro": lambda draw, _: f"{draw.uniform(0, 2000):.2f} €".replace(".", ","),
    "rounded id": lambda _, n: f"5.0123{n % 5}E+12",
    "float id": lambda _, n: f"{n % 5}.0",
    "constant": lambda *_: "4.76",
    "word": lambda draw, _: draw.choice(["Cancelled", "Shipped", "", "Credit Memo", "NULL", "CASH"]),
    "junk": lambda draw, _: "".join(draw.choice(SIGNS) for _ in range(draw.randint(0, 12))),
    "blank": lambda *_: "",
    "currencies": lambda draw, _: draw.choice(["USD", "EUR"]),
}  # fmt: skip
TAXONOMY = "sku,division\n" + "".join(f"A{n},D{n % 2}\n" for n in range(4))


def write_odd_log(folder: Path, seed: int) -> list[str]:
    """Write `log.csv`, and mostly `taxonomy.csv`; return the arguments of `source inspect`."""
    draw = random.Random(seed)
    base = list(NATURAL) if draw.random() < 0.8 else []
    names = base + draw.sample(HEADERS, draw.randint(0 if base else 2, 4))
    if draw.random() < 0.9:
        names = list(dict.fromkeys(names))
    count = draw.choice([0, 1, 4, 40, 60, 60])
    kinds = [
        NATURAL[n] if n in NATURAL and draw.random() < 0.93 else draw.choice(list(CELLS))
        for n in names
    ]
    columns = [[CELLS[kind](draw, n) for n in range(count)] for kind in kinds]
    rows = [names, *(list(cells) for cells in zip(*columns, strict=True))]
    if draw.random() < 0.1:
        rows.insert(draw.randint(1, len(rows)), ["Total", *[""] * (len(names) - 2), "99"])
    if draw.random() < 0.05:
        rows = [row + [""] * (at > 0) for at, row in enumerate(rows)]
    if draw.random() < 0.1:
        rows.append(rows[-1])
    (folder / "log.csv").write_bytes(_damaged(draw, _written(draw, rows)))
    if draw.random() < 0.85:
        (folder / "taxonomy.csv").write_text(TAXONOMY, encoding="utf-8")
        return ["log.csv", "--taxonomy", "taxonomy.csv"]
    return ["log.csv"]


def _written(draw: random.Random, rows: list[list[str]]) -> bytes:
    separator = draw.choice(",,,;\t|")
    end = draw.choice(["\n", "\r\n"])

    def quoted(cell: str) -> str:
        is_odd = any(sign in cell for sign in (separator, '"', "\n"))
        return '"' + cell.replace('"', '""') + '"' if is_odd or draw.random() < 0.05 else cell

    text = end.join(separator.join(map(quoted, row)) for row in rows)
    text += end * (draw.random() < 0.8)
    return text.encode(draw.choice(["utf-8"] * 8 + ["utf-8-sig", "cp1252", "utf-16"]), "replace")


def _damaged(draw: random.Random, content: bytes) -> bytes:
    if content and draw.random() < 0.05:
        content = content[: draw.randint(0, len(content))]
    if content and draw.random() < 0.05:
        changed = bytearray(content)
        changed[draw.randrange(len(changed))] = draw.randrange(256)
        content = bytes(changed)
    return content
