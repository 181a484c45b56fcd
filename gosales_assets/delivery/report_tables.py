"""What a list's page is made from: the list, what is stored beside it, what an earlier list brought."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from gosales_checks.contracts.contract import Contract
from gosales_resources.settings.contracts import ContractSettings
from gosales_resources.settings.source import CoverageSettings


@dataclass(frozen=True)
class ReportTerms:
    """What the page goes by beside tables."""

    targets: Mapping[str, str]
    """Key of each division that the list ranks -> its name."""
    bounds: ContractSettings
    """How long before the cutoff a log may end."""
    complete_through: dt.date | None
    """The day up to which the log is declared complete."""
    coverage: CoverageSettings | None
    """Least coverage of the company directory; None where there is none."""


@dataclass(frozen=True)
class ReportTables:
    """Tables of one cutoff by name, of targets all that are stored, one below the other."""

    whitespace: pl.LazyFrame
    beside: Mapping[str, pl.LazyFrame]
    earlier: Mapping[str, pl.LazyFrame]
    """Of the newest earlier list that has met its outcome; empty where there is none."""
    earlier_cutoff: dt.date | None
    contents: Mapping[str, str]
    """Partition -> digest of what was read of it."""

    def of(self, contract: Contract) -> pl.DataFrame | None:
        """Return a table beside the list; None where it is not stored."""
        found = self.beside.get(contract.name)
        return None if found is None else found.collect()

    def of_earlier(self, contract: Contract) -> pl.DataFrame | None:
        """Return a table of the earlier list; None where it is not stored."""
        found = self.earlier.get(contract.name)
        return None if found is None else found.collect()
