"""Normal forms of company names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_assets.enrichment.names import normalise, telling_words

ONE_COMPANY = {
    "suffix": ["Harbor Tool Inc.", "Harbor Tool, Incorporated", "HARBOR TOOL LLC", "Harbor Tool"],
    "ampersand": ["Smith & Jones", "Smith and Jones", "The Smith + Jones Co."],
    "accents": ["Société Générale S.A.", "Societe Generale SA", "SOCIÉTÉ GÉNÉRALE"],
    "initials": ["J. P. Morgan", "J.P. Morgan", "JP Morgan Corp"],
    "german": ["Müller GmbH & Co. KG", "Muller", "MÜLLER G.m.b.H."],
    "family": ["Dupont & Fils SARL", "Dupont et Fils", "Dupont and Sons Ltd"],
    "spanish": ["García y Hijos S.L.", "Garcia"],
    "width": ["Ａｃｍｅ １", "acme 1"],
    "apostrophe": ["O'Brien Tools", "O’Brien Tools", "OBrien Tools"],
    "abbreviation": ["Intl. Mfg. Co.", "International Manufacturing"],
    "dutch": ["Van Dijk B.V.", "van dijk bv", "Van Dijk N.V."],
}
TWO_COMPANIES = [
    ("Acme 1", "Acme 2"),
    ("Harbor Tool", "Harbor Tool West"),
    ("D. E. Miller", "Miller"),
    ("Alder Works", "Alder Partners"),
]


@pytest.mark.parametrize("names", list(ONE_COMPANY.values()), ids=list(ONE_COMPANY))
def test_spellings_of_one_name_have_one_normal_form(names):
    assert len({normalise(name).text for name in names}) == 1


@pytest.mark.parametrize(("one", "other"), TWO_COMPANIES)
def test_words_that_tell_companies_apart_stay(one, other):
    assert normalise(one).text != normalise(other).text


@given(st.text(max_size=40) | st.text("abcinllcogmbhsa.&' -éß1", max_size=40))
def test_a_normal_form_is_its_own_normal_form(name):
    text = normalise(name).text
    assert normalise(text).text == text


@given(st.text("abc &.'", max_size=30), st.sampled_from(["Inc", "LLC", "GmbH", "Ltd", "Pty"]))
def test_a_legal_form_behind_a_name_changes_its_form_alone(name, form):
    bare = normalise(f"x{name} stem").text
    assert normalise(f"x{name} stem {form}").text == bare


def test_a_name_of_legal_words_alone_keeps_one():
    assert normalise("Limited Company").text == "limited"


def test_a_word_written_twice_is_two_words():
    assert telling_words("valves valves of ohio") == ["ohio", "valves", "valves'"]
