"""The model bundle: JSON, LightGBM's own text and a table, nothing that could run code when opened."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
from lightgbm.basic import LightGBMError

from gosales_assets.models.bundle.held_out import HELD_OUT_FILE, to_bytes
from gosales_assets.models.bundle.manifest import model_id, seal, verified
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import Calibrator
from gosales_assets.models.learners.candidates import Fitted, Trees
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.rows.preparation import Preparation
from gosales_checks.contracts.models import MODEL
from gosales_resources.errors import BundleError

MODEL_FILE, TREES_FILE = "model.json", "lightgbm.txt"
FITTED, PRIOR = "fitted", "prior"
# Why there is the prior rate and no model.
NO_CUTOFF, FEW_OUTCOMES, NO_FEATURE, NOISE = (
    "no_training_cutoff",
    "few_outcomes",
    "no_feature",
    "noise",
)


@dataclass(frozen=True)
class Card:
    """What is known of a model; a row of the contract `model`."""

    division: str
    cutoff: str
    status: str
    reason: str
    winner: str
    calibration: str
    calibration_reason: str
    selection_scheme: str
    training_cutoffs: list[str]
    training_row_count: int
    positive_count: int
    prior: float | None
    feature_count: int
    auc: float | None
    auc_whitespace: float | None
    lift_10: float | None
    lift_10_whitespace: float | None
    window_months: int
    fallback: str | None = None
    """Why the prior rate; None where a model was fitted."""


@dataclass(frozen=True)
class Bundle:
    """An opened model."""

    model_id: str
    card: Card
    preparation: Preparation | None
    members: list[Fitted]
    shares: list[tuple[float, float]]
    """What each member counts, for owners and for the whitespace; each sums to 1."""
    calibrator: Calibrator | None
    band: Band | None


def to_files(
    card: Card,
    preparation: Preparation | None,
    members: list[Fitted],
    shares: list[tuple[float, float]],
    calibrator: Calibrator | None,
    band: Band | None,
    report: Mapping[str, Any],
    held_out: pl.DataFrame | None,
) -> dict[str, bytes]:
    """Write a model as named files; equal models give equal bytes."""
    texts = {}
    described = []
    for member, share in zip(members, shares, strict=True):
        if isinstance(member, Linear):
            own = {"intercept": member.intercept, "weights": member.weights.tolist()}
            described.append({"linear": own, "shares": share})
        else:
            name = TREES_FILE if not texts else f"lightgbm-{len(texts) + 1}.txt"
            texts[name] = member.text.encode()
            own = {"file": name, "rounds": member.rounds, "inputs": member.inputs}
            described.append({"trees": own, "shares": share})
    content = {
        "card": asdict(card),
        "preparation": preparation.to_json() if preparation else None,
        "members": described,
        "calibration": calibrator.to_json() if calibrator else None,
        "band": band.to_json() if band else None,
        "report": report,
    }
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    files = {MODEL_FILE: text.encode(), **texts}
    if held_out is not None:
        files[HELD_OUT_FILE] = to_bytes(held_out)
    return seal(files)


def load_bundle(files: Mapping[str, bytes]) -> Bundle:
    """Open a model.

    Raises
    ------
    BundleError
        When it is foreign, of another version, damaged, or a file is not what it should be.
    """
    content = read_report(files)
    try:
        card = Card(**content["card"])
        members = [_open_member(one, files) for one in content["members"]]
        shares = [(float(a), float(b)) for a, b in (one["shares"] for one in content["members"])]
        preparation, calibration = content["preparation"], content["calibration"]
        band = content["band"]
        return Bundle(
            model_id(files, card.division, card.cutoff),
            card,
            Preparation.from_json(preparation) if preparation else None,
            members,
            shares,
            Calibrator.from_json(calibration) if calibration else None,
            Band.from_json(band) if band else None,
        )
    except (KeyError, TypeError, ValueError, LightGBMError) as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> BundleError:
    return BundleError(f"The model bundle is damaged: {error!r}. Rematerialise model.")


def _open_member(described: Mapping[str, Any], files: Mapping[str, bytes]) -> Fitted:
    if "linear" in described:
        own = described["linear"]
        return Linear(float(own["intercept"]), np.asarray(own["weights"], dtype=np.float64))
    own = described["trees"]
    text = files[own["file"]].decode()
    lgb.Booster(model_str=text)
    inputs = None if own["inputs"] is None else tuple(map(int, own["inputs"]))
    return Trees(text, int(own["rounds"]), inputs)


def read_card(files: Mapping[str, bytes]) -> tuple[str, Card]:
    """Return a model's id and its card; its trees, which take eight times as long, stay closed.

    Raises
    ------
    BundleError
        When the bundle is foreign, of another version or damaged.
    """
    try:
        card = Card(**read_report(files)["card"])
    except (KeyError, TypeError) as error:
        raise _damaged(error) from error
    return model_id(files, card.division, card.cutoff), card


def read_report(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the JSON of a bundle: card, candidates' figures, what was dropped.

    Raises
    ------
    BundleError
        When the bundle is foreign, of another version or damaged.
    """
    try:
        return dict(json.loads(verified(files)[MODEL_FILE]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(error) from error


def describe_bundle(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Return what is known of a model as the one row that its contract describes."""
    card = asdict(load_bundle(files).card)
    card["training_cutoff_count"] = len(card.pop("training_cutoffs"))
    schema = {name: column.dtype for name, column in MODEL.schema.columns().items()}
    frame = pl.DataFrame({name: [value] for name, value in card.items()})
    return frame.with_columns(pl.col("cutoff").str.to_date()).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )
