"""Opens the bundle of a model: JSON, LightGBM's own text and a table, nothing that could run code."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.held_out import HELD_OUT_FILE
from gosales_assets.models.bundle.manifest import model_id
from gosales_assets.models.bundle.model import KIND, Card, StoredModel
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import Calibrator
from gosales_assets.models.calibration.level import Level
from gosales_assets.models.drift.reference import INPUTS_FILE, SCORES_FILE
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.learners.registry import LEARNERS
from gosales_assets.models.rows.preparation import Preparation
from gosales_checks.contracts.models import MODEL


def load_bundle(files: Mapping[str, bytes]) -> StoredModel:
    """Open a model.

    Raises
    ------
    BundleError
        When it is foreign, of another version, damaged, or a file is not what it should be.
    """
    content = read_report(files)
    with KIND.opening():
        card = Card(**content["card"])
        preparation, calibration = content["preparation"], content["calibration"]
        band, level, report = (content[name] for name in ("band", "level", "report"))
        return StoredModel(
            model_id=model_id(files, card.division, card.cutoff),
            card=card,
            preparation=Preparation.from_json(preparation) if preparation else None,
            members=[_open_member(one, files) for one in content["members"]],
            shares=[(float(a), float(b)) for a, b in (one["shares"] for one in content["members"])],
            calibrator=Calibrator.from_json(calibration) if calibration else None,
            band=Band.from_json(band) if band else None,
            level=Level.from_json(level) if level else None,
            candidates=list(report["candidates"]),
            warnings=list(report["warnings"]),
            level_told=list(report["level"]),
            held_out=files.get(HELD_OUT_FILE),
            reference={n: files[n] for n in (INPUTS_FILE, SCORES_FILE) if n in files},
        )


def read_card(files: Mapping[str, bytes]) -> tuple[str, Card]:
    """Return a model's id and its card; its trees, which take eight times as long, stay closed.

    Raises
    ------
    BundleError
        When the bundle is foreign, of another version or damaged.
    """
    with KIND.opening():
        card = Card(**read_report(files)["card"])
    return model_id(files, card.division, card.cutoff), card


def read_report(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the JSON of a bundle: card, candidates' figures, what was dropped.

    Raises
    ------
    BundleError
        When the bundle is foreign, of another version or damaged.
    """
    return KIND.read(files)


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
