"""Pages of lists that a test names, and what a reader of their markup finds in them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import polars as pl

from gosales_assets.delivery.report import FILE, build_report
from gosales_assets.delivery.report_tables import ReportTables, ReportTerms
from gosales_assets.rendering.markup import VOID
from gosales_checks.contracts.contract import Contract
from gosales_resources.settings.contracts import ContractSettings
from gosales_resources.settings.delivery import DeliverySettings
from gosales_resources.settings.source import CoverageSettings
from tests.worlds.lists import DAY, TERMS

EARLIER = dt.date(2023, 12, 31)
TARGETS = {"scanning": "Scanning", "services": "Services"}
# Text that is no text where it is taken for markup, script, style or a link.
ATTACKS = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=2>",
    '"><svg onload="window.ran=3">',
    "</script><script>window.ran=4</script>",
    "<!--",
    "--><b>bold</b>",
    "' onmouseover='window.ran=5' x='",
    "javascript:window.ran=6",
    "</title></table></main><h1>mine</h1>",
    "&lt;b&gt; &amp; &#x27;",
    "${window.ran=7} {{7*7}}",
    "<style>*{display:none}</style>",
    '<meta http-equiv="refresh" content="0;url=http://e.com">',
    "![x](http://e.com/p.png) http://e.com/?a=b",
]


def rows_of(contract: Contract, *rows: Mapping[str, Any]) -> pl.LazyFrame:
    """Make some rows of a table; what a test does not name is null."""
    schema = {name: column.dtype for name, column in contract.schema.columns().items()}
    return pl.DataFrame(rows, schema=schema, orient="row").lazy()


def tables_of(
    listed: pl.DataFrame,
    beside: Mapping[Contract, pl.LazyFrame] | None = None,
    earlier: Mapping[Contract, pl.LazyFrame] | None = None,
) -> ReportTables:
    """Put tables of one cutoff together."""
    return ReportTables(
        listed.lazy(),
        {contract.name: table for contract, table in (beside or {}).items()},
        {contract.name: table for contract, table in (earlier or {}).items()},
        EARLIER if earlier else None,
        {f"whitespace[{DAY}]": "abc"},
    )


def page_of(tables: ReportTables, coverage: CoverageSettings | None = None, **settings) -> str:
    """Write the page of a list."""
    terms = ReportTerms(TARGETS, ContractSettings(), None, coverage)
    return build_report(tables, TERMS, terms, DeliverySettings(**settings))[FILE].decode()


class Markup(HTMLParser):
    """The cells of tables by caption, all elements, and all text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self._texts)

    @property
    def listed(self) -> list[list[str]]:
        """Rows of the list itself, without its heading."""
        (name,) = (name for name in self.tables if name.startswith("Whom to call"))
        return self.tables[name][1:]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "caption":
            self._caption: list[str] = []
        if tag == "tr":
            self._row: list[list[str]] = []
            self._table.append(self._row)
        if tag in ("td", "th"):
            self._row.append([])
        if tag == "table":
            self._table: list[list[list[str]]] = []

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in ("script", "style"):
            return
        self._texts.append(data)
        if "caption" in self._open:
            self._caption.append(data)
        elif ({"td", "th"} & set(self._open)) and "table" in self._open:
            self._row[-1].append(data)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag
        if tag == "table":
            cells = [["|".join(cell) for cell in row] for row in self._table]
            self.tables["".join(self._caption)] = cells
