"""The bundle of a value model: JSON, nothing that could run code when opened."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.kinds import BundleCard, BundleKind
from gosales_assets.models.value.value_model import ValueModel
from gosales_checks.contracts.models import FITTED, NO_MODEL
from gosales_checks.contracts.values import VALUE_MODEL

VALUE_FILE = "value.json"
KIND = BundleKind("value model", "value_model", VALUE_FILE)


@dataclass(frozen=True, kw_only=True)
class ValueCard(BundleCard):
    """What is known of a value model: the contract `value_model`, with lists for their counts."""

    cutoff: str
    status: str = NO_MODEL
    reason: str = ""
    training_cutoffs: list[str]
    buyer_count: int
    division_count: int
    learnt_division_count: int = 0
    input_count: int = 0
    deviance: float | None = None
    deviance_of_means: float | None = None

    @classmethod
    def of(cls, buyers: pl.DataFrame, cutoff: str) -> "ValueCard":
        """Count past buyers (`past_buyers`; may be without rows and columns)."""
        if not buyers.height:
            return cls(cutoff=cutoff, training_cutoffs=[], buyer_count=0, division_count=0)
        return cls(
            cutoff=cutoff,
            training_cutoffs=[c.isoformat() for c in buyers["cutoff"].unique().sort().to_list()],
            buyer_count=buyers.height,
            division_count=buyers["division"].n_unique(),
        )

    def without(self, reason: str, **figures: float) -> "ValueCard":
        """Return it of no model, with the reason."""
        return replace(self, status=NO_MODEL, reason=reason, **figures)

    def fitted(self, model: ValueModel, **figures: float) -> "ValueCard":
        """Return it of a model."""
        learnt = sum(
            any(one.slope > 0 for one in parts.values()) for parts in model.divisions.values()
        )
        return replace(
            self,
            status=FITTED,
            reason="nearer to the values of customers left out than means by industry",
            learnt_division_count=learnt,
            input_count=len(model.inputs.columns),
            **figures,
        )


def value_files(card: ValueCard, model: ValueModel | None = None) -> dict[str, bytes]:
    """Write a value model as named files; equal models give equal bytes.

    Parameters
    ----------
    card
        What is known of it.
    model
        None where there is none, and the card says why.
    """
    return KIND.write({"card": asdict(card), "model": model.to_json() if model else None}, {})


def load_values(files: Mapping[str, bytes]) -> ValueModel | None:
    """Open a value model; None where the training made none.

    Raises
    ------
    BundleError
        When it is foreign, of another version, or damaged.
    """
    found = KIND.read(files)
    with KIND.opening():
        return None if found["model"] is None else ValueModel.from_json(found["model"])


def describe_values(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Return what is known of a value model, once it has been opened.

    Parameters
    ----------
    files
        Of its bundle.

    Returns
    -------
    polars.DataFrame
        The one row that its contract describes.

    Raises
    ------
    BundleError
        When it does not open.
    """
    load_values(files)
    with KIND.opening():
        card = ValueCard(**KIND.read(files)["card"])
    return contract_table(VALUE_MODEL, [card.to_row()])
