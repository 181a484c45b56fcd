"""Leaks as patches of the source tree: which kind, where, and which command of the user's is to name it."""

from dataclasses import dataclass, field

FAMILY = "gosales_assets/features/families/season.py"
BODY = "    features = [*_echo(world, scope), *_shares(world, scope)]\n"
HEAD = "import polars as pl\n"
ASSETS = "gosales_assets/features/assets.py"
MODELS = "gosales_assets/models/assets.py"
SIDE_ROWS = "gosales_assets/accounts/side_rows.py"
KNOWN = (
    "known = {one.cutoff: labels[one] for one in past}\n"
    "            mature = mature_labels(known, cutoff, space.training_count)"
)
CODE, RUN, ALONE, FUTURE, OWN, PLANTED = (
    "gauntlet --only static_code",
    "materialize",
    "gauntlet --only alone_against_together",
    "gauntlet --only future_perturbation",
    "gauntlet --only own_rows_left_out",
    "gauntlet --only planted_outcome",
)


@dataclass(frozen=True)
class Leak:
    """One leak."""

    name: str
    kind: str
    patches: tuple[tuple[str, str, str], ...]
    """File, text, text in its place."""
    by: str = CODE
    """Command that is to name it."""
    to: str = "features"
    """Last table that is made."""
    adds: dict[str, str] = field(default_factory=dict)
    """New file -> text."""
    customers: int = 80
    sets: str = ""
    """A setting of the command line."""
    attribute: bool = False
    """The world's customer table holds the outcome of a window under another name."""


def family(name: str, kind: str, line: str, imported: str = "") -> Leak:
    """Plant a line in a family of features, as a user's own would have it."""
    patches = [(FAMILY, BODY, f"{BODY}    {line}\n")]
    if imported:
        patches.append((FAMILY, HEAD, f"{imported}\n{HEAD}"))
    return Leak(name, kind, tuple(patches))


IN_FAMILIES = (
    family("all lines by a private attribute", "private attribute", "late = world._history.lines"),
    family("the same by a name put together", "hidden name", "late = getattr(world, '_his' + 'tory')"),
    family("the same by its dictionary", "hidden name", "late = world.__dict__['_history']"),
    family(
        "history read from the store", "store",
        "late = pl.scan_parquet(world.settings.store_root / 'store/purchase_history/**')",
    ),
    family("stored labels read", "labels", "y = pl.read_parquet('gosales_home/store/labels')"),
    family("raw log opened", "file", "late = open('sales_log.csv').read()"),
    family("np.datetime64('now')", "clock", "day = np.datetime64('now')", "import numpy as np"),
    family("date.today()", "clock", "day = dt.date.today()", "import datetime as dt"),
    family("time.time()", "clock", "day = time.time()", "import time"),
    family("SQL's current_date", "clock", "day = pl.sql_expr('current_date()')"),
    family(
        "default_rng() without a seed", "unseeded draw",
        "draw = np.random.default_rng()", "import numpy as np",
    ),
    family("rows sampled without a seed", "unseeded draw", "some = world.population.collect().sample(5)"),
    family("a database asked", "database", "con = sqlite3.connect('crm.db')", "import sqlite3"),
    family("environment asked", "environment", "day = os.environ['TODAY']", "import os"),
    Leak(
        "a family in a module of the user's reads a file", "file",
        (
            (
                "gosales_assets/features/families/registry.py", "    ENCODER,\n)",
                "    ENCODER,\n    MINE,\n)",
            ),
            (
                "gosales_assets/features/families/registry.py",
                "from gosales_resources.errors",
                "from mycompany import MINE\nfrom gosales_resources.errors",
            ),
        ),
        adds={
            "mycompany.py": "from pathlib import Path\n\n"
            "from gosales_assets.features.declaration import Family\n\n\n"
            "def blocks(world, scope):\n    return [] if Path('x').exists() else []\n\n\n"
            "MINE = Family('mine', 'Mine.', blocks)\n"
        },
    ),
    Leak(
        "a model asks a clock", "clock",
        (
            (
                "gosales_assets/models/training/training.py",
                "    folds = make_folds(scope.matrix, settings)\n",
                "    day = dt.datetime.now(dt.UTC)\n    folds = make_folds(scope.matrix, settings)\n",
            ),
        ),
    ),
    Leak(
        "a model draws without a seed", "unseeded draw",
        (
            (
                "gosales_assets/models/training/training.py",
                "    folds = make_folds(scope.matrix, settings)\n",
                "    noise = np.random.rand(3)\n    folds = make_folds(scope.matrix, settings)\n",
            ),
        ),
    ),
)  # fmt: skip

IN_RUNS = (
    Leak(
        "ALS fitted on all increments", "fitted on everything",
        ((ASSETS, "known, owned = visible_at(lines, cutoff), installed_by",
          "known, owned = lines, installed_by"),),
        RUN, "embeddings",
    ),
    Leak(
        "basket mined on all increments", "fitted on everything",
        ((ASSETS, "known = visible_at(lines, cutoff)", "known = lines"),),
        RUN, "affinity_rules",
    ),
    Leak(
        "the as-of world shows all increments", "as-of filter",
        (("gosales_assets/features/asof.py", "return visible_at(self._history.scoped[scope].daily.lazy(), self.cutoff)",
          "return self._history.scoped[scope].daily.lazy()"),),
        RUN,
    ),
    Leak(
        "recording time ignored", "recorded_at",
        (("gosales_assets/star/lines.py", "visible_cutoff=pl.lit(cutoff),",
          "visible_cutoff=pl.lit(cutoff).dt.offset_by('-3mo').dt.month_end(),"),),
        RUN, "sales_log",
    ),
    Leak(
        "training windows that end after the cutoff", "label window",
        (
            ("gosales_resources/partitions/space.py", "newest = self.steps_after(cutoff, -self.window_steps)",
             "newest = self.steps_after(cutoff, -1)"),
            ("gosales_resources/partitions/space.py", "last = -self.window_steps", "last = -1"),
            ("gosales_resources/partitions/maturity.py",
             'elif head.item(0, "window_end") > cutoff:', "elif False:"),
            ("gosales_resources/partitions/maturity.py",
             'elif head.item(0, "is_censored"):', "elif False:"),
        ),
        RUN, "model",
    ),
    Leak(
        "folds without an embargo", "folds",
        (("gosales_assets/models/rows/folds.py", "if ends[t] <= v]", "if t < v]"),),
        RUN, "promotion",
    ),
    Leak(
        "folds judged on rows they are fitted on", "folds",
        (("gosales_assets/models/rows/folds.py", "if ends[t] <= v]", "if ends[t] <= v or t == v]"),),
        RUN, "promotion",
    ),
    Leak(
        "the same customers on both sides", "folds",
        (("gosales_assets/models/rows/folds.py", "train=((group != k) & fitted).nonzero()[0]",
          "train=fitted.nonzero()[0]"),),
        RUN, "promotion",
    ),
    Leak(
        "caps of other rows than those trained on", "caps",
        (("gosales_assets/models/training/training.py",
          "prepared, raw = prepare_rows(matrix, settings, pooled.preparation if pooled else None)",
          "prepared, raw = prepare_rows(\n        matrix.with_columns(pl.selectors.contains('__gp_') * 3),"
          " settings\n    )"),),
        RUN, "promotion",
    ),
    Leak(
        "pooled caps of other rows", "caps",
        (("gosales_assets/models/training/pooled_training.py", "prepared, raw = prepare_rows(table, settings)",
          "other = table.with_columns(pl.selectors.contains('__gp_') * 3)\n"
          "    prepared, raw = prepare_rows(other, settings)"),),
        RUN, "model",
    ),
    Leak(
        "calibrated on its own rows", "calibration",
        (("gosales_assets/models/bundle/held_out.py", "fitted = fit_calibrator(held.at(~mine), settings)",
          "fitted = fit_calibrator(held, settings)"),),
        RUN, "promotion", customers=500,
    ),
    Leak(
        "scores of later features", "partition asked for",
        ((MODELS, "scored = score(bundle, features[key], settings.explanation)",
          "last = max(k for k in features if k.division == key.division)\n"
          "            scored = score(bundle, features[last], settings.explanation)"),),
        RUN, "scores",
    ),
    Leak(
        "training on all labels of the run", "partition asked for",
        ((MODELS, KNOWN, KNOWN.replace("in past}", "in labels if one.division == division}")),),
        RUN, "model",
    ),
)  # fmt: skip

SEEN = "visible_at(self.spans.lazy(), cutoff)"
IN_GAUNTLET = (
    Leak(
        "population of the future, its dates clipped", "population",
        (("gosales_assets/accounts/observations.py", SEEN,
          "self.spans.lazy().with_columns(pl.selectors.date().clip(upper_bound=cutoff))"),),
        ALONE, "dim_customer",
    ),
    Leak(
        "a family's source beside the as-of filter", "as-of filter",
        (("gosales_assets/features/asof.py", "return visible_at(self._history.skus[scope].lazy(), self.cutoff)",
          "late = pl.col('visible_cutoff', 'last_day').clip(upper_bound=self.cutoff)\n"
          "        return self._history.skus[scope].lazy().with_columns(late)"),),
        ALONE,
    ),
    Leak(
        "ALS on everything, the record clipped", "fitted on everything",
        ((ASSETS, "fit_embeddings(known, cutoff,",
          "fit_embeddings(lines.with_columns(pl.col('order_date').clip(upper_bound=cutoff)), cutoff,"),),
        ALONE, "embeddings",
    ),
    Leak(
        "register rows recorded later", "register",
        (("gosales_assets/accounts/installed_base.py", "imputed = part.filter(known_by(cutoff)).join(",
          "imputed = part.join("),),
        ALONE, "fact_assets",
    ),
    Leak(
        "versions of customers that begin later", "attributes",
        (("gosales_assets/accounts/customers.py", "usable = split_at(side, cutoff).usable.drop",
          "usable = split_at(side, None).usable.drop"),),
        ALONE, "dim_customer",
    ),
    Leak(
        "deals that close later are shown closed", "CRM",
        (("gosales_assets/accounts/crm.py", "(closed.is_null() | (closed > cutoff)).alias(\"is_open\")",
          "closed.is_null().alias(\"is_open\")"),),
        FUTURE, "crm_deals",
    ),
    Leak(
        "the stage that a deal reached later", "CRM",
        (("gosales_assets/accounts/crm.py", "pl.when(reached).then(\"stage\").alias(\"stage\")",
          "pl.col(\"stage\")"),),
        FUTURE, "crm_deals",
    ),
    Leak(
        "an encoder with the customer's own row", "own row",
        (("gosales_assets/features/families/encoder.py",
          'buyers = pl.col("buyers") - pl.col("own_buyers") + prior * rate',
          'buyers = pl.col("buyers") + prior * rate'),),
        OWN, "features", sets="features.off=[]",
    ),
    Leak(
        "an attribute that holds the outcome", "attribute",
        (), PLANTED, "model", customers=400, attribute=True,
    ),
)  # fmt: skip

LEAKS = (*IN_FAMILIES, *IN_RUNS, *IN_GAUNTLET)
