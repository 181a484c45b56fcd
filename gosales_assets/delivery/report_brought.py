"""What the last list brought, on the page of this one: wins and money, by rep, and the experiment."""

from collections.abc import Mapping

import polars as pl

from gosales_assets.delivery.listed import ListTerms
from gosales_assets.delivery.report_tables import ReportTables
from gosales_assets.rendering.interval_chart import Bar, interval_chart
from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.page_blocks import banner, command, facts, paragraph, section, table
from gosales_assets.rendering.plots import BACKTEST_TOP
from gosales_checks.contracts import experiment
from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.calls import OFF as NO_OUTCOMES
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT
from gosales_checks.contracts.validation import (
    CHALLENGER,
    LIST,
    LIST_VALIDATION,
    MONEY_WON,
    PUBLISHED,
    REP,
    WINS,
)

NAME, TITLE = "brought", "What the last list brought"
ORDERS = {
    PUBLISHED: "the list",
    "p": "by chance of buying",
    "ev": "by expected value",
    "percentile": "by percentile",
    CHALLENGER: "by earlier lists",
    "popularity": "popular first",
    "rfm": "best customers",
    "last_year": "most spent last year",
}


def brought_section(tables: ReportTables, terms: ListTerms, decimals: int) -> Markup:
    """Return the part of the page; without an earlier list that is over it says what to do.

    Parameters
    ----------
    tables
        Of the cutoff, and of the earlier list.
    terms
        Of this list.
    decimals
        Of money.
    """
    found = tables.of_earlier(LIST_VALIDATION)
    if found is None or tables.earlier_cutoff is None:
        return section(NAME, TITLE, _nothing(terms))
    rows, cutoff = found.filter(status="ok"), tables.earlier_cutoff
    listed = rows.filter(scope=LIST)
    lead = paragraph(
        f"The list of {cutoff}, and what its customers bought in the {terms.months} months after it "
        f"where they had never bought before. Intervals hold the true share in 95 of 100 cases; "
        "“at random” is what as many rows drawn by lot would have brought."
    )
    return section(
        NAME,
        TITLE,
        lead,
        _head(listed, terms, decimals),
        *(_chart(listed, kind, terms) for kind in (WINS, MONEY_WON)),
        _tops(listed, terms, decimals),
        _reps(rows.filter(scope=REP), tables.of_earlier(LIST_CALLS), terms, decimals),
        _experiment(tables.of_earlier(EXPERIMENT_READOUT), terms, decimals),
    )


def _nothing(terms: ListTerms) -> Markup:
    return banner(
        "info",
        "No earlier list has met its outcome yet.",
        join(
            f"A list is over {terms.months} months after its date. Then, with that date: ",
            command("gosales materialize --select list_validation --upstream --cutoffs DATE"),
            ", and make this page anew.",
        ),
    )


def _money(value: float | None, decimals: int) -> str:
    # 0.0 + -0.0 is 0.0.
    return "" if value is None else f"{round(value, decimals) + 0.0:,.{decimals}f}"


def _share(row: Mapping[str, float | None]) -> str:
    if row["share"] is None:
        return ""
    share = f"{100 * row['share']:.1f} %"
    if row["low"] is None or row["high"] is None:
        return share
    return f"{share} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"


def _figure(row: Mapping[str, float | None], kind: str, column: str, decimals: int) -> str:
    return _money(row[column], 0 if kind == WINS and column != "chance" else decimals)


def _head(listed: pl.DataFrame, terms: ListTerms, decimals: int) -> Markup | None:
    """Say the three figures that matter first, of the first tenth."""
    top = listed.filter(order=PUBLISHED, top=BACKTEST_TOP)
    told = {row["kind"]: row for row in top.iter_rows(named=True)}
    if not {WINS, MONEY_WON} <= set(told):
        return None
    wins, money = told[WINS], told[MONEY_WON]
    return facts(
        [
            (f"Rows in the first {BACKTEST_TOP}", f"{wins['row_count']:,}"),
            (
                "Buyers among them",
                f"{_money(wins['captured'], 0)} of {_money(wins['total'], 0)}"
                f" (at random {_money(wins['chance'], 1)})",
            ),
            (
                f"What they bought ({terms.currency})",
                f"{_money(money['captured'], decimals)} of {_money(money['total'], decimals)}"
                f" (at random {_money(money['chance'], decimals)})",
            ),
        ]
    )


def _chart(listed: pl.DataFrame, kind: str, terms: ListTerms) -> Markup | None:
    """Draw what the first tenth captured, in the list's order and in plain ones."""
    rows = listed.filter(pl.col("share").is_not_null(), kind=kind, top=BACKTEST_TOP)
    told = {row["order"]: row for row in rows.iter_rows(named=True)}
    bars = [
        Bar(
            words,
            100 * row["share"],
            None if row["low"] is None else 100 * row["low"],
            None if row["high"] is None else 100 * row["high"],
            _share(row),
            order == PUBLISHED,
        )
        for order, words in ORDERS.items()
        if (row := told.get(order)) is not None and row["share"] >= 0
    ]
    if not bars:
        return None
    what = "buyers" if kind == WINS else f"money ({terms.currency})"
    title = f"Share of all {what} in the first {BACKTEST_TOP}, in several orders of the same rows"
    return interval_chart(title, f"% of all {what}, with the 95 % interval", bars)


def _tops(listed: pl.DataFrame, terms: ListTerms, decimals: int) -> Markup:
    rows = listed.filter(order=PUBLISHED).sort("row_count", "top", "kind")
    money = {r["top"]: r for r in rows.filter(kind=MONEY_WON).iter_rows(named=True)}
    body = [
        [
            f"first {wins['top']}",
            f"{wins['row_count']:,}",
            _figure(wins, WINS, "captured", decimals),
            _figure(wins, WINS, "chance", 1),
            _share(wins),
            *(_of(money.get(wins["top"]), column, decimals) for column in ("captured", "chance")),
            _share(money[wins["top"]]) if wins["top"] in money else "",
        ]
        for wins in rows.filter(kind=WINS).iter_rows(named=True)
    ]
    bought = f"Bought ({terms.currency})"
    titles = [
        "Rows", "How many", "Buyers", "At random", "Share of all buyers", bought, "At random",
        "Share of all money",
    ]  # fmt: skip
    return table("The tops of the list", titles, body, range(1, len(titles)))


def _of(row: Mapping[str, float | None] | None, column: str, decimals: int) -> str:
    return "" if row is None else _money(row[column], decimals)


def _reps(
    rows: pl.DataFrame, calls: pl.DataFrame | None, terms: ListTerms, decimals: int
) -> Markup | None:
    if rows.is_empty():
        return None
    told = rows.filter(order=PUBLISHED, top="selected")
    money = {r["item"]: r for r in told.filter(kind=MONEY_WON).iter_rows(named=True)}
    called = _called(calls)
    outcomes = ("called_count", "won_count", "rejected_count") if called else ()
    body = [
        [
            row["item"],
            f"{row['row_count']:,}",
            _figure(row, WINS, "captured", decimals),
            _figure(row, WINS, "chance", 1),
            _of(money.get(row["item"]), "captured", decimals),
            *(
                f"{called[row['item']][name]:,}" if row["item"] in called else ""
                for name in outcomes
            ),
        ]
        for row in told.filter(kind=WINS).sort("item").iter_rows(named=True)
    ]
    titles = ["Rep", "Selected rows", "Buyers", "At random", f"Bought ({terms.currency})"]
    titles += ["Called", "Won", "Rejected"] if called else []
    note = None
    if not called:
        note = paragraph(
            "What was called is not known: name the outcomes of calls as source.list_outcomes, and "
            "the next page has them beside these figures.",
            quiet=True,
        )
    return join(table("By rep: the rows that were to be called", titles, body, range(1, 8)), note)


def _called(calls: pl.DataFrame | None) -> dict[str, dict[str, int]]:
    if calls is None or calls.filter(pl.col("status") != NO_OUTCOMES).is_empty():
        return {}
    return {row["rep"]: row for row in calls.iter_rows(named=True)}


def _experiment(readout: pl.DataFrame | None, terms: ListTerms, decimals: int) -> Markup | None:
    """Say what calling added; nothing where there was no experiment."""
    if readout is None or readout.is_empty() or readout["status"].item() == experiment.OFF:
        return None
    row = readout.row(0, named=True)
    pairs: list[tuple[str, str]] = [
        ("Accounts called", f"{row['treated_accounts']:,}"),
        ("Accounts left alone", f"{row['control_accounts']:,}"),
    ]
    if row["effect"] is not None:
        added, low, high = (
            _money(row[n], decimals) for n in ("effect", "effect_low", "effect_high")
        )
        pairs.append((f"Added per account ({terms.currency})", f"{added} ({low} to {high})"))
        cost = _money(row["cost_per_account"], decimals)
        pairs.append((f"Cost per account ({terms.currency})", cost))
    return join(tag("h3", "Did calling help?"), paragraph(row["verdict"]), facts(pairs))
