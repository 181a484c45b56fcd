"""Decides which entry of the directory a customer is: by hand, by id, by name, by a near name.

Each customer's match depends on its own id, name and zip and on the directory, on no other
customer. All orders are total: rows in any order give the same matches.
"""

from dataclasses import dataclass

import polars as pl

from gosales_assets.enrichment.decision import compare_zip_and_form, decide, outcome
from gosales_assets.enrichment.fuzzy import Sides, match_fuzzy
from gosales_assets.enrichment.names import normal_names
from gosales_resources.settings.enrichment import MatchSettings

CUSTOMER = ["customer_id", "customer_name", "zip"]
# Pairs of equal names at a time: a thousand customers may share theirs with a thousand entries.
PAIRS_MAX = 2_000_000


@dataclass(frozen=True)
class Matched:
    """What became of each customer."""

    rows: pl.DataFrame
    """One row per customer: customer_id, customer_name, zip, enrichment_key (null when unmatched),
    method, decided_by, score, runner_up_score, reason, candidate_key, candidate_score."""
    comparisons: int
    """Pairs of names that were compared word by word."""


def match_names(
    customers: pl.DataFrame,
    directory: pl.DataFrame,
    overrides: pl.DataFrame,
    settings: MatchSettings,
) -> Matched:
    """Match customers to entries of the directory.

    Parameters
    ----------
    customers
        customer_id, customer_name, zip (the latter two may be null).
    directory
        enrichment_key (unique), customer_id, name, zip (null where unknown).
    overrides
        customer_id, enrichment_key, action (``pin`` or ``forbid``).
    settings
        Threshold, margin, what a zip does, blocks.

    Returns
    -------
    Matched
        One row per distinct customer, sorted. Methods in this order: ``pin``, ``id`` (equal
        customer id), ``name`` (equal normal name), ``fuzzy`` (aligned words, score and margin).
        Among entries equally near an equal zip decides, else an equal legal form. Reasons of the
        unmatched: ``no_name``, ``no_candidate``, ``below_threshold``, ``margin``, ``ambiguous``,
        ``conflict`` (near, but numbers, words, or zip and legal form tell them apart),
        ``forbidden``.
    """
    # Of both lists at once: many names are in both.
    normal = normal_names(pl.concat([customers["customer_name"], directory["name"]]))
    mine = _numbered(customers.select(CUSTOMER).unique(), "customer_name", normal, "q", CUSTOMER)
    theirs = _numbered(directory, "name", normal, "d", ["enrichment_key"])
    bans = _positions(overrides.filter(pl.col("action") == "forbid"), mine, theirs)
    pins = _positions(overrides.filter(pl.col("action") == "pin"), mine, theirs)
    decided = [outcome(pins, "pin")]
    decided.append(_by_id(_rest(mine, decided), theirs, bans))
    decided.append(_by_name(_rest(mine, decided), theirs, bans, settings))
    fuzzy, comparisons = match_fuzzy(Sides(mine, theirs, bans), _rest(mine, decided), settings)
    keys = theirs.select("d", "enrichment_key")
    rows = (
        mine.select("q", *CUSTOMER)
        .join(pl.concat([*decided, fuzzy]), on="q", how="left")
        .join(keys, on="d", how="left")
        .join(
            keys.rename({"d": "candidate", "enrichment_key": "candidate_key"}),
            on="candidate",
            how="left",
        )
        .sort("q")
        .drop("q", "d", "candidate")
    )
    return Matched(rows, comparisons)


def _numbered(
    frame: pl.DataFrame, name: str, normal: pl.DataFrame, number: str, order: list[str]
) -> pl.DataFrame:
    """Give rows numbers in a fixed order and add the normal form of their names."""
    return (
        frame.join(normal, left_on=name, right_on="name", how="left")
        .with_columns(pl.col("form").replace("", None))
        .sort(order)
        .with_row_index(number)
        .with_columns(pl.col(number).cast(pl.Int64))
    )


def _rest(mine: pl.DataFrame, decided: list[pl.DataFrame]) -> pl.DataFrame:
    return mine.join(pl.concat(decided), on="q", how="anti")


def _positions(overrides: pl.DataFrame, mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Put overrides in row numbers; those of customers that are not there drop out."""
    return (
        overrides.join(mine.select("q", "customer_id"), on="customer_id")
        .join(theirs.select("d", "enrichment_key"), on="enrichment_key")
        .select("q", "d")
        .unique()
        .sort("q", "d")
    )


def _by_id(mine: pl.DataFrame, theirs: pl.DataFrame, bans: pl.DataFrame) -> pl.DataFrame:
    known = theirs.filter(pl.col("customer_id").is_not_null()).select("customer_id", "d")
    pairs = mine.select("q", "customer_id").join(known, on="customer_id")
    allowed = pairs.join(bans, on=["q", "d"], how="anti")
    # An id that several entries claim tells nothing; the name may.
    return outcome(allowed.filter(pl.len().over("q") == 1).select("q", "d"), "id")


def _by_name(
    mine: pl.DataFrame, theirs: pl.DataFrame, bans: pl.DataFrame, settings: MatchSettings
) -> pl.DataFrame:
    found = [outcome(pl.DataFrame(schema={"q": pl.Int64, "d": pl.Int64}), "name")]
    for some in _bounded(mine.select("q", "text"), theirs):
        pairs = some.join(theirs.select("d", "text"), on="text").select("q", "d")
        judged = compare_zip_and_form(
            pairs.with_columns(score=pl.lit(1.0)), mine, theirs, settings.zip_rule
        )
        allowed = judged.filter("may_be").join(bans, on=["q", "d"], how="anti")
        found.append(outcome(decide(allowed, settings.margin_min), "name", "ambiguous"))
    return pl.concat(found)


def _bounded(mine: pl.DataFrame, theirs: pl.DataFrame) -> list[pl.DataFrame]:
    """Cut customers into parts whose pairs with entries of the same name stay few."""
    entries = theirs.group_by("text").agg(entry_count=pl.len().cast(pl.Int64))
    counted = mine.join(entries, on="text").sort("q")
    part = pl.col("entry_count").cum_sum() // PAIRS_MAX
    return counted.with_columns(part=part).drop("entry_count").partition_by("part")
