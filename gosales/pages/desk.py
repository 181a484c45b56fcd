"""What every page has before it: what is read, which checks fail, who looks. No Streamlit."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from gosales.pages.findings import Findings
from gosales.pages.reading import Reading
from gosales.pages.viewers import Viewer, viewer_of
from gosales_assets.delivery.listed import ListTerms
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.crm import REP_OWNERSHIP
from gosales_resources.settings.tree import Settings

# Who looks where nobody logs in: whoever reaches the port of this machine, or passes the proxy.
# Set by the server where it was told how people log in: then nobody is everybody.
LOGIN_VARIABLE = "PAGES_LOGIN"
EVERYBODY = Viewer("everybody who reaches this server", sees_all=True)


@dataclass(frozen=True)
class Office:
    """What all sessions of one server share."""

    reading: Reading
    findings: Findings

    @classmethod
    def of(cls, settings: Settings) -> "Office":
        """Open the store of some settings."""
        reading = Reading(Platform.of(settings))
        return cls(reading, Findings(reading))

    def viewer(self, user: Mapping[str, object]) -> Viewer | None:
        """Look up who has logged in, in the newest books that are stored; see `viewer_of`."""
        days = self.reading.cutoffs(REP_OWNERSHIP)
        books, _ = self.reading.try_read(REP_OWNERSHIP, days[:1])
        nobody = pl.DataFrame(schema={"rep": pl.String, "is_active": pl.Boolean})
        ownership = nobody if books is None else books.select(nobody.columns).collect()
        return viewer_of(user, ownership, self.reading.platform.settings.pages)


@dataclass(frozen=True)
class Desk:
    """One session's view of the office."""

    reading: Reading
    findings: Findings
    viewer: Viewer

    @property
    def platform(self) -> Platform:
        """Settings, partitions, store."""
        return self.reading.platform

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.platform.settings

    @property
    def names(self) -> dict[str, str]:
        """Partition key -> the division's, or target's, own name."""
        return self.settings.divisions.division_names | self.settings.divisions.target_names

    @property
    def currency(self) -> str:
        """The home currency."""
        return self.settings.source.sales_log.home_currency

    def terms(self, cutoff: dt.date) -> ListTerms:
        """Say what a list is of."""
        return ListTerms(cutoff, self.currency, self.settings.labels.window_months)
