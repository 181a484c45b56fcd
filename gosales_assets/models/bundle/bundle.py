"""Opens the bundle of a model: JSON, LightGBM's own text and a table, nothing that could run code."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from lightgbm.basic import LightGBMError

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.held_out import HELD_OUT_FILE
from gosales_assets.models.bundle.manifest import model_id, verified
from gosales_assets.models.bundle.model import MODEL_FILE, Card, StoredModel
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import Calibrator
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.learners.registry import LEARNERS
from gosales_assets.models.rows.preparation import Preparation
from gosales_checks.contracts.models import MODEL
from gosales_resources.errors import BundleError


def load_bundle(files: Mapping[str, bytes]) -> StoredModel:
    """Open a model.

    Raises
    ------
    BundleError
        When it is foreign, of another version, damaged, or a file is not what it should be.
    """
    content = read_report(files)
    try:
        card = Card(**content["card"])
        preparation, calibration = content["preparation"], content["calibration"]
        band, report = content["band"], content["report"]
        return StoredModel(
            model_id=model_id(files, card.division, card.cutoff),
            card=card,
            preparation=Preparation.from_json(preparation) if preparation else None,
            members=[_open_member(one, files) for one in content["members"]],
            shares=[(float(a), float(b)) for a, b in (one["shares"] for one in content["members"])],
            calibrator=Calibrator.from_json(calibration) if calibration else None,
            band=Band.from_json(band) if band else None,
            candidates=list(report["candidates"]),
            warnings=list(report["warnings"]),
            held_out=files.get(HELD_OUT_FILE),
        )
    except (KeyError, TypeError, ValueError, LightGBMError) as error:
        raise _damaged(error) from error


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
    """Return what is known of a model, once it has been opened.

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
    return contract_table(MODEL, [load_bundle(files).card.to_row()])


def _open_member(described: Mapping[str, Any], files: Mapping[str, bytes]) -> Learner:
    by_key = {learner.key: learner for learner in LEARNERS.values()}
    (key,) = described.keys() - {"shares"}
    return by_key[key].from_json(described[key], files)


def _damaged(error: Exception) -> BundleError:
    return BundleError(f"The model bundle is damaged: {error!r}. Rematerialise model.")
