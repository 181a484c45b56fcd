"""From a feature table to the numbers a model sees, fitted on training rows and kept with the model.

Training and scoring both go through `Preparation`, so what a column means cannot differ.
"""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from gosales_checks.measures.ranking import auc
from gosales_resources.settings.models import ModelSettings

# Columns of a feature table that are not features; is_whitespace is one (the slice itself).
IDENTIFIERS = ("customer_id", "division", "cutoff", "segment")
TARGETS = ("label", "net_value_window", "window_end")
MONEY = ("gp_", "value_")
CAP_QUANTILE = 0.99
# Beyond this the logistic regression sees signed log1p: sums and counts have heavy tails.
HEAVY_TAIL = 20.0
# Standardised values further out than this are the mark of a near-constant column.
LARGEST_Z = 8.0
TWIN_CORRELATION = 0.995
# Rows that twins and leaks are looked for in.
INSPECTED_ROWS = 5_000
# What the reason begins with where an input was dropped because it gives the answer away.
LEAK = "leak"


@dataclass(frozen=True)
class Column:
    """One model input."""

    name: str
    """Input name; a category's indicator is `feature=level`."""
    source: str
    """Feature it comes from."""
    level: str | None = None
    """Level of a category; `other` and `missing` are levels too."""
    cap: float | None = None
    median: float = 0.0
    is_log: bool = False
    flags_missing: bool = False
    mean: float = 0.0
    std: float = 1.0
    missing_frac: float = 0.0


@dataclass(frozen=True)
class Preparation:
    """The ordered inputs of a model and how each is computed."""

    features: dict[str, str]
    """Feature -> type: what a table that is scored must have."""
    levels: dict[str, list[str]]
    """Category feature -> levels kept."""
    columns: list[Column]
    dropped: dict[str, str] = field(default_factory=dict)
    """Input -> why it is not used."""

    @property
    def flagged(self) -> list[int]:
        """Places of the inputs with a missing indicator, which stand behind all inputs in this order."""
        return [at for at, column in enumerate(self.columns) if column.flags_missing]

    @property
    def sources(self) -> list[str]:
        """The features that inputs come from, each once, in the order of inputs."""
        return list(dict.fromkeys(column.source for column in self.columns))

    def raw(self, table: pl.DataFrame) -> np.ndarray:
        """Return inputs as they are, caps applied.

        Parameters
        ----------
        table
            One row per customer (and cutoff), with the `sources`.

        Returns
        -------
        numpy.ndarray
            Rows x inputs, missing as nan; float32: twice as fast as float64 all the way, and 7 digits are
            more than bins and scales tell apart.
        """
        # Column by column: the memory order both kinds of model read fastest.
        raw = np.empty((table.height, len(self.columns)), dtype=np.float32, order="F")
        for at, column in enumerate(self.columns):
            raw[:, at] = _cells(table, column, self.levels)
        return raw

    def standardised(self, raw: np.ndarray) -> np.ndarray:
        """Return imputed, log-scaled, standardised inputs, then the missing indicators.

        Parameters
        ----------
        raw
            From `raw`: rows x inputs.

        Returns
        -------
        numpy.ndarray
            Rows x (inputs, then `flagged`), float32, nothing missing.
        """
        flagged = self.flagged
        shape = (raw.shape[0], len(self.columns) + len(flagged))
        z = np.empty(shape, dtype=np.float32, order="F")
        for at, column in enumerate(self.columns):
            x = _filled(raw[:, at], column)
            x -= np.float32(column.mean)
            x /= np.float32(column.std)
            np.clip(x, -LARGEST_Z, LARGEST_Z, out=z[:, at])
        for place, at in enumerate(flagged, start=len(self.columns)):
            z[:, place] = np.isnan(raw[:, at]) - np.float32(self.columns[at].missing_frac)
        return z

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Preparation":
        """Read what `to_json` wrote."""
        columns = [Column(**column) for column in data["columns"]]
        return cls(
            features=dict(data["features"]),
            levels=dict(data["levels"]),
            columns=columns,
            dropped=dict(data["dropped"]),
        )


def feature_types(schema: pl.Schema) -> dict[str, str]:
    """Return the features of a table and their types, in column order."""
    skipped = {*IDENTIFIERS, *TARGETS}
    return {n: str(t) for n, t in schema.items() if n not in skipped}


def fit_preparation(
    table: pl.DataFrame, settings: ModelSettings, shared: Preparation | None = None
) -> Preparation:
    """Fit caps, levels, medians and scales on training rows, and drop what cannot be used.

    Parameters
    ----------
    table
        Training rows in their canonical order, with `label`.
    settings
        Levels kept, what leaks look like.
    shared
        Of the pooled model: its caps and levels hold here too, so that an input means one thing.

    Returns
    -------
    Preparation
        Constant inputs, twins (|r| > 0.995, the later one) and leaks are in `dropped`.
    """
    return prepare_rows(table, settings, shared)[0]


def prepare_rows(
    table: pl.DataFrame, settings: ModelSettings, shared: Preparation | None = None
) -> tuple[Preparation, np.ndarray]:
    """Fit as `fit_preparation` does, and keep what was made for it.

    Parameters
    ----------
    table, settings, shared
        As `fit_preparation` takes them.

    Returns
    -------
    tuple
        The preparation, and the training rows' inputs, as its `raw` makes them.
    """
    features = feature_types(table.schema)
    levels = {
        name: _frequent(table[name], settings.top_categories)
        for name, kind in features.items()
        if kind == "String"
    }
    if shared is not None:
        levels |= {name: kept for name, kept in shared.levels.items() if name in levels}
    caps = {column.name: column.cap for column in shared.columns} if shared else {}
    columns = [
        replace(column, cap=caps.get(column.name, column.cap))
        for name in features
        for column in _inputs(table, name, levels)
    ]
    draft = Preparation(features, levels, columns)
    raw = draft.raw(table)
    fitted, dropped, place = [], {}, {}
    for at, column in enumerate(columns):
        x = raw[:, at]
        if _is_constant(x):
            dropped[column.name] = "constant in training"
        else:
            place[column.name] = at
            fitted.append(_scaled(column, x))
    kept = Preparation(features, levels, fitted)
    some = np.linspace(0, table.height - 1, min(table.height, INSPECTED_ROWS)).astype(int)
    inspected = raw[some][:, list(place.values())]
    dropped |= _leaks(kept, inspected, table["label"].to_numpy()[some], settings.leaky_auc)
    dropped |= {
        column.name: f"{LEAK}: the name matches '{pattern}'"
        for pattern in settings.leaky_names
        for column in fitted
        if re.search(pattern, column.source)
    }
    dropped |= _twins(kept, inspected, dropped)
    left = [column for column in fitted if column.name not in dropped]
    # As they lie in memory: column by column.
    inputs = raw.T[[place[column.name] for column in left]].T
    return Preparation(features, levels, left, dict(sorted(dropped.items()))), inputs


def _frequent(values: pl.Series, count: int) -> list[str]:
    counts = (
        values.drop_nulls()
        .value_counts(name="rows")
        .sort(["rows", values.name], descending=[True, False])
    )
    return counts[values.name].head(count).to_list()


def _inputs(table: pl.DataFrame, name: str, levels: dict[str, list[str]]) -> list[Column]:
    if name in levels:
        kinds = [*levels[name], "other", "missing"]
        return [Column(f"{name}={level}", name, level) for level in kinds]
    measure = name.split("__")[2] if name.count("__") == 3 else name
    cap = None
    if measure.startswith(MONEY):
        known = table[name].drop_nulls().to_numpy()
        cap = float(np.quantile(known, CAP_QUANTILE)) if known.size else None
    return [Column(name, name, cap=cap)]


def _cells(table: pl.DataFrame, column: Column, levels: dict[str, list[str]]) -> np.ndarray:
    values = table[column.source]
    if column.level is None:
        x = values.cast(pl.Float32).to_numpy()
        return x if column.cap is None else np.minimum(x, np.float32(column.cap))
    if column.level == "missing":
        return values.is_null().to_numpy()
    if column.level == "other":
        known = values.is_in(levels[column.source]) | values.is_null()
        return (~known).to_numpy()
    return (values == column.level).fill_null(value=False).to_numpy()


def _filled(x: np.ndarray, column: Column) -> np.ndarray:
    """Return a copy with the median for what is missing, and heavy tails pulled in."""
    missing = np.isnan(x)
    filled = np.where(missing, np.float32(column.median), x)
    if column.is_log:
        np.copysign(np.log1p(np.abs(filled)), filled, out=filled)
    return filled


def _is_constant(x: np.ndarray) -> bool:
    known = x[~np.isnan(x)]
    return not known.size or (known.size == x.size and bool((known == known[0]).all()))


def _scaled(column: Column, x: np.ndarray) -> Column:
    missing = np.isnan(x)
    known = x[~missing]
    column = replace(
        column,
        median=float(np.median(known)),
        is_log=bool(np.abs(known).max() > HEAVY_TAIL),
        flags_missing=bool(missing.any()),
        missing_frac=float(missing.mean()),
    )
    seen = _filled(x, column).astype(np.float64)
    std = float(seen.std())
    return replace(column, mean=float(seen.mean()), std=std if std > 0 else 1.0)


def _leaks(
    kept: Preparation, raw: np.ndarray, label: np.ndarray, threshold: float
) -> dict[str, str]:
    found = {}
    if label.min(initial=0) == label.max(initial=0):
        return found
    for at, column in enumerate(kept.columns):
        x = np.where(np.isnan(raw[:, at]), np.float32(column.median), raw[:, at])
        alone = auc(label, x)
        if max(alone, 1 - alone) >= threshold:
            found[column.name] = f"{LEAK}: AUC {alone:.4f} on its own"
    return found


def _twins(kept: Preparation, raw: np.ndarray, dropped: dict[str, str]) -> dict[str, str]:
    z = kept.standardised(raw)[:, : len(kept.columns)].astype(np.float64)
    z = z - z.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", z, z))
    z = z / np.where(norm > 0, norm, 1.0)
    correlation = np.abs(z.T @ z)
    found: dict[str, str] = {}
    for at, column in enumerate(kept.columns):
        if column.name in dropped or column.name in found:
            continue
        for other in range(at + 1, len(kept.columns)):
            name = kept.columns[other].name
            if correlation[at, other] > TWIN_CORRELATION and name not in (dropped | found):
                found[name] = f"twin of {column.name}"
    return found
