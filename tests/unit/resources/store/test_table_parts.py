"""Tables in parts: made one ahead, told whole, and keys that repeat across blocks are found."""

import polars as pl
import pytest

from gosales_checks.contracts import contract as contracts
from gosales_checks.contracts.star import SALES_LOG, SALES_LOG_REJECTS
from gosales_resources.store.parquet import one_ahead
from tests.contracts.samples import sample


def test_tables_made_one_ahead_come_in_order_and_no_further_ahead():
    made = []

    def tables():
        for n in range(5):
            made.append(n)
            yield pl.DataFrame({"n": [n]})

    for n, table in enumerate(one_ahead(tables())):
        assert table["n"].item() == n
        assert len(made) <= n + 2


def test_an_error_in_making_a_table_is_that_of_using_it():
    def tables():
        yield pl.DataFrame({"n": [0]})
        raise ValueError("no more")

    ahead = one_ahead(tables())
    next(ahead)
    with pytest.raises(ValueError, match="no more"):
        next(ahead)


@pytest.mark.parametrize("held", [1, 2, 100])
@pytest.mark.parametrize("contract", [SALES_LOG, SALES_LOG_REJECTS], ids=["one column", "several"])
def test_a_key_that_repeats_across_blocks_breaks_the_contract(monkeypatch, contract, held):
    monkeypatch.setattr(contracts, "BLOCK_ROWS", 2)
    monkeypatch.setattr(contracts, "KEYS_HELD", held)
    table = sample(contract).head(3)
    assert contracts.judge_table(contract, table.lazy()).passed
    twice = pl.concat([table, table.head(1)])
    assert contracts.judge_table(contract, twice.lazy()).violations == {"primary_key": 1}
