"""What code that computes features and models may do: an allow-list of imports, held by reading it.

It gets a cutoff and frames and returns frames. So it needs no clock, no unseeded draw, no file, no
database, no store, and no private attribute of what it was given. From the syntax tree alone: nothing
is imported or run. What it cannot see: code that hides what it does from its own text, such as a
library on the list that reads a file by another name (docs/leakage.md).
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ALLOWED_CODE = "code_reads_only_what_it_is_given"

LIBRARIES = frozenset(
    [
        "abc",
        "bisect",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "itertools",
        "math",
        "numbers",
        "operator",
        "re",
        "statistics",
        "string",
        "typing",
        "implicit",
        "lightgbm",
        "numpy",
        "polars",
        "scipy",
        "sklearn",
        "threadpoolctl",
    ]
)
# Of ours: what is pure, or declares.
OURS = (
    "gosales_assets.features",
    "gosales_checks.contracts",
    "gosales_checks.measures",
    "gosales_checks.verdicts",
    "gosales_resources.dates",
    "gosales_resources.errors",
    "gosales_resources.hashing",
    "gosales_resources.partitions.customer_ranges",
    "gosales_resources.partitions.keys",
    "gosales_resources.partitions.maturity",
    "gosales_resources.partitions.targets",
    "gosales_resources.settings",
    "gosales_resources.sources.cells",
)
# Of what is on the list: what reads files, or knows the store.
DENIED = (
    "gosales_assets.features.assets",
    "gosales_assets.features.checks",
    "gosales_assets.features.ranges",
    "gosales_resources.settings.loading",
    "numpy.ctypeslib",
    "numpy.f2py",
    "numpy.lib",
    "polars.io",
    "scipy.io",
    "sklearn.datasets",
)
CLOCKS = frozenset(
    ["now", "today", "utcnow", "time_ns", "perf_counter", "monotonic", "fromtimestamp"]
)
NOW = frozenset(("now", "today"))
# Types of numpy that read such a text, in whatever way they are named.
TIME_TYPES = ("datetime64", "M8")
FILES = frozenset(
    [
        "memmap",
        "fromfile",
        "tofile",
        "loadtxt",
        "genfromtxt",
        "savetxt",
        "load_npz",
        "datasource",
        "sql",
        "sql_expr",
        "SQLContext",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "serialize",
        "deserialize",
        "load_from_file",
        "glob",
        "rglob",
        "iterdir",
    ]
)
FILE_PREFIXES = ("scan_", "read_", "write_", "sink_")
PLACES = frozenset(["config_file", "source_dir", "staging_root", "store_root"])
# Lets a text name what is called or touched.
BUILTINS = frozenset(
    [
        "open",
        "eval",
        "exec",
        "compile",
        "__import__",
        "getattr",
        "setattr",
        "delattr",
        "vars",
        "globals",
        "locals",
        "input",
        "breakpoint",
        "attrgetter",
        "methodcaller",
    ]
)
COPIES = frozenset(("asdict", "astuple"))
DRAWS = frozenset(("sample", "shuffle"))
# Classes of a numpy generator, made with a seed.
SEEDED = frozenset(("default_rng", "Generator", "SeedSequence", "PCG64"))
OWN = frozenset(("self", "cls"))


@dataclass(frozen=True)
class Rules:
    """What modules of one kind may import beside `LIBRARIES` and `OURS`, and touch."""

    imports: tuple[str, ...] = ()
    dunder: bool = False
    """Names with two lines in front may be touched, such as `__dict__`."""


def findings_in(source: str, rules: Rules | None = None) -> list[str]:
    r"""Name what a module's code may not do.

    Parameters
    ----------
    source
        Python text.
    rules
        Of its kind; those of a family of features where none are given.

    Returns
    -------
    list of str
        One text a finding with its line, in the order of lines; each once.

    Examples
    --------
    >>> findings_in("import time\nhere = world._history")
    ['line 1: imports time', 'line 2: touches _history, a private attribute']
    """
    rules = rules or Rules()
    found: list[tuple[int, str]] = []
    makes_times = any(kind in source for kind in TIME_TYPES)
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        found += [(line, said) for said in _said_of(node, rules)]
        if makes_times and isinstance(node, ast.Constant) and node.value in NOW:
            found.append((line, f"says '{node.value}', which numpy reads from a clock"))
    return list(dict.fromkeys(f"line {line}: {said}" for line, said in sorted(found)))


def _said_of(node: ast.AST, rules: Rules) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imports(node, rules)
    elif isinstance(node, ast.Attribute):
        yield from _attribute(node, rules)
    elif isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.MatchClass):
        names = (name for name in node.kwd_attrs if name.startswith("_"))
        yield from (f"touches {name}, a private attribute" for name in names)
    elif isinstance(node, ast.Name) and node.id in BUILTINS and isinstance(node.ctx, ast.Load):
        yield f"uses {node.id}()"


def _imports(node: ast.Import | ast.ImportFrom, rules: Rules) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.Import):
        yield from (f"imports {name}" for name in names if not _may_import(name, rules))
        return
    module = node.module or ""
    if node.level or not _may_import(module, rules):
        yield f"imports {'.' * node.level}{module}"
        return
    yield from (f"imports {module}.{n}" for n in names if _is_below(f"{module}.{n}", DENIED))
    if module == "dataclasses" and not rules.dunder:
        # They hand out private fields under their names.
        yield from (f"imports {n} of {module}" for n in names if n in COPIES)
    if module.partition(".")[0] in LIBRARIES:
        # `from numpy import load` or `from numpy.random import rand`.
        if module.endswith("random"):
            yield from (f"imports {module}.{n}" for n in names if n not in SEEDED)
        bad = (n for n in names if _is_file(n) or n in CLOCKS or n in BUILTINS)
        yield from (f"imports {n} of {module}" for n in bad)


def _may_import(name: str, rules: Rules) -> bool:
    is_known = name.partition(".")[0] in LIBRARIES or _is_below(name, (*OURS, *rules.imports))
    return is_known and not _is_below(name, DENIED)


def _is_below(name: str, modules: Iterable[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in modules)


def _attribute(node: ast.Attribute, rules: Rules) -> Iterator[str]:
    name, base = node.attr, node.value
    is_own = isinstance(base, ast.Name) and base.id in OWN
    if name in CLOCKS:
        yield f"asks a clock: {name}"
    elif _is_file(name) or (name in ("load", "save") and _is_named(base, "np", "numpy")):
        yield f"reads or writes files: {name}"
    elif name in PLACES:
        yield f"asks where files lie: {name}"
    elif name in BUILTINS or (name in COPIES and not rules.dunder):
        yield f"uses {name}()"
    elif name.startswith("__") and not rules.dunder:
        yield f"touches {name}"
    elif name.startswith("_") and not name.startswith("__") and not is_own:
        yield f"touches {name}, a private attribute"
    if isinstance(base, ast.Attribute) and base.attr == "random" and name not in SEEDED:
        yield f"draws without a seed of its own: random.{name}"


def _is_file(name: str) -> bool:
    return name in FILES or name.startswith(FILE_PREFIXES)


def _is_named(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _call(node: ast.Call) -> Iterator[str]:
    name = _last_name(node.func)
    keywords = {keyword.arg for keyword in node.keywords}
    first = node.args[0] if node.args else None
    if name == "datetime64" and isinstance(first, ast.BinOp | ast.JoinedStr):
        yield "asks a clock: datetime64 of a text put together"
    if name in ("default_rng", "PCG64", "SeedSequence", "RandomState"):
        seeds = [*node.args, *(k.value for k in node.keywords)]
        if not seeds or all(isinstance(s, ast.Constant) and s.value is None for s in seeds):
            yield f"draws without a seed: {name}()"
    is_method = isinstance(node.func, ast.Attribute) and not _is_generator(node.func)
    if name in DRAWS and is_method and "seed" not in keywords:
        yield f"draws without a seed: {name}()"


def _is_generator(function: ast.Attribute) -> bool:
    """Tell a call on a numpy generator, by the names that generators have here."""
    return _is_named(function.value, "draw", "rng", "generator")


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
