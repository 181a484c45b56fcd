"""The bundle of a value model: JSON, nothing that could run code when opened."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.manifest import seal, verified
from gosales_assets.models.value.value_model import ValueModel
from gosales_checks.contracts.models import FITTED, NO_MODEL, VALUE_MODEL
from gosales_resources.errors import BundleError

VALUE_FILE = "value.json"


@dataclass(frozen=True, kw_only=True)
class ValueCard:
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

    def to_row(self) -> dict[str, Any]:
        """Return the row of the contract."""
        return {
            **asdict(self),
            "cutoff": dt.date.fromisoformat(self.cutoff),
            "training_cutoff_count": len(self.training_cutoffs),
        }


def value_files(card: ValueCard, model: ValueModel | None = None) -> dict[str, bytes]:
    """Write a value model as named files; equal models give equal bytes.

    Parameters
    ----------
    card
        What is known of it.
    model
        None where there is none, and the card says why.
    """
    content = {"card": asdict(card), "model": model.to_json() if model else None}
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    return seal({VALUE_FILE: text.encode()})


def load_values(files: Mapping[str, bytes]) -> ValueModel | None:
    """Open a value model; None where the training made none.

    Raises
    ------
    BundleError
        When it is foreign, of another version, or damaged.
    """
    found = _read(files)
    try:
        return None if found["model"] is None else ValueModel.from_json(found["model"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(error) from error


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
    try:
        card = ValueCard(**_read(files)["card"])
    except (KeyError, TypeError) as error:
        raise _damaged(error) from error
    return contract_table(VALUE_MODEL, [card.to_row()])


def _read(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        return dict(json.loads(verified(files)[VALUE_FILE]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> BundleError:
    return BundleError(f"The value model is damaged: {error!r}. Rematerialise value_model.")
