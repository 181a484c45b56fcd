"""What the UI shows of a table before it is made, from its contract and the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from gosales_checks.contracts.contract import HOME_CURRENCY, Contract
from gosales_resources import markdown
from gosales_resources.settings.tree import Settings

# Of a checkout. An installed package has no such file above it: nobody edits code there.
CHECKOUT = Path(__file__).resolve().parents[2]
IS_CHECKOUT = (CHECKOUT / "pyproject.toml").is_file()


@dataclass(frozen=True)
class Described:
    """A contract in Dagster's words."""

    contract: Contract
    settings: Settings

    @property
    def text(self) -> str:
        """The asset's description."""
        return f"{self.contract.description}\n\nGrain: {self.contract.grain}."

    @property
    def metadata(self) -> dict[str, Any]:
        """What holds of every partition."""
        return {
            "dagster/column_schema": dg.TableSchema(columns=self.columns),
            "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=self.lineage),
            "grain": self.contract.grain,
            "primary_key": ", ".join(self.contract.key) or "none",
        }

    @property
    def columns(self) -> list[dg.TableColumn]:
        """The declared columns, with description, unit and constraints."""
        return [
            dg.TableColumn(
                name=name,
                type=str(column.dtype),
                description=self.told(column.description, (column.metadata or {}).get("unit")),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, unique=self.contract.key == [name]
                ),
            )
            for name, column in self.contract.schema.columns().items()
        ]

    @property
    def lineage(self) -> dict[str, list[dg.TableColumnDep]]:
        """The columns of the tables read that a column goes back to: those of its name.

        A quantity has the same name in all tables; what is computed has a name of its own.
        """
        found: dict[str, list[dg.TableColumnDep]] = {}
        # A table may be read at more than one span of cutoffs.
        for table in dict.fromkeys(read.table for read in self.contract.reads):
            for name in self.contract.schema.columns().keys() & table.schema.columns().keys():
                dep = dg.TableColumnDep(asset_key=dg.AssetKey(table.name), column_name=name)
                found.setdefault(name, []).append(dep)
        return {name: found[name] for name in self.contract.schema.columns() if name in found}

    def told(self, description: str | None, unit: str | None) -> str:
        """Return a column's description with its unit; of money the currency that is configured."""
        if unit == HOME_CURRENCY:
            unit = f"{self.settings.source.sales_log.home_currency} (home currency)"
        return (description or "") + (f" Unit: {markdown.escape(unit)}." if unit else "")


def code_references(make: Callable[..., Any]) -> dict[str, Any]:
    """Return where a function stands, for the UI's link to the code; empty outside of a checkout.

    Parameters
    ----------
    make
        The function of an asset; one from outside of the checkout has no link either.
    """
    code = make.__code__
    path = Path(code.co_filename).resolve()
    if not IS_CHECKOUT or not path.is_relative_to(CHECKOUT):
        return {}
    label = f"{path.relative_to(CHECKOUT).as_posix()}:{code.co_firstlineno}"
    place = dg.LocalFileCodeReference(
        file_path=str(path), line_number=code.co_firstlineno, label=label
    )
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[place])}
