"""Decisions about unknown columns: what the values must show, and when nothing is decided."""

import datetime as dt

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gosales.onboarding.accounts import inspect_accounts
from gosales.onboarding.dates import (
    find_date_formats,
    find_given_formats,
    meant_days,
    shape_of,
)
from gosales.onboarding.money import find_currency, find_value
from gosales.onboarding.numbers import find_decimal
from gosales.onboarding.period import propose_period
from gosales.onboarding.profile import profile
from gosales.onboarding.roles import LONG_ROLES, assign_roles
from gosales.onboarding.taxonomy import derive_taxonomy, division_names, read_taxonomy
from gosales.onboarding.wide import find_amount, find_sku_columns, find_suffix
from gosales.onboarding.words import name_points
from gosales.onboarding.yaml_text import block, comment, entry, mapping, scalar, sequence

DAYS = [dt.date(2023, 1, 1) + dt.timedelta(days=n) for n in range(200)]


def dates(form: str, days=DAYS):
    return find_date_formats([(day.strftime(form), 2) for day in days])


def roles_of(frame: pl.DataFrame, **given: str):
    profiles = {name: profile(frame, name) for name in frame.columns}
    return assign_roles(frame, profiles, LONG_ROLES, given).roles


LOG = pl.DataFrame(
    {
        "Datum": [f"2024-01-{n % 28 + 1:02d}" for n in range(40)],
        "Beleg-Nr.": [f"R{n // 2}" for n in range(40)],
        "Kd-Nr.": [f"{(n // 2) % 7:05d}" for n in range(40)],
        "Artikel-Nr.": [f"A{n % 5}" for n in range(40)],
        "Menge": [str(n % 3 + 1) for n in range(40)],
        "Nettoumsatz": [f"{n},50" for n in range(40)],
        "Einzelpreis": [f"{n},25" for n in range(40)],
    }
)


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%b-%Y", "%b %d, %Y", "%Y%m%d",
     "%m/%d/%y", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M %p"],
)  # fmt: skip
def test_dates_with_days_above_twelve_have_one_format(form):
    found = dates(form)
    assert (found.formats, found.is_sure, found.read_frac) == ([form], True, 1.0)


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%d/%m/%Y", "%d-%m-%y"])
def test_dates_without_a_day_above_twelve_are_undecided_and_say_what_would_decide(form):
    found = dates(form, [day for day in DAYS if day.day <= 12])
    assert not found.is_sure
    assert len(found.formats) == 2
    assert "above 12" in str(found.undecided)


def test_a_single_deciding_date_among_hundreds_may_be_a_slip_and_decides_nothing():
    values = [(f"{m:02d}/{d:02d}/2024", 5) for m in range(1, 13) for d in range(1, 13)]
    assert find_date_formats([*values, ("01/13/2024", 1)]).undecided


def test_a_column_that_mixes_both_orders_is_undecided():
    values = [(day.strftime(("%m/%d/%Y", "%d/%m/%Y")[n % 2]), 1) for n, day in enumerate(DAYS)]
    assert "mixes two orders" in str(find_date_formats(values).undecided)


def test_several_spellings_give_several_formats_and_garbage_is_shown():
    values = [(day.strftime(("%m/%d/%Y", "%Y-%m-%d")[n % 2]), 1) for n, day in enumerate(DAYS)]
    found = find_date_formats([*values, ("n/a", 1)])
    assert (sorted(found.formats), found.unread) == (["%Y-%m-%d", "%m/%d/%Y"], ["n/a"])


def test_a_two_digit_year_is_not_year_24():
    assert dates("%d/%m/%y").formats == ["%d/%m/%y"]


def test_two_and_four_digit_years_together_are_both_read_and_days_above_twelve_decide_for_both():
    values = [(day.strftime(("%d/%m/%Y", "%d/%m/%y")[day.day > 12]), 1) for day in DAYS]
    found = find_date_formats(values)
    assert (sorted(found.formats), found.undecided) == (["%d/%m/%Y", "%d/%m/%y"], None)
    assert found.read_frac == 1


@pytest.mark.parametrize("form", ["%Y-%m", "%m/%Y", "%b %Y", "%b-%y", "%Y%m"])
def test_months_are_dates(form):
    months = [dt.date(2021 + n // 12, n % 12 + 1, 1) for n in range(30)]
    assert dates(form, months).formats == [form]


def test_days_as_spreadsheets_count_them_are_dates():
    assert find_date_formats([(str(45000 + n), 1) for n in range(60)]).formats == ["serial"]


@pytest.mark.parametrize(("name", "kind"), [("Invoice Date", "date"), ("Article", "number")])
def test_numbers_are_dates_only_where_the_column_is_named_like_one(name, kind):
    assert profile(pl.DataFrame({name: [str(45000 + n) for n in range(60)]}), name).kind == kind


@pytest.mark.parametrize("zone", ["-0500", "+01:00", "+05:30"])
def test_dates_with_an_offset_are_found_and_told_which_day_is_meant(zone):
    values = [(f"{day:%Y-%m-%d} 21:15:00 {zone}", 1) for day in DAYS]
    found = find_date_formats(values)
    assert (found.formats, found.read_frac) == (["%Y-%m-%d %H:%M:%S %z"], 1.0)
    assert "own zone" in str(meant_days(found.formats))


def test_given_formats_are_told_with_the_share_they_read_and_are_not_sure_with_less():
    values = [(day.strftime(("%d/%m/%Y", "%Y-%m-%d")[n % 2]), 1) for n, day in enumerate(DAYS)]
    found = find_given_formats(values, ["%Y-%m-%d"])
    assert "reads 100 of 200 rows" in found.why
    assert (found.is_sure, found.read_frac) == (False, 0.5)


@given(st.dates(dt.date(1951, 1, 1), dt.date(2099, 12, 31)))
def test_one_and_two_digits_have_one_shape(day):
    assert shape_of(f"{day.month}/{day.day}/{day.year}") == shape_of(day.strftime("%m/%d/%Y"))


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["12,50", "3"], ","),
        (["1.234,50"], ","),
        (["12.5", "1,234"], "."),
        (["1", "20"], "."),
        (["1.234", "7"], None),
        (["1,234"], None),
        (["12.50", "12,50"], None),
    ],
)
def test_a_decimal_mark_is_told_or_called_undecided(cells, mark):
    frame = pl.DataFrame({"a": cells})
    assert find_decimal(frame, ["a"]).mark == mark


def test_german_headers_are_recognised_with_evidence_and_a_unit_price_is_no_revenue():
    found = roles_of(LOG)
    assert {role: f.value for role, f in found.items()} == {
        "order_date": "Datum", "invoice_id": "Beleg-Nr.", "customer_id": "Kd-Nr.",
        "sku": "Artikel-Nr.", "quantity": "Menge", "revenue": "Nettoumsatz",
    }  # fmt: skip
    assert found["customer_id"].certainty == "sure"
    assert "7 distinct" in found["customer_id"].why
    assert found["order_date"].certainty == "guessed"


def test_two_columns_that_could_be_the_customer_leave_it_undecided():
    twice = LOG.with_columns(pl.Series("Client ID", [f"C{n % 3}" for n in range(40)]))
    found = roles_of(twice)["customer_id"]
    assert (found.value, found.blocks, found.options) == (None, True, ["Kd-Nr.", "Client ID"])


def test_a_column_that_nothing_names_the_customer_is_offered_and_not_taken():
    found = roles_of(LOG.rename({"Kd-Nr.": "Ref"}))["customer_id"]
    assert (found.value, found.blocks) == (None, True)
    assert "Ref" in found.options


def test_names_are_not_taken_for_customer_ids():
    log = LOG.drop("Kd-Nr.").with_columns(pl.Series("Customer", ["Acme", "Globex"] * 20))
    found = roles_of(log)
    assert found["customer_id"].blocks
    assert found["customer_name"].value == "Customer"


def test_what_a_person_decided_stands():
    found = roles_of(LOG.rename({"Kd-Nr.": "Ref"}), customer_id="Ref")["customer_id"]
    assert (found.value, found.certainty) == ("Ref", "sure")


def test_two_revenues_are_undecided():
    log = LOG.with_columns(pl.Series("Net Sales", [f"{n * 2},75" for n in range(40)]))
    assert roles_of(log)["revenue"].certainty == "undecided"


@pytest.mark.parametrize(
    ("header", "role"),
    [("Cust. No.", "customer_id"), ("CompanyId", "customer_id"), ("N° client", "customer_id"),
     ("Num. facture", "invoice_id"), ("Código artículo", "sku"), ("Fecha factura", "order_date"),
     ("Quantité", "quantity"), ("Stück", "quantity"), ("UsdCadConversionRate", "conversion_rate")],
)  # fmt: skip
def test_headers_of_four_languages_name_their_role(header, role):
    assert name_points(header, role) >= 2


@pytest.mark.parametrize("header", ["Ship Date", "Due date", "Lieferdatum", "Unit Price", "Plz"])
def test_what_gosales_does_not_map_is_never_a_role(header):
    assert not any(name_points(header, role) for role in LONG_ROLES)


WIDE = pl.DataFrame(
    {
        "Desk": ["10.5", "", "", "-3", "", ""],
        "Desk Units": ["1", "", "", "1", "", ""],
        "Success Plan GP": ["", "7", "", "", "", ""],
        "Success_Plan Units": ["", "1", "", "", "", ""],
        "_3DP": ["", "", "5", "5", "5", "5"] ,
        "AM Units": ["", "", "1", "1", "1", "1"],
    }
)  # fmt: skip


def wide_of(frame: pl.DataFrame):
    profiles = {name: profile(frame, name) for name in frame.columns}
    suffix, _ = find_suffix(frame.columns)
    return find_sku_columns(frame, profiles, suffix, set(), set())


def test_pairs_aliases_by_name_and_quantity_only_skus_are_found():
    wide = wide_of(WIDE)
    assert wide.suffix == " Units"
    assert wide.aliases == {"Success Plan GP": "Success_Plan"}
    assert wide.amounts["Desk"] == "Desk"
    assert "AM" in wide.quantities
    assert "AM" not in wide.amounts


def test_a_column_filled_in_the_same_rows_as_a_lone_quantity_is_its_amount_as_a_guess():
    rows = pl.concat([WIDE, *[WIDE.clear(12)] * 1])
    wide = wide_of(rows.with_columns(pl.Series("_3DP", [None, "", *["5"] * 6, *[""] * 10]),
                                     pl.Series("AM Units", [None, "", *["2"] * 6, *[""] * 10])))  # fmt: skip
    assert wide.aliases["_3DP"] == "AM"
    assert [f.certainty for f in wide.findings if f.value == "_3DP"] == ["guessed"]


def test_a_sale_below_zero_shows_that_amounts_are_profit():
    amount, finding = find_amount(
        WIDE.drop("Success Plan GP"), wide_of(WIDE.drop("Success Plan GP")), "."
    )
    assert (amount, finding.certainty) == ("gross_profit", "guessed")


@pytest.mark.parametrize(
    ("rate", "conversion"), [("1.35", "divide"), ("0.74", "multiply"), ("1.02", None)]
)
def test_the_direction_of_a_rate_is_a_guess_to_confirm_or_undecided(rate, conversion):
    counts = pl.DataFrame({"cur": ["USD", "CAD"], "rate": [None, rate], "rows": [5, 5]})
    home, way = find_currency(counts, {}, ".").findings
    assert (home.value, home.certainty) == ("USD", "guessed")
    assert (way.value, way.certainty, way.blocks) == (
        conversion, "guessed" if conversion else "undecided", conversion is None,
    )  # fmt: skip


def test_several_currencies_without_a_rate_are_a_person_s_decision():
    counts = pl.DataFrame({"cur": ["EUR", "USD"], "rows": [1, 2]})
    (home,) = find_currency(counts, {}, ".").findings
    assert (home.blocks, home.options) == (True, ["USD", "EUR"])


@pytest.mark.parametrize(
    ("signs", "home"),
    [({"€": 3, "$": 5}, None), ({"r$": 4}, "BRL"), ({"chf": 4}, "CHF"), ({"%": 2}, "USD")],
    ids=str,
)
def test_signs_beside_the_amounts_name_the_currency_and_two_of_them_none(signs, home):
    (finding,) = find_currency(None, signs, ".").findings
    assert (finding.value, finding.blocks) == (home, home is None)


def test_a_given_currency_that_signs_speak_against_is_not_sure():
    (finding,) = find_currency(None, {"€": 3}, ".", "USD").findings
    assert (finding.value, finding.certainty) == ("USD", "guessed")
    assert "3 amounts carry the sign of EUR" in finding.why


@pytest.mark.parametrize(("losses", "value"), [(1, "gross_profit"), (3, "revenue")])
def test_gross_profit_is_the_value_unless_a_fifth_of_the_sales_lose_money(losses, value):
    profit = ["-1"] * losses + ["5"] * (10 - losses)
    frame = pl.DataFrame({"gp": profit, "rev": ["9"] * 10, "q": ["1"] * 10})
    assert find_value(frame, "gp", "rev", "q", ".").value == value


def test_returns_are_no_losses():
    frame = pl.DataFrame({"gp": ["-1"] * 5 + ["5"] * 5, "q": ["-1"] * 5 + ["1"] * 5})
    assert find_value(frame, "gp", None, "q", ".").certainty == "sure"


def period_of(first: dt.date, months: int, slips: list[dt.date] | None = None):
    days = [first + dt.timedelta(days=n) for n in range(int(months * 30.44))]
    rows = [100] * len(days) + [1] * len(slips or [])
    return propose_period(pl.DataFrame({"day": [*days, *(slips or [])], "rows": rows}))


@pytest.mark.parametrize(
    ("months", "cadence", "window"), [(9, 1, 3), (20, 1, 6), (30, 3, 6), (60, 3, 6)]
)
def test_a_short_log_gets_monthly_cutoffs_and_a_short_window(months, cadence, window):
    found = period_of(dt.date(2020, 1, 1), months)
    assert (found.cadence_months, found.window_months) == (cadence, window)
    assert found.first < found.start < found.end <= found.complete_through
    assert found.end in found.cutoffs


def test_a_date_typed_wrong_does_not_stretch_the_calendar():
    found = period_of(dt.date(2020, 1, 1), 30, [dt.date(2202, 5, 1), dt.date(1999, 1, 1)])
    assert (found.first, found.outside, found.last.year) == (dt.date(2020, 1, 1), 2, 2022)


def test_a_log_of_three_weeks_has_no_calendar():
    days = pl.DataFrame({"day": [dt.date(2024, 1, 2), dt.date(2024, 1, 20)], "rows": [1, 1]})
    assert propose_period(days).start is None


def test_a_sku_with_two_divisions_gets_the_more_frequent_one_and_is_told():
    pairs = pl.DataFrame({"s": ["a", "a", "b"], "d": ["X", "y", "x"], "rows": [2, 5, 1]})
    found = derive_taxonomy(pairs, "s", "d", None)
    assert dict(found.table.iter_rows()) == {"a": "y", "b": "x"}
    assert any(f.what == "taxonomy.several" and "a" in f.why for f in found.findings)


def test_spellings_of_one_division_become_one_name():
    names, findings = division_names(pl.Series(["AM Support", "am_support", "AM Support"]), 3)
    assert names == ["AM Support"]
    assert findings[0].what == "divisions.spelling"


def test_a_taxonomy_s_sku_column_is_the_one_with_the_log_s_skus_whatever_its_name():
    frame = pl.DataFrame({"sku": ["1", "2"], "Old": ["a", "b"], "Division": ["X", "Y"]})
    found = read_taxonomy(frame, {"a", "b"})
    assert (found.columns["sku"], found.divisions) == ("Old", ["X", "Y"])


def test_skus_without_a_division_are_a_person_s_decision():
    frame = pl.DataFrame({"sku": ["a", "b"], "division": ["X", ""]})
    assert any(f.blocks for f in read_taxonomy(frame, {"a", "b"}).findings)


ACCOUNTS = pl.DataFrame(
    {
        "id": [str(n) for n in range(12)],
        "employees": [str(n * 3) for n in range(12)],
        "sector_kind": ["a", "b", "c"] * 4,
        "Last Order": ["2024-01-01"] * 12,
        "lifetime_value": [str(n) for n in range(12)],
        "state_now": ["churned", "ok"] * 6,
        "year_of_it": [str(2022 + n % 3) for n in range(12)],
        "opened_year": [str(1980 + n) for n in range(12)],
        "size": ["12.500", "3.000"] * 6,
    }
)


def test_what_is_only_known_later_is_left_out_with_its_reason():
    found = inspect_accounts(ACCOUNTS, {"1", "2"}, (2022, 2024))
    left = {f.value: f.why for f in found.findings if f.certainty == "left out"}
    assert set(left) == {"Last Order", "lifetime_value", "state_now", "year_of_it", "size"}
    assert "later knowledge" in left["lifetime_value"]
    assert (found.numeric, found.categorical) == (["employees", "opened_year"], ["sector_kind"])


def test_an_account_that_is_there_twice_leaves_the_id_undecided():
    assert inspect_accounts(pl.concat([ACCOUNTS] * 2), {"1", "2"}, None).findings[0].blocks


texts = st.text(min_size=1).filter(lambda t: not any(0xD800 <= ord(c) <= 0xDFFF for c in t))


@given(texts, texts, st.lists(texts, max_size=3))
def test_any_header_comes_out_as_yaml_that_loads_to_the_same_text(key, value, values):
    lines = [
        "root:",
        *comment(f"TODO decide: {key}: {value}", 2),
        entry(key, scalar(value), 2),
        "flow:",
        f"  map: {mapping({key: value})}",
        f"  list: {sequence(values)}",
        *(["items:", *block(values, 2)] if values else ["items: []"]),
    ]
    loaded = yaml.safe_load("\n".join(lines))
    assert loaded["root"] == {key: value}
    assert loaded["flow"] == {"map": {key: value}, "list": values}
    assert loaded["items"] == values
