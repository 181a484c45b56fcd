"""Where the tables beside the sales log lie: the installed base and what the CRM exports.

All are optional. A field of a `columns` model is named like the contract's column it fills and
holds the source's column name, None where the source has none.
"""

import datetime as dt
import glob
from typing import Literal

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel
from gosales_resources.settings.inputs import DateFormat, FileSource


class SideSource(FileSource):
    """What all tables beside the sales log share."""

    date_formats: list[DateFormat] = Field(
        default=["%Y-%m-%d"],
        min_length=1,
        description="strptime formats; a cell that two of them read as different dates is a reject.",
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of numbers.")


class AssetColumns(StrictModel):
    """Source column of each field of the asset register."""

    customer_id: str = "customer_id"
    item: str = "item"
    division: str = "division"
    purchase_date: str = "purchase_date"
    item_rollup: str | None = Field(
        default=None, description="What items are summed up to; without it, the item itself."
    )
    quantity: str | None = None
    expiration_date: str | None = None
    is_on_subscription: str | None = Field(
        default=None, description="A yes/no column. Map it only where it says how it was bought."
    )
    recorded_at: str | None = Field(
        default=None, description="When the register recorded the asset; unknown before."
    )


class AssetSource(SideSource):
    """The asset register: what customers own."""

    columns: AssetColumns = Field(default_factory=AssetColumns)
    min_purchase_date: dt.date = Field(
        default=dt.date(1996, 1, 1),
        description="An earlier purchase date is a placeholder: it is imputed and flagged.",
    )


class ContactColumns(StrictModel):
    """Source column of each field of the contact log."""

    customer_id: str = "customer_id"
    contact_date: str = "contact_date"
    contact_id: str | None = Field(default=None, description="The person, or the contact made.")
    contact_name: str | None = None
    contact_role: str | None = None
    channel: str | None = None


class ContactSource(SideSource):
    """Dated contacts with customers."""

    columns: ContactColumns = Field(default_factory=ContactColumns)


class DealColumns(StrictModel):
    """Source column of each field of a deal."""

    deal_id: str = "deal_id"
    customer_id: str = "customer_id"
    opened_date: str = "opened_date"
    closed_date: str | None = None
    division: str | None = None
    stage: str | None = Field(
        default=None,
        description="Stage or status. An export has the latest one, so it is shown as of a cutoff "
        "only where stage_date, or else the closing date, says it was reached by then.",
    )
    stage_date: str | None = Field(default=None, description="When the stage was reached.")


class DealSource(SideSource):
    """Deals, open and closed."""

    columns: DealColumns = Field(default_factory=DealColumns)


class DoNotContactColumns(StrictModel):
    """Source column of each field of the do-not-contact list."""

    customer_id: str = "customer_id"
    from_date: str | None = Field(default=None, description="Blank: known at every cutoff.")
    until_date: str | None = Field(default=None, description="Last day it holds; blank: for good.")
    reason: str | None = None


class DoNotContactSource(SideSource):
    """Customers that are not to be contacted."""

    columns: DoNotContactColumns = Field(default_factory=DoNotContactColumns)


class RepOwnershipColumns(StrictModel):
    """Source column of each field of the books of the sales representatives."""

    customer_id: str = "customer_id"
    rep: str = "rep"
    region: str | None = None
    from_date: str | None = Field(default=None, description="Blank: known at every cutoff.")
    until_date: str | None = Field(default=None, description="Last day it holds; blank: for good.")


class RepOwnershipSource(SideSource):
    """Who owns which customer, and when."""

    columns: RepOwnershipColumns = Field(default_factory=RepOwnershipColumns)


class SurfacingColumns(StrictModel):
    """Source column of each field of the surfacing log."""

    customer_id: str = "customer_id"
    division: str = "division"
    surfaced_date: str = "surfaced_date"
    action_date: str | None = Field(default=None, description="When it was acted on.")
    is_action_taken: str | None = Field(
        default=None,
        description="A yes/no column where there is no date. A yes then counts from the day it was "
        "surfaced: map action_date where cutoffs before the export matter.",
    )


class SurfacingSource(SideSource):
    """What was put before the sales representatives, and what became of it.

    `gosales export` writes such files: `path: exports/*/surfaced.parquet`. A pattern that no file matches
    yet is an empty log, and a warning.
    """

    columns: SurfacingColumns = Field(default_factory=SurfacingColumns)

    @property
    def may_have_no_file(self) -> bool:
        """A log is there from the first export on."""
        return glob.has_magic(self.path)


class OutcomeColumns(StrictModel):
    """Source column of each field of the outcomes of calls."""

    customer_id: str = "customer_id"
    division: str = "division"
    outcome_date: str = "outcome_date"
    outcome: str = Field(default="outcome", description="One of the words below, in any case.")


class OutcomeSource(SideSource):
    """What came of calls: one row per customer, division and day.

    A pattern that no file matches yet is an empty table, and a warning.
    """

    columns: OutcomeColumns = Field(default_factory=OutcomeColumns)
    called: list[str] = Field(
        default=["called"], description="Words for: was called, and nothing came of it yet."
    )
    won: list[str] = Field(default=["won"], description="Words for: bought.")
    rejected: list[str] = Field(
        default=["rejected"], description="Words for: said no, or is not to be called about this."
    )

    @model_validator(mode="after")
    def _each_word_once(self) -> "OutcomeSource":
        words = [word.strip().lower() for word in (*self.called, *self.won, *self.rejected)]
        if twice := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"words named twice: {', '.join(twice)}")
        return self

    @property
    def words(self) -> dict[str, str]:
        """Word in small letters -> called, won or rejected."""
        kinds = {"called": self.called, "won": self.won, "rejected": self.rejected}
        return {word.strip().lower(): kind for kind, named in kinds.items() for word in named}

    @property
    def may_have_no_file(self) -> bool:
        """Outcomes are there from the first call on."""
        return glob.has_magic(self.path)
