"""An encoder that has the customer's own purchase in it is named, at either level."""

import polars as pl
import pytest

from gosales_assets.operations.gauntlet.own_rows import GROUP, judge_rates

PRIOR = 20.0


def rows(own_left_out: bool = True, own_left_out_of_all: bool = True) -> pl.DataFrame:
    """Encode customers of two industries in a loop, from the definition."""
    people = [(f"c{n}", "Aero" if n % 3 else "Auto", int(n % 4 == 0)) for n in range(60)]
    made = []
    for customer, industry, bought in people:
        every = sum(b for _, _, b in people) - bought * own_left_out_of_all
        group = [b for _, i, b in people if i == industry]
        buyers = sum(group) - bought * own_left_out + PRIOR * every / (len(people) - 1)
        made.append((customer, "pdm", industry, bought, buyers / (len(group) - 1 + PRIOR)))
    names = ["customer_id", "division", GROUP, "bought", "rate"]
    return pl.DataFrame(made, schema=names, orient="row")


def test_an_honest_encoder_passes():
    assert judge_rates(rows(), "bought", "rate", PRIOR).verdict == "PASS"


@pytest.mark.parametrize("honest", [(False, True), (True, False), (False, False)])
def test_an_own_purchase_in_either_level_is_named(honest):
    found = judge_rates(rows(*honest), "bought", "rate", PRIOR)
    assert found.verdict == "FAIL"
    assert "pdm, Aero" in found.words


def test_groups_without_both_kinds_are_not_run():
    nobody = rows().with_columns(bought=pl.lit(0))
    assert judge_rates(nobody, "bought", "rate", PRIOR).verdict == "NOT RUN"
