"""Which code makes a table: a digest that changes when that code does, and with nothing else.

Of an asset's function, what it refers to; of the modules that these names come from, all that they
import, and so on (the import closure). From syntax trees (`syntax`), without docstrings, comments and
annotations. Nothing is imported or run.

Left out, each because it cannot change a value:
- how assets are declared, stored and judged (`PLUMBING`): it is the same for all of them;
- the texts of errors;
- of settings the fields, defaults and validators: the values in force are named by the settings that a
  contract declares. Methods and properties count;
- contracts that a module imports: a table's own one counts, with its rules; another's columns show in
  that table's content.
"""

import contextlib
import hashlib
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from gosales_checks.freshness.syntax import PACKAGES, Module, Part
from gosales_resources.errors import StorageError
from gosales_resources.settings.tree import Settings
from gosales_resources.store.sealed_json import read_sealed, write_sealed

PLUMBING = (
    "gosales_assets.platform",
    "gosales_checks.freshness",
    "gosales_checks.partition_checks",
    "gosales_checks.contracts",
    "gosales_resources.errors",
    "gosales_resources.instance.recorded",
    "gosales_resources.partitions.keys",
    "gosales_resources.partitions.space",
    "gosales_resources.store.io_managers",
    "gosales_resources.store.tables",
    "gosales_resources.store.address",
    "gosales_resources.store.upstream",
)
CONTRACTS = "gosales_checks.contracts"
WHOLE = ""
# What was found in the sources of the packages, beside the staged log: both can be removed.
REMEMBERED = "code.json"


@dataclass(frozen=True)
class Code:
    """The source code of the packages.

    A file is read once, and parsed once as long as its content is the same (1 s for all of them).
    """

    root: Path
    """Folder that the packages lie in."""
    remembered: Path | None = None
    """File that keeps what was found in sources, by their content; it can be removed at any time."""
    _sources: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)
    """Module -> digest of its source, and the source."""
    _parts: dict[str, dict[str, Part]] = field(default_factory=dict, repr=False)
    """Digest of a source -> name at its top, or `WHOLE` -> what it holds."""
    _imported: dict[str, list[str]] = field(default_factory=dict, repr=False)
    """Module -> modules that it imports."""
    _found: list[str] = field(default_factory=list, repr=False)
    """Modules that were parsed, not recalled."""

    @classmethod
    def installed(cls, remembered: Path | None = None) -> "Code":
        """Find the packages that run."""
        spec = importlib.util.find_spec(__name__.partition(".")[0])
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(__name__)
        code = cls(Path(spec.origin).parent.parent, remembered)
        code._parts.update(_recalled(remembered, code._source(Module.__module__)[0]))
        return code

    def of_function(self, module: str, function: str, schema: tuple[str, str]) -> str:
        """Return the digest of what makes a table.

        Parameters
        ----------
        module, function
            The asset's function.
        schema
            Module and class of the table's contract.
        """
        part = self._part(module, function)
        own = [part.digest, *self._schema(*schema)]
        return _hash([*own, *self._digests(self._modules(part.imports))])

    def of_modules(self, *modules: str) -> str:
        """Return the digest of modules with all that they import."""
        return _hash(self._digests(modules))

    def closure(self, modules: Iterable[str]) -> list[str]:
        """List modules with all that they import, sorted by name."""
        found: set[str] = set()
        waiting = list(modules)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                if name not in self._imported:
                    self._imported[name] = self._modules(self._part(name, WHOLE).imports)
                waiting += self._imported[name]
        return sorted(found)

    def behind(self, module: str, function: str) -> list[str]:
        """List the modules behind an asset's function, its own left out, sorted by name."""
        return self.closure(self._modules(self._part(module, function).imports))

    def remember(self) -> None:
        """Keep what was found for the next process, where there is room and permission."""
        if self.remembered is None or not self._found:
            return
        # Looking at definitions makes no store where there was none.
        if not self.remembered.parent.is_dir():
            return
        # Of sources as they are now: what files held before is forgotten.
        now = {self._source(module)[0] for module in self._files}
        told = {
            source: {name: [part.digest, part.imports] for name, part in parts.items()}
            for source, parts in self._parts.items()
            if source in now
        }
        by = self._source(Module.__module__)[0]
        # In a store that may only be read the next process parses again.
        with contextlib.suppress(StorageError):
            write_sealed(self.remembered, {"by": by, "sources": told}, "code")

    def _digests(self, modules: Iterable[str]) -> list[str]:
        return [f"{name} {self._part(name, WHOLE).digest}" for name in self.closure(modules)]

    def _schema(self, module: str, name: str) -> list[str]:
        """List a contract's schema and those it builds on."""
        part = self._part(module, name)
        bases = [
            (origin, base)
            for origin, names in sorted(part.imports.items())
            if origin.startswith(CONTRACTS)
            for base in names
        ]
        return [part.digest, *(text for base in bases for text in self._schema(*base))]

    def _modules(self, imports: Mapping[str, Iterable[str]]) -> list[str]:
        """Turn imports into modules: `from package import module` names a module by its name."""
        found = []
        for origin, names in imports.items():
            modules = [f"{origin}.{name}" for name in names if f"{origin}.{name}" in self._files]
            found += modules if names and len(modules) == len(list(names)) else [origin, *modules]
        return [name for name in found if name in self._files and not _is_plumbing(name)]

    def _part(self, module: str, name: str) -> Part:
        digest, source = self._source(module)
        parts = self._parts.setdefault(digest, {})
        if name not in parts:
            self._found.append(module)
            parts[name] = _parsed(module, source, name)
        return parts[name]

    def _source(self, module: str) -> tuple[str, bytes]:
        if module not in self._sources:
            if module not in self._files:
                raise ModuleNotFoundError(module)
            source = self._files[module].read_bytes()
            # Its name too: two modules of one content are two.
            named = module.encode() + b"\n" + source
            self._sources[module] = hashlib.sha256(named).hexdigest()[:32], source
        return self._sources[module]

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Module -> its file."""
        found = {}
        for package in PACKAGES:
            for path in (self.root / package).rglob("*.py"):
                parts = path.relative_to(self.root).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found


@lru_cache(maxsize=2048)
def _parsed(module: str, source: bytes, name: str) -> Part:
    """Parse a source: of equal content the same, so it may be kept as long as the process lives."""
    tree = Module.parse(module, source)
    return tree.sliced(name) if name else tree.whole()


def code_of_modules(settings: Settings, *modules: str) -> str:
    """Return the digest of modules with all that they import, as the code lies there now."""
    code = Code.installed(settings.staging_root / REMEMBERED)
    digest = code.of_modules(*modules)
    code.remember()
    return digest


def _recalled(path: Path | None, by: str) -> dict[str, dict[str, Part]]:
    """Read what `Code.remember` kept; nothing where other code wrote it, or it is damaged."""
    told = read_sealed(path) if path else {}
    if told.get("by") != by:
        return {}
    return {
        source: {name: Part(digest, imports) for name, (digest, imports) in parts.items()}
        for source, parts in told["sources"].items()
    }


def _is_plumbing(name: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in PLUMBING)


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
