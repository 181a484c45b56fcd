"""All contracts, in graph order: what is read comes first.

The one list that definitions, checks, documents and the command line go by.
"""

from collections.abc import Collection, Iterable

from gosales_checks.contracts import (
    accounts,
    calls,
    crm,
    delivery,
    drift,
    enrichment,
    experiment,
    explanations,
    features,
    labels,
    list_report,
    list_slices,
    models,
    movement,
    rates,
    signals,
    star,
    validation,
    values,
    whitespace,
)
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.quality import violations_contract
from gosales_checks.contracts.star import SALES_LOG

DECLARED_IN = (
    star,
    enrichment,
    accounts,
    crm,
    labels,
    signals,
    features,
    rates,
    models,
    values,
    explanations,
    whitespace,
    list_slices,
    experiment,
    movement,
    delivery,
    validation,
    drift,
    calls,
    list_report,
)


def in_graph_order(contracts: Iterable[Contract]) -> list[Contract]:
    """Put what a table reads before it; of what may come next, what was declared first."""
    found: dict[str, Contract] = {}

    def add(contract: Contract) -> None:
        if contract.name not in found:
            for read in contract.reads:
                if read.table is not contract:
                    add(read.table)
            found[contract.name] = contract

    for contract in contracts:
        add(contract)
    return list(found.values())


def made_together(names: Collection[str]) -> list[str]:
    """Return tables with all that are made by the same functions, in graph order."""
    makers = {CONTRACTS[name].made_by for name in names}
    return [name for name, contract in CONTRACTS.items() if contract.made_by in makers]


_DECLARED = [
    value
    for module in DECLARED_IN
    for value in vars(module).values()
    # What a module imports of another is that one's.
    if isinstance(value, Contract)
]
# Over all of them, so it comes last.
VIOLATIONS = violations_contract(in_graph_order(dict.fromkeys(_DECLARED)))
CONTRACTS = {c.name: c for c in in_graph_order([*(r.table for r in VIOLATIONS.reads), VIOLATIONS])}
TABLE_CONTRACTS = tuple(c for c in CONTRACTS.values() if not c.is_bundle)
BUNDLE_CONTRACTS = tuple(c for c in CONTRACTS.values() if c.is_bundle)
# What the staging step makes of the raw sales log (`gosales materialize --staging-only`).
STAGING = tuple(made_together([SALES_LOG.name]))
