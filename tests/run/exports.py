"""Exports as three companies would send them; nothing of the sample company's generator."""

import csv
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

DAYS = 900
GROUPS = {
    "Schläuche": ["10-001", "10-002"],
    "Pumpen": ["020-001", "020-002"],
    "Öle & Fette": ["30-100", "30-200"],
}
CATEGORIES = {"Gloves": ["GLV-S", "GLV-L"], "Masks": ["N95", "KN95"], "Cleaners": ["CLN", "WIPES"]}
DESKS = ["Desk", "Chair", "Lamp", "Shelf: tall"]


def orders(
    start: dt.date, customers: int, seed: int
) -> Iterator[tuple[random.Random, dt.date, int]]:
    """Draw on which working days who buys; some customers are far more eager than others."""
    draw = random.Random(seed)
    eager = [draw.random() ** 3 for _ in range(customers)]
    for number in range(DAYS):
        day = start + dt.timedelta(days=number)
        for customer in range(customers if day.weekday() < 5 else 0):
            if draw.random() < 0.004 + 0.05 * eager[customer]:
                yield draw, day, customer


def german(folder: Path, customers: int = 60) -> None:
    """Write a wholesaler's export: semicolons, decimal comma, dd.mm.yyyy, euro signs, cp1252."""
    head = ["Beleg-Nr.", "Belegdatum", "Buchungsdatum", "Kd-Nr.", "Kundenname", "Artikel-Nr.",
            "Artikelbezeichnung", "Warengruppe", "Menge", "Einzelpreis", "Nettoumsatz",
            "Deckungsbeitrag", "Gebiet"]  # fmt: skip
    rows = []
    for number, (draw, day, customer) in enumerate(orders(dt.date(2022, 1, 3), customers, 1)):
        group = draw.choice(list(GROUPS))
        article, units = draw.choice(GROUPS[group]), draw.choice([1, 2, 10])
        price = draw.choice([19.9, 1250.5])
        booked = day + dt.timedelta(days=draw.choice([0, 0, 2]))
        rows.append(
            [f"RE{number:06d}", f"{day:%d.%m.%Y}", f"{booked:%d.%m.%Y}", f"{customer:06d}",
             f"Müller & Söhne {customer}", article, f"{group} {article}", group, units,
             euro(price), f"{euro(price * units)} €", euro(price * units * 0.3), "Süd"]
        )  # fmt: skip
    _write(folder / "Verkäufe.csv", head, rows, ";", "cp1252")
    accounts = [
        [
            f"{n:06d}",
            f"Müller & Söhne {n}",
            ("Bau", "Chemie")[n % 2],
            3 + n,
            "12.500,00",
            "01.03.2024",
        ]
        for n in range(customers)
    ]
    columns = ["Kd-Nr.", "Firma", "Branche", "Mitarbeiter", "Umsatz gesamt", "Letzte Bestellung"]
    _write(folder / "Kunden.csv", columns, accounts, ";", "cp1252")


def american(folder: Path, customers: int = 60) -> None:
    """Write a distributor's export: long, mm/dd/yyyy, dollar signs, categories in the log."""
    head = ["Invoice #", "Invoice Date", "Account No", "Account Name", "Sales Rep", "Item SKU",
            "Product Category", "Qty", "Ext Price", "Ext Cost", "Terms"]  # fmt: skip
    rows = []
    for number, (draw, day, customer) in enumerate(orders(dt.date(2021, 7, 1), customers, 2)):
        category = draw.choice(list(CATEGORIES))
        sku, units = draw.choice(CATEGORIES[category]), draw.choice([1, 4, 12])
        house = "House" if sku == "WIPES" and number % 9 == 0 else category
        worth = f"${1250.25 * units:,.2f}" if number % 30 else f"(${1250.25 * units:,.2f})"
        rows.append(
            [88001 + number, f"{day:%m/%d/%Y}", 40000 + customer, f"Acme Dental #{customer}",
             ("Ortiz", "Lee")[customer % 2], sku, house, units if number % 30 else -units, worth,
             "$1.00", "Net 30"]
        )  # fmt: skip
    _write(folder / "sales.csv", head, rows, ",", "utf-8-sig")


def wide(folder: Path, customers: int = 60) -> None:
    """Write a wide export with tabs: "Desk Revenue" beside "Desk Units"."""
    head = ["Order ID", "Ordered On", "Client ID", "Client", "Region", "Channel"]
    head += [f"{sku} {what}" for sku in DESKS for what in ("Revenue", "Units")]
    rows = []
    for number, (draw, day, customer) in enumerate(orders(dt.date(2021, 1, 4), customers, 3)):
        sold = draw.choice(DESKS)
        cells = [c for sku in DESKS for c in (("349.50", 2) if sku == sold else ("", ""))]
        rows.append(
            [f"O{number:06d}", f"{day:%Y/%m/%d}", f"C{customer:03d}", f"Client No {customer}",
             "EMEA", "web", *cells]
        )  # fmt: skip
    _write(folder / "orders.tsv", head, rows, "\t", "utf-8")


def euro(amount: float) -> str:
    """Write an amount as 1.234,50."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _write(path: Path, head: list, rows: list[list], separator: str, encoding: str) -> None:
    with path.open("w", newline="", encoding=encoding) as handle:
        writer = csv.writer(handle, delimiter=separator)
        writer.writerow(head)
        writer.writerows(rows)
