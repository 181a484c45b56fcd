"""What a person has decided about a source, as options of `gosales source inspect`."""

import argparse
from pathlib import Path

from gosales.onboarding.proposal import InspectedFiles
from gosales_resources.errors import SettingsError

ROWS = 5000


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Declare the files, where to write, and the answers."""
    parser.add_argument("path", metavar="PATH", help="sales log: a file, a folder or a glob")
    parser.add_argument("--taxonomy", metavar="FILE", help="which SKU belongs to which division")
    parser.add_argument("--customers", metavar="FILE", help="accounts with their attributes")
    parser.add_argument("--sheet", help="sheet of the sales log's workbook; the first")
    parser.add_argument("--table", help="table of the sales log's SQLite file; its only one")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the sample; {ROWS}")
    parser.add_argument("--out", type=Path, default=Path("gosales.yaml"), help="settings to write")
    parser.add_argument("--force", action="store_true", help="overwrite the settings")
    for option, name, metavar, text in (
        ("--is", "given", "ROLE=COLUMN", "decide a column yourself, as customer_id=KdNr"),
        ("--date-format", "date_formats", "FORMAT", "decide the date format, as %%d/%%m/%%Y"),
        ("--leave-out", "leave_out", "COLUMN=VALUE", "rows that are no sales, as Status=Void"),
        ("--negative", "negative", "COLUMN=VALUE", "rows that take sales back, as Type=Credit"),
        ("--keep", "keep", "COLUMN", "whatever the column says, all rows are sales"),
        ("--not-customer", "not_customers", "ID", "a customer id that is nobody, as CASH"),
    ):
        parser.add_argument(
            option, dest=name, action="append", default=[], metavar=metavar,
            help=f"{text}; may be repeated",
        )  # fmt: skip
    parser.add_argument("--decimal", choices=[".", ","], help="decide the decimal mark yourself")
    parser.add_argument(
        "--home-currency", metavar="CODE",
        help="the currency of the result; without a rate column: all amounts are in it already",
    )  # fmt: skip


def inspected_files(options: argparse.Namespace) -> InspectedFiles:
    """Return the files and the answers.

    Raises
    ------
    SettingsError
        When an answer is not written as it should be.
    """
    if options.rows < 1:
        raise SettingsError(f"--rows {options.rows}: give at least 1.")
    return InspectedFiles(
        log=options.path,
        taxonomy=options.taxonomy,
        customers=options.customers,
        rows=options.rows,
        given=dict(_pair("--is", text, "role=column") for text in options.given),
        date_formats=options.date_formats,
        decimal=options.decimal,
        home_currency=options.home_currency and options.home_currency.upper(),
        sheet=options.sheet,
        table=options.table,
        leave_out=_values("--leave-out", options.leave_out),
        negative=_values("--negative", options.negative),
        keep=options.keep,
        not_customers=options.not_customers,
    )


def _pair(option: str, text: str, how: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip() or not right:
        raise SettingsError(f"{option} {text!r}: write it as {how}.")
    return left.strip(), right.strip()


def _values(option: str, texts: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for text in texts:
        column, value = _pair(option, text, "column=value")
        values.setdefault(column, []).append(value)
    return values
