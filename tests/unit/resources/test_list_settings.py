"""Settings of the list that would be ignored, or would spoil every score, are refused."""

import pytest

from gosales_resources.errors import SettingsError
from tests.worlds.erp import row, write_world


@pytest.mark.parametrize(
    ("whitespace", "told"),
    [
        ({"capacity": {"mode": "optimal", "division_floor": {"Simulaton": 3}}}, "'simulation'"),
        ({"capacity": {"mode": "optimal", "division_cap": {"Scanning": 3}}}, "gets no model"),
        ({"capacity": {"division_cap": {"Simulation": 3}}}, "only 'optimal' holds"),
        ({"weight_ev": float("inf")}, "finite"),
        ({"weight_ev": float("nan")}, "weight_ev"),
        (dict.fromkeys(("weight_p_icp", "weight_lift", "weight_als", "weight_ev"), 0), "positive"),
        ({"divisions": ["Simulaton"]}, "'Simulaton' gets no model.*'Simulation'"),
        ({"divisions": ["Scanning"]}, "whitespace.divisions: 'Scanning' gets no model"),
        ({"divisions": ["Simulation", "simulation "]}, "'Simulation' is named twice"),
        (
            {
                "divisions": ["Simulation"],
                "capacity": {"mode": "optimal", "division_cap": {"Solid Works": 3}},
            },
            "'solid_works' is not in whitespace.divisions",
        ),
        ({"order": "both"}, "'wins', 'value' or 'blend'"),
        ({"gates": {"recent_contact_days": -1}}, "recent_contact_days"),
    ],
)
def test_what_makes_no_list_is_refused(tmp_path, whitespace, told):
    with pytest.raises(SettingsError, match=told):
        write_world(tmp_path, [row()], {"whitespace": whitespace})


def test_divisions_are_named_as_people_write_them(tmp_path):
    capacity = {"mode": "optimal", "division_floor": {"SIMULATION": 3}}
    settings = write_world(tmp_path, [row()], {"whitespace": {"capacity": capacity}})
    assert settings.whitespace.capacity.division_floor == {"simulation": 3}


@pytest.mark.parametrize("names", [["SOLID works"], ["solid_works"]], ids=["name", "key"])
def test_the_divisions_of_a_list_are_named_or_all(tmp_path, names):
    assert write_world(tmp_path, [row()]).listed_targets == ["simulation", "solid_works"]
    settings = write_world(tmp_path, [row()], {"whitespace": {"divisions": names}})
    assert settings.listed_targets == ["solid_works"]
