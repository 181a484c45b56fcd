"""Rows that are no sales, or sales the other way: cancelled orders, credit memos, anonymous buyers.

Only asked and pointed out: whether a cancelled order belongs into a log is its owner's to say.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from gosales.onboarding.finding import Finding
from gosales.onboarding.profile import Profile, read_numbers
from gosales.onboarding.words import tokens, word_set
from gosales.onboarding.yaml_text import mapping, sequence
from gosales_resources.sources.cells import SPELLINGS, text

# More values than these are no status.
MOST_KINDS = 30
CANCELLED = word_set(
    "cancelled canceled cancel cancellation cancelation void voided deleted annulled "
    "storniert annule annulee annulation cancelado cancelada anulado anulada annullato "
    "annullata geannuleerd draft entwurf brouillon borrador rascunho bozza quote quoted "
    "quotation proforma angebot devis presupuesto orcamento preventivo offerte rejected "
    "abgelehnt refused rechazado failed abandoned expired refunded unpaid geloescht geloscht "
    "test"
)
CREDITED = word_set(
    "credit creditmemo creditnote gutschrift retoure ruckgabe rueckgabe return returns "
    "returned refund rma avoir retour remboursement abono devolucion devolucao reembolso reso "
    "storno stornorechnung reversal creditnota"
)
CREDIT_CODES = word_set("cr cm cn crn rma ret")
FILLERS = word_set(
    "order orders invoice sale sales document doc item line memo memos note notes nota de di "
    "customer rechnung auftrag credito"
)
STATUS_WORDS = word_set(
    "status state stage flag type typ tipo kind doc document belegart statut estado stato "
    "zustand situacao tipologia soort"
)
PAYMENT = word_set("payment pay card tender zahlung paiement pago pagamento terms")
NOBODY = word_set(
    "cash guest guests anonymous anonym anonyme anonimo walkin walk in counter unknown misc "
    "miscellaneous various diverse divers barverkauf barverkaufe laufkundschaft laufkunde "
    "comptoir passage contado mostrador dummy onetime one time cpd default none null na nan "
    "unbekannt inconnu desconocido consumidor final generic general"
)
BUYERS = word_set("customer customers client clients kunde kunden buyer account sale sales cliente")
# One account with more of the lines than this is pointed out, where there are enough others.
LARGE = 0.2
FEWEST_CUSTOMERS = 10


def row_findings(
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
    columns: Mapping[str, str],
    settled: Sequence[str],
) -> list[Finding]:
    """Ask about rows that are cancelled, and about credit memos with amounts above zero.

    Parameters
    ----------
    frame
        Rows of a sample.
    profiles
        Of its columns.
    columns
        Role -> column, those that are known.
    settled
        Columns that a person has decided about.

    Returns
    -------
    list of Finding
        `where` and `sign`, each with the column as its value and `COLUMN=VALUE` as options.
    """
    measures = ("revenue", "gross_profit", "unit_price", "quantity")
    amounts = [read_numbers(frame[columns[role]]) for role in measures if role in columns]
    if not amounts:
        return []
    is_taken = {columns[role] for role in columns if role not in ("source_division", "family")}
    findings = []
    for name, found in profiles.items():
        if name in is_taken or name in settled or not 1 < found.distinct <= MOST_KINDS:
            continue
        cells = frame.select(text(name)).to_series()
        kinds = cells.drop_nulls().unique().sort().to_list()
        for what, values in (("where", _cancelled(name, kinds)), ("sign", _credited(name, kinds))):
            chosen = cells.is_in(values).fill_null(value=False)
            is_signed = any(bool((a.filter(chosen) < 0).any()) for a in amounts)
            counts = any(bool((a.filter(chosen) > 0).any()) for a in amounts)
            # A cancelled return among cancelled sales is cancelled too; a signed credit memo is right.
            is_right = is_signed and what == "sign"
            if values and counts and not is_right and not chosen.all():
                findings.append(_asked(what, name, values, int(chosen.sum()), frame.height))
    return findings


def setting_of(what: str, column: str, values: Sequence[str]) -> str:
    """Write the setting that leaves rows out, or turns their sign, on one line of YAML.

    Examples
    --------
    >>> setting_of("sign", "Type", ["Credit Memo"])
    'sign: {column: Type, negative: [Credit Memo]}'
    >>> setting_of("where", "Status", ["Void"])
    'where: [{column: Status, op: "!=", value: Void}]'
    """
    if what == "sign":
        return f"sign: {{{mapping({'column': column})[1:-1]}, negative: {sequence(values)}}}"
    conditions = [mapping({"column": column, "op": "!=", "value": value}) for value in values]
    return f"where: [{', '.join(conditions)}]"


def nobody_findings(
    frame: pl.DataFrame, columns: Mapping[str, str], named: Sequence[str]
) -> list[Finding]:
    """Point out customer ids that are no customers: a word for nobody, or a share too large.

    Parameters
    ----------
    frame
        Rows of a sample.
    columns
        Role -> column, those that are known.
    named
        Ids that a person has named already.

    Returns
    -------
    list of Finding
        `not_customers`, each with the id as its value; none of them essential.
    """
    if "customer_id" not in columns:
        return []
    name = columns.get("customer_name", columns["customer_id"])
    rows = frame.select(id=text(columns["customer_id"]), name=text(name)).drop_nulls("id")
    counts = rows.group_by("id").agg(rows=pl.len(), name=pl.col("name").drop_nulls().first())
    findings = []
    for value, count, called in counts.sort("rows", "id", descending=[True, False]).rows():
        share = count / rows.height
        is_large = share >= LARGE and counts.height >= FEWEST_CUSTOMERS
        if value in named or not (is_large or _is_nobody(value) or _is_nobody(called or "")):
            continue
        label = value if called in (None, value) else f"{value} ({called})"
        why = (
            f"{share:.0%} of the lines looked at are of {label}: a customer, or nobody in "
            f"particular? not_customers: {sequence([value])} in source.sales_log takes such ids out"
        )
        findings.append(Finding("not_customers", value, "undecided", why))
    return findings[:MOST_KINDS]


def _asked(what: str, column: str, values: list[str], count: int, rows: int) -> Finding:
    does = {
        "where": "they would be sales like all others. Leave them out?",
        "sign": "their amounts are above zero, so they would be sales. Take them back?",
    }[what]
    why = (
        f"{column} is {' or '.join(values)} in {count:,} of {rows:,} rows looked at; {does} In "
        f"source.sales_log: {setting_of(what, column, values)}"
    )
    options = [f"{column}={value}" for value in values]
    return Finding(what, column, "undecided", why, is_essential=True, options=options)


def _cancelled(header: str, values: list[str]) -> list[str]:
    words = set(tokens(header))
    flags = [value for value in values if SPELLINGS.get(value.lower()) is True]
    if words & CANCELLED and all(value.lower() in SPELLINGS for value in values):
        return flags
    is_status = bool(words & STATUS_WORDS)
    return [value for value in values if _says(value, CANCELLED, is_status=is_status)]


def _credited(header: str, values: list[str]) -> list[str]:
    words = set(tokens(header))
    if words & PAYMENT:
        return []
    if words & CREDITED and all(value.lower() in SPELLINGS for value in values):
        return [value for value in values if SPELLINGS[value.lower()]]
    is_status = bool(words & STATUS_WORDS)
    codes = CREDITED | CREDIT_CODES if is_status else CREDITED
    return [value for value in values if _says(value, codes, is_status=is_status)]


def _says(value: str, words: frozenset[str], *, is_status: bool) -> bool:
    """Tell whether a value is such a word; anywhere in it where its column holds kinds of rows."""
    said = set(tokens(value))
    return bool(said & words) and (is_status or said <= words | FILLERS)


def _is_nobody(value: str) -> bool:
    said = set(tokens(value))
    digits = "".join(said)
    if digits.isdigit():
        return len(set(digits)) == 1 and digits[0] in "09" and (digits[0] == "0" or len(digits) > 3)
    return bool(said & NOBODY - {"in", "one", "time", "final"}) and said <= NOBODY | BUYERS
