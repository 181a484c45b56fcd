"""Python source as text that tells what it does: no docstring, comment, annotation, place in a file."""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

PACKAGES = ("gosales_assets", "gosales_checks", "gosales_resources")
SETTINGS = "gosales_resources.settings"
CONTRACTS = "gosales_checks.contracts"
VALIDATORS = {"field_validator", "model_validator"}
# Of a column of a contract: what it says to people.
FOR_PEOPLE = ("description", "metadata")
# Fields of a syntax tree that say nothing of what is done, or that only newer Pythons know.
SILENT = ("annotation", "returns", "ctx", "kind", "type_comment", "type_params")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Part:
    """A module, or what a name in it refers to."""

    digest: str
    imports: Mapping[str, list[str]]
    """Module of ours -> names that are imported of it, sorted."""


@dataclass(frozen=True)
class Module:
    """The syntax tree of a module."""

    name: str
    tree: ast.Module

    @classmethod
    def parse(cls, name: str, source: bytes) -> "Module":
        """Read a module's source."""
        return cls(name, ast.parse(source))

    def whole(self) -> Part:
        """Return all of it but its imports; of settings the methods alone."""
        if self.name.startswith(SETTINGS):
            texts = list(_texts_of_settings(self.tree))
        else:
            kept = [node for node in self.tree.body if not _is_import(node) and not _is_text(node)]
            texts = [plain(node) for node in kept]
        return Part(_hash(texts), _gathered(ast.walk(self.tree)))

    def sliced(self, name: str) -> Part:
        """Return what a name refers to, in this module and by import.

        Raises
        ------
        ModuleNotFoundError
            When the module defines no such name.
        """
        if name not in self._defined:
            raise ModuleNotFoundError(f"{self.name} defines no {name}")
        silent = FOR_PEOPLE if self.name.startswith(CONTRACTS) else ()
        found: dict[str, str] = {}
        used: list[ast.AST] = []
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in self._bound:
                used.append(self._bound[each])
            elif each in self._defined and each not in found:
                node = self._defined[each]
                found[each] = plain(node, silent)
                used += ast.walk(node)
                waiting += _names(node)
        return Part(_hash([found[each] for each in sorted(found)]), _gathered(used))

    @cached_property
    def _defined(self) -> dict[str, ast.stmt]:
        """Name -> the statement at the top of the module that makes it; imports left out."""
        found: dict[str, ast.stmt] = {}
        for node in self.tree.body:
            if isinstance(node, Function | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    found |= {n.id: node for n in ast.walk(target) if isinstance(n, ast.Name)}
        return found

    @cached_property
    def _bound(self) -> dict[str, ast.AST]:
        """Name -> the import at the top of the module that binds it, of this name alone."""
        found: dict[str, ast.AST] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                found |= {
                    a.asname or a.name: ast.ImportFrom(node.module, [a], 0) for a in node.names
                }
            elif isinstance(node, ast.Import):
                found |= {a.asname or a.name: ast.Import([a]) for a in node.names}
        return found


def plain(node: ast.AST, silent: Collection[str] = ()) -> str:
    r"""Write a syntax tree as text: no docstring, comment, annotation or place in the file.

    The same on every version of Python: what is empty is left out, as newer versions know more fields.

    Examples
    --------
    >>> one, other = ("def f(a: int):\n    'Say.'\n    return a", "def f(a): return a  # it")
    >>> plain(ast.parse(one)) == plain(ast.parse(other))
    True
    """
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return f"Assign({plain(node.target, silent)},{plain(node.value, silent)})"
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return f"Assign({plain(node.targets[0], silent)},{plain(node.value, silent)})"
    parts = [
        f"{name}={_value(name, value, silent)}"
        for name, value in ast.iter_fields(node)
        if name not in SILENT and value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(parts)})"


def _value(name: str, value: object, silent: Collection[str]) -> str:
    if isinstance(value, ast.AST):
        return plain(value, silent)
    if not isinstance(value, list):
        return repr(value)
    kept = value
    if name == "keywords" and silent:
        kept = [keyword for keyword in value if keyword.arg not in silent]
    elif name == "body":
        # A text that stands alone is a docstring, of a field too; a field that is only declared has
        # no value.
        kept = [
            statement
            for statement in value
            if not _is_text(statement)
            and not (isinstance(statement, ast.AnnAssign) and statement.value is None)
        ]
    texts = (plain(v, silent) if isinstance(v, ast.AST) else repr(v) for v in kept)
    return f"[{','.join(texts)}]"


def _is_text(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _gathered(nodes: Iterable[ast.AST]) -> dict[str, list[str]]:
    """Return module of ours -> names imported of it, none where the module itself is."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            found.setdefault(str(node.module), set()).update(a.name for a in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_ours(alias.name):
                    found.setdefault(alias.name, set())
    return {module: sorted(names) for module, names in sorted(found.items())}


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _names(node: ast.AST) -> Iterator[str]:
    """Give the names that a statement refers to, those of annotations left out."""
    if isinstance(node, ast.Name):
        yield node.id
    for name, value in ast.iter_fields(node):
        if name not in SILENT:
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, ast.AST):
                    yield from _names(inner)


def _texts_of_settings(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function) and not _is_validator(inner):
                    yield f"{node.name}.{plain(inner)}"
        elif not _is_import(node) and not _is_text(node):
            yield plain(node)


def _is_validator(function: Function) -> bool:
    calls = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
    return any(isinstance(call, ast.Name) and call.id in VALIDATORS for call in calls)


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n\n".join(texts).encode()).hexdigest()[:16]
