"""The sample company: what its files hold is what it says, and its truth is true."""

import csv
import filecmp
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from gosales.sample.__main__ import run
from gosales.sample.behaviour import constant_effects, draw_customers, monthly_hazard, simulate
from gosales.sample.catalogue import DIVISIONS, PREDICTOR_ONLY, SKUS, UNKNOWN_SKU
from gosales.sample.company import SampleCompany, generate
from gosales.sample.faults import FaultRates
from gosales_resources.errors import StorageError
from gosales_resources.settings.base import slugify

MANY_FAULTS = FaultRates(
    blank_customer_id=0.01,
    unreadable_date=0.01,
    unreadable_money=0.01,
    missing_rate=0.1,
    no_lines=0.01,
    duplicate=0.02,
    unknown_sku=0.02,
)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> SampleCompany:
    out = tmp_path_factory.mktemp("sample") / "company"
    return generate(out, customers=300, rates=MANY_FAULTS)


@pytest.fixture(scope="module")
def rows(company: SampleCompany) -> list[dict[str, str]]:
    with company.sales_log.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def money(text: str) -> float:
    amount = float(text.strip("()").replace("$", "").replace(",", "") or 0)
    return -amount if text.startswith("(") else amount


def cells(row: dict[str, str]) -> dict[str, tuple[str, str]]:
    pairs = {s.name: (row.get(s.amount_column or "", ""), row[s.quantity_column]) for s in SKUS}
    return {name: pair for name, pair in pairs.items() if any(pair)}


def reason(row: dict[str, str]) -> str | None:
    found = cells(row)
    if not row["CompanyId"].strip():
        return "blank_customer_id"
    if row["Rec_Date"] in ("n/a", "31/31/2024", "2023-02-30"):
        return "unreadable_date"
    if any(amount == "TBD" for amount, _ in found.values()):
        return "unreadable_money"
    if row["InvoiceCurrency"] == "CAD" and not row["UsdCadConversionRate"]:
        return "missing_rate"
    if not any(money(text) for pair in found.values() for text in pair):
        return "no_lines"
    return None


def test_row_counts_agree_with_a_recount(company, rows):
    distinct = {tuple(row.values()): row for row in rows}
    rejected = Counter(reason(row) for row in distinct.values())
    loaded = rejected.pop(None)
    counts = company.counts
    assert (counts.rows_in, counts.rows_loaded) == (len(rows), loaded)
    assert counts.rows_duplicate == len(rows) - len(distinct)
    assert counts.rows_rejected == dict(rejected)
    assert counts.rows_in == loaded + counts.rows_duplicate + sum(counts.rows_rejected.values())


def test_line_counts_and_sums_agree_with_a_recount(company, rows):
    distinct = {tuple(row.values()): row for row in rows if reason(row) is None}.values()
    lines = [(name, pair, row) for row in distinct for name, pair in cells(row).items()]
    known = [line for line in lines if line[0] != UNKNOWN_SKU]
    cents = sum(
        round(100 * money(amount) / float(row["UsdCadConversionRate"]))
        for _, (amount, _), row in known
    )
    counts = company.counts
    assert (counts.lines, counts.unknown_sku_lines) == (len(known), len(lines) - len(known))
    assert counts.quantity == sum(money(quantity) for _, (_, quantity), _ in known)
    assert counts.gross_profit_cents == cents


@pytest.mark.parametrize(("seed", "is_same"), [(7, True), (8, False)], ids=["same", "other"])
def test_the_seed_decides_every_byte(company, tmp_path, seed, is_same):
    again = generate(tmp_path / "again", seed=seed, customers=300, rates=MANY_FAULTS)
    names = ["sales_log.csv", "customers.csv", "assets.csv", "truth/true_probabilities.parquet"]
    same, _, _ = filecmp.cmpfiles(company.folder, again.folder, names, shallow=False)
    assert same == (names if is_same else [])


def test_the_log_is_crlf_with_a_byte_order_mark(company):
    text = company.sales_log.read_bytes()
    assert text.startswith(b"\xef\xbb\xbfCompanyId,Customer,")
    assert text.count(b"\n") == text.count(b"\r\n") == company.counts.rows_in + 1


def test_truth_has_every_customer_division_and_cutoff_once(company):
    truth = pl.read_parquet(company.true_probabilities)
    known = pl.read_csv(company.customers, infer_schema=False)["customer_id"]
    assert truth.height == len(known) * len(DIVISIONS) * 9
    assert truth.select("customer_id", "division", "cutoff").is_duplicated().sum() == 0
    assert set(truth["customer_id"]) == set(known)
    assert truth["p_true"].is_between(0, 1).all()


def clean_purchases(path: Path) -> pl.DataFrame:
    """Net profit by customer, division and month, from the file alone."""
    of_sku = {sku.name: sku.division for sku in SKUS}
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            iso = row["Rec_Date"]
            month = iso[:7] if "-" in iso else f"{iso[6:]}-{iso[:2]}"
            for name, (amount, _) in cells(row).items():
                routed = name == "AM_Support" and row["Division"] == "Scanning"
                division = slugify("Scanning" if routed else of_sku[name])
                found.append((row["CompanyId"].strip(), division, month, money(amount)))
    schema = ["customer_id", "division", "month", "gp"]
    return pl.DataFrame(found, schema, orient="row").group_by(schema[:3]).agg(pl.sum("gp"))


def labels_and_truth(company: SampleCompany) -> tuple[np.ndarray, np.ndarray]:
    """Of the first half of 2024, for all customers and divisions."""
    inside = pl.col("month").is_between(pl.lit("2024-01"), pl.lit("2024-06"))
    window = clean_purchases(company.sales_log).filter(inside)
    bought = window.group_by("customer_id", "division").agg(pl.sum("gp") > 0)
    truth = pl.read_parquet(company.true_probabilities)
    truth = truth.filter(pl.col("cutoff") == pl.date(2023, 12, 31))
    joined = truth.join(bought, on=["customer_id", "division"], how="left")
    # No line in the window is a label of no.
    return joined["gp"].fill_null(value=False).to_numpy(), joined["p_true"].to_numpy()


def test_labels_counted_from_the_file_are_as_frequent_as_the_truth_says(tmp_path):
    rates = FaultRates(0, 0, 0, 0, 0, 0, 0)
    y, p = labels_and_truth(generate(tmp_path / "clean", customers=1_500, rates=rates))
    assert abs(y.sum() - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum())
    assert np.all(p[y] > 0)
    # The log likelihood of the labels is what it is on average when the truth is true.
    assert abs(np.log(np.where(y, p, 1 - p)).sum() + entropy(p)) < 4 * entropy_sd(p)


def entropy(p: np.ndarray) -> float:
    inner = p[(p > 0) & (p < 1)]
    return float(-(inner * np.log(inner) + (1 - inner) * np.log1p(-inner)).sum())


def entropy_sd(p: np.ndarray) -> float:
    inner = p[(p > 0) & (p < 1)]
    return float(np.sqrt((inner * (1 - inner) * np.log(inner / (1 - inner)) ** 2).sum()))


def test_the_oracle_is_as_good_as_designed():
    rng = np.random.default_rng(1)
    history = simulate(draw_customers(15_000, rng), [59], rng)
    known = history.bought[:, :, :60].any(axis=(1, 2))
    y, p = history.bought[known, :, 60:66].any(axis=2), history.p_true[0][known]
    fresh = ~history.owned_before[0][known]
    for index, division in enumerate(DIVISIONS):
        all_auc = roc_auc_score(y[:, index], p[:, index])
        if division.is_constant:
            assert all_auc == 0.5
        elif division.name not in PREDICTOR_ONLY:
            new = fresh[:, index]
            assert 0.78 < all_auc < 0.93, division.name
            assert 0.63 < roc_auc_score(y[new, index], p[new, index]) < 0.83, division.name


def test_what_is_bought_after_a_cutoff_does_not_move_its_truth():
    rng = np.random.default_rng(2)
    customers = draw_customers(200, rng)
    history = simulate(customers, [59], rng)
    other = history.bought.copy()
    other[:, :, 60:] = rng.random(other[:, :, 60:].shape) < 0.5
    still, none = constant_effects(customers), np.ones(history.p_true[0].shape)
    for month in range(60, 66):
        none *= 1 - monthly_hazard(customers, still, other[:, :, : month - 5], month)
    np.testing.assert_allclose(history.p_true[0], 1 - none, atol=1e-12)


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(StorageError, match="holds no sample company"):
        generate(tmp_path, customers=5)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_line_tells_what_is_wrong(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep")
    assert run(["--out", str(tmp_path)]) == 1
    assert "holds no sample company" in capsys.readouterr().err


def test_an_earlier_sample_is_replaced_and_nothing_is_left_beside(tmp_path):
    generate(tmp_path / "out", customers=5, seed=1)
    second = generate(tmp_path / "out", customers=3, seed=2)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(second.customers.read_text().splitlines()) == 4


def test_the_directory_names_its_owner_in_the_truth_alone(company):
    directory = pl.read_csv(company.enrichment, infer_schema=False)
    truth = pl.read_parquet(company.enrichment_truth)
    accounts = pl.read_csv(company.customers, infer_schema=False)["customer_id"]
    assert directory["directory_id"].is_unique().all()
    assert set(directory["directory_id"]) == set(truth["directory_id"])
    owned = truth["customer_id"].drop_nulls()
    assert set(owned) <= set(accounts)
    assert owned.is_unique().all()
    assert 0.78 < len(owned) / len(accounts) < 0.92
    assert "customer_id" not in directory.columns


def test_zips_of_the_directory_are_those_of_the_log(company, rows):
    of = {r["CompanyId"].strip(): r["_3DigitZip"] for r in rows}
    both = pl.read_csv(company.enrichment, infer_schema=False).join(
        pl.read_parquet(company.enrichment_truth).drop_nulls("customer_id"), on="directory_id"
    )
    for customer, code in both.select("customer_id", "zip3").iter_rows():
        assert code is None or of.get(customer, code) == code
    assert both["zip3"].null_count() < both.height / 4
