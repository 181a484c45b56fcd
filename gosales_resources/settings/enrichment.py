"""Settings of the company directory that customers are looked up in by name.

The source itself, a file like others, is `EnrichmentSource` in `source`.
"""

from typing import Literal

from pydantic import Field

from gosales_resources.settings.base import StrictModel


class DirectoryColumns(StrictModel):
    """Source column of each field of the directory; None where it has none."""

    key: str | None = Field(
        default=None,
        description="Unique key of an entry; without it a hash of the entry's mapped columns.",
    )
    customer_id: str | None = Field(
        default=None, description="Our customer's id where the directory knows it: an exact match."
    )
    name: str = Field(default="name", description="Company name.")
    zip: str | None = Field(
        default=None, description="Zip or postal code, written as the customers' is."
    )
    industry: str | None = Field(default=None, description="Industry.")
    sub_industry: str | None = Field(default=None, description="Sub-industry.")


class MatchSettings(StrictModel):
    """When two names are one company."""

    score_min: float = Field(
        default=0.88,
        ge=0.5,
        le=1,
        description="Least Jaro-Winkler similarity of the sorted words of a fuzzy match.",
    )
    margin_min: float = Field(
        default=0.02,
        gt=0,
        le=0.5,
        description="A fuzzy match scores at least so much above the runner-up; else it stays "
        "unmatched unless the zip or the legal form decides.",
    )
    zip_rule: Literal["decides", "vetoes", "required"] = Field(
        default="decides",
        description="What a zip does to a match by name: decides between entries equally near; "
        "vetoes, in addition, an entry whose zip is known to differ; required, in addition, leaves "
        "unmatched where either zip is unknown. The latter two are for data in which different "
        "companies share a name and zips are those of the same site.",
    )
    block_entries_max: int = Field(
        default=200,
        ge=10,
        le=10_000,
        description="A block of more entries that share a word is split by a second word.",
    )
    common_word_entries: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="A word of so many entries is a word of its own and no misspelling: two of "
        "them never stand for each other, singular and plural excepted.",
    )
    typo_share_max: float = Field(
        default=0.01,
        ge=0,
        le=0.5,
        description="Yet a word of at most so large a share of the other's entries may be its "
        "misspelling: in a long directory one misspelling occurs several times.",
    )
    typo_word_letters_min: int = Field(
        default=4, ge=3, le=12, description="A shorter word must be equal, letter by letter."
    )
    two_typos_letters_min: int = Field(
        default=8, ge=5, le=30, description="From so many letters on a word may have two slips."
    )


class OverrideColumns(StrictModel):
    """Columns of the override file."""

    customer_id: str = "customer_id"
    enrichment_key: str = "enrichment_key"
    action: str = "action"


class CoverageSettings(StrictModel):
    """Below which coverage a person should look."""

    customers_min: float = Field(
        default=0.5, ge=0, le=1, description="Least share of the customers that are matched."
    )
    value_min: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least share of the customers' value up to the cutoff, those of none or less "
        "left out, that is matched.",
    )
