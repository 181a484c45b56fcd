"""What the feature tables of a cutoff hold: the catalog of features, and figures for each.

One pass over each table. Quantiles are values that occur (nearest rank), so they are exact and do
not depend on how a library interpolates.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from gosales_assets.features.declaration import Feature

QUANTILES = {
    "min": 0.0,
    "q01": 0.01,
    "q05": 0.05,
    "q25": 0.25,
    "q50": 0.5,
    "q75": 0.75,
    "q95": 0.95,
    "q99": 0.99,
    "max": 1.0,
}
# Scope `all` is about no division.
NO_DIVISION = ""


def measure_features(
    features: Sequence[Feature],
    customers: pl.LazyFrame,
    divisions: pl.LazyFrame,
    targets: Sequence[str],
) -> pl.DataFrame:
    """Measure every feature of a cutoff: of scope `div` for each target.

    Parameters
    ----------
    features
        Declarations of both scopes.
    customers, divisions
        `customer_features` and `division_features` of the cutoff, sorted by their keys.
    targets
        Divisions that get a model.

    Returns
    -------
    polars.DataFrame
        One row per feature and division, in the order of the declarations; quantiles of a
        category, and of a feature that nobody has, are null.
    """
    names = {s: [f.name for f in features if f.scope == s] for s in ("all", "div")}
    rows = list(_measured(customers.select(names["all"]).collect(), NO_DIVISION))
    for target in sorted(targets):
        here = divisions.filter(pl.col("division") == target).select(names["div"])
        rows += _measured(here.collect(), target)
    return pl.DataFrame(rows, schema=SCHEMA)


def catalog_features(features: Sequence[Feature], stats: pl.DataFrame) -> pl.DataFrame:
    """List every feature: what it is, and of how many rows of the cutoff it is known.

    Parameters
    ----------
    features
        Declarations of both scopes.
    stats
        What `measure_features` returns.

    Returns
    -------
    polars.DataFrame
        One row per feature, in the order of the declarations.
    """
    declared = pl.DataFrame(
        [
            {
                "feature": f.name,
                "position": place,
                "family": f.family,
                "scope": f.scope,
                "measure": f.measure,
                "window": f.window,
                "description": f.description,
                "unit": f.unit,
                "dtype": str(f.dtype),
                "absent": "unknown" if f.absent is None else str(f.absent),
            }
            for place, f in enumerate(features)
        ],
        schema_overrides={"position": pl.Int32},
    )
    known = stats.group_by("feature").agg(pl.col("row_count", "known_count").sum())
    found = declared.join(known, on="feature", how="left", validate="1:1", maintain_order="left")
    return found.with_columns(coverage_frac=_frac("known_count"))


def _measured(table: pl.DataFrame, division: str) -> Iterator[dict[str, object]]:
    # Hashed once for all columns.
    placed = table.with_columns(pl.int_range(pl.len(), dtype=pl.UInt64).hash(seed=2).alias(PLACE))
    shapes = placed.select(
        *(pl.col(n).count().alias(f"{n} known") for n in table.columns),
        *(_checksum_half(n, half).alias(f"{n} {half}") for n in table.columns for half in HALVES),
    ).row(0, named=True)
    numbers = [n for n, dtype in table.schema.items() if dtype.is_numeric()]
    zeros = table.select((pl.col(n) == 0).sum() for n in numbers).row(0, named=True)
    sorted_ = [pl.col(n).drop_nulls().cast(pl.Float64).sort() for n in numbers]
    quantiles = table.select(_at_quantiles(column) for column in sorted_)
    for name in table.columns:
        low, high = (shapes[f"{name} {half}"] for half in HALVES)
        values = quantiles[name].to_list() if name in zeros else [None] * len(QUANTILES)
        yield {
            "feature": name,
            "division": division,
            "row_count": table.height,
            "known_count": shapes[f"{name} known"],
            "coverage_frac": shapes[f"{name} known"] / table.height if table.height else None,
            "zero_count": zeros.get(name),
            **dict(zip(QUANTILES, values, strict=True)),
            "checksum": f"{(low + (high << 32)) % 2**64:016x}",
        }


def _at_quantiles(values: pl.Expr) -> pl.Expr:
    places = pl.lit(pl.Series(list(QUANTILES.values())))
    # Of no value at all the places are out of bounds: null.
    last = (values.len().cast(pl.Int64) - 1).clip(lower_bound=0)
    return values.gather((places * last).round().cast(pl.UInt32), null_on_oob=True)


HALVES = ("low", "high")
PLACE = "place"


def _checksum_half(name: str, half: str) -> pl.Expr:
    """Sum half of the values' hashes, each with the place of its row: an order is content too."""
    hashes = pl.col(name).hash(seed=1) ^ pl.col(PLACE)
    part = hashes & 0xFFFFFFFF if half == "low" else hashes // 2**32
    return part.sum()


def _frac(count: str) -> pl.Expr:
    return pl.when(pl.col("row_count") > 0).then(pl.col(count) / pl.col("row_count"))


SCHEMA = {
    "feature": pl.String,
    "division": pl.String,
    "row_count": pl.Int64,
    "known_count": pl.Int64,
    "coverage_frac": pl.Float64,
    "zero_count": pl.Int64,
    **dict.fromkeys(QUANTILES, pl.Float64),
    "checksum": pl.String,
}
