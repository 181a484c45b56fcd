"""Who may see which rows: two users, and everybody who is not known."""

import polars as pl
import pytest
from pydantic import ValidationError

from gosales.pages.viewers import Viewer, viewer_of
from gosales_resources.settings.pages import PageSettings
from tests.worlds.lists import list_of

SETTINGS = PageSettings(managers=["Boss@x.example"], sellers={"ann@x.example": ["Ann Lee"]})
BOOKS = pl.DataFrame(
    {"rep": ["bob@x.example", "old@x.example", "Ann Lee"], "is_active": [True, False, True]}
)
LIST = list_of({"rep": "Ann Lee"}, {"rep": " ann lee "}, {"rep": "bob@x.example"}, {"rep": None})


def seen_by(email: object, **claims: object) -> list[int] | None:
    viewer = viewer_of({"email": email, **claims}, BOOKS, SETTINGS)
    return None if viewer is None else viewer.rows(LIST.lazy()).collect()["place"].to_list()


@pytest.mark.parametrize(
    ("email", "places"),
    [("boss@X.example", [1, 2, 3, 4]), ("ann@x.example", [1, 2]), ("BOB@x.example ", [3]),
     ("old@x.example", None), ("eve@x.example", None), ("ann lee", None), ("", None), (None, None)],
)  # fmt: skip
def test_each_sees_the_own_rows_a_manager_all_and_who_is_not_known_none(email, places):
    assert seen_by(email) == places


def test_an_address_that_the_provider_has_not_verified_opens_nothing():
    assert seen_by("boss@x.example", email_verified=False) is None
    assert seen_by("ann@x.example", email_verified=True) == [1, 2]


def test_an_empty_name_of_a_seller_does_not_open_the_rows_of_nobody():
    settings = PageSettings(sellers={"eve@x.example": [""]})
    viewer = viewer_of({"email": "eve@x.example"}, BOOKS, settings)
    assert viewer is not None
    assert viewer.rows(LIST.lazy()).collect().is_empty()
    assert not viewer.may_see(None)


def test_a_seller_may_see_what_rows_keeps():
    viewer = Viewer("ann", sees_all=False, reps=frozenset({"ann lee"}))
    kept = viewer.rows(LIST.lazy()).collect()["rep"].to_list()
    assert kept == [rep for rep in LIST["rep"] if viewer.may_see(rep)]


@pytest.mark.parametrize(
    "told",
    [{"managers": ["no address"]}, {"managers": ["a@x.example"], "sellers": {"A@x.example": ["A"]}},
     {"sellers": {"a@x.example": ["A"], "A@x.example": ["B"]}}],
    ids=["no address", "both", "twice"],
)  # fmt: skip
def test_rights_that_contradict_each_other_are_refused(told):
    with pytest.raises(ValidationError):
        PageSettings.model_validate(told)
