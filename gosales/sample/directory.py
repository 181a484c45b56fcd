"""A bought company directory: who the accounts are, as somebody else writes their names.

Names differ as they do between two sources; some entries are nobody's, some of them named almost
like an account. Which entry is whose is known; it goes to the truth, no asset reads it.
"""

import numpy as np
import polars as pl

from gosales.sample.catalogue import INDUSTRIES, NAME_HEADS, NAME_MIDDLES, NAME_TAILS

# Accounts the directory has.
LISTED_FRACTION = 0.85
# Entries that are no account's, per account; half of them are named almost like one.
STRANGER_FRACTION = 0.15
# How the name of an account is written: kind -> share.
KINDS = {
    "same": 0.40,
    "capitals": 0.12,
    "legal form": 0.20,
    "typo": 0.13,
    "reordered": 0.07,
    "abbreviated": 0.08,
}
LONG_FORMS = {
    "Inc.": "Incorporated", "Ltd": "Limited", "Co.": "Company", "Corp.": "Corporation",
    "& Sons": "and Sons", "LLC": "L.L.C.", "GmbH": "G.m.b.H.",
}  # fmt: skip
SHORT_WORDS = {
    "Systems": "Sys.", "Fabrication": "Fab.", "Engineering": "Engrg.", "Products": "Prod.",
    "Instruments": "Instr.", "Dynamics": "Dyn.", "Assemblies": "Assem.", "Machine": "Mach.",
    "Controls": "Contr.", "Robotics": "Robot.",
}  # fmt: skip
# Ends of names that are no legal form: another one would be another company.
TELLING_TAILS = ("Works", "Partners")
PLACES = ("West", "North", "International", "II")
# Chunks draw from seeds of their own here too; the other files keep their bytes.
SEED = 5_077


def company_directory(
    crm: pl.DataFrame, has_bought: np.ndarray, first: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Write a chunk of the directory.

    Parameters
    ----------
    crm
        The chunk's accounts.
    has_bought
        Which of them are in the sales log: only those have a zip there.
    first
        Number of the first of them in the whole sample.
    seed
        Of the sample.

    Returns
    -------
    tuple of polars.DataFrame
        The columns of `enrichment.csv`, in no telling order, and the truth: directory_id,
        customer_id (null for nobody's), kind.
    """
    rng = np.random.default_rng([seed, SEED, first])
    rows = []
    for account, bought in zip(crm.iter_rows(named=True), has_bought.tolist(), strict=True):
        if rng.random() < LISTED_FRACTION:
            rows.append(_entry_of(account, bought, rng))
        if rng.random() < STRANGER_FRACTION:
            rows.append(_stranger(account, rng))
    order = rng.permutation(len(rows))
    schema = {
        "company_name": pl.String, "zip3": pl.String, "industry": pl.String,
        "sub_industry": pl.String, "employees": pl.Int64, "customer_id": pl.String,
        "kind": pl.String,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema, orient="row")[order]
    # At most two entries an account, so ids of two chunks never meet.
    ids = pl.int_range(2 * first, 2 * first + frame.height, eager=True)
    named = frame.with_columns(directory_id=pl.format("D{}", ids.cast(pl.String).str.zfill(8)))
    attributes = ["company_name", "zip3", "industry", "sub_industry", "employees"]
    return (
        named.select("directory_id", *attributes),
        named.select("directory_id", "customer_id", "kind"),
    )


def zip_of(customer_id: str) -> str:
    """Return the first digits of an account's zip, as the sales log writes them."""
    return str(100 + int(customer_id) % 899)


def _entry_of(account: dict, bought: bool, rng: np.random.Generator) -> tuple:
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    name = _rewritten(account["customer_name"], kind, rng)
    code = zip_of(account["customer_id"]) if bought else None
    employees = account["employees"]
    if employees is not None:
        employees = max(1, int(employees * rng.uniform(0.8, 1.25)))
    facts = (account["industry"], account["sub_industry"], employees)
    return (name, code, *facts, account["customer_id"], kind)


def _stranger(account: dict, rng: np.random.Generator) -> tuple:
    near = rng.random() < 0.5
    parts = [str(rng.choice(words)) for words in (NAME_HEADS, NAME_MIDDLES, NAME_TAILS)]
    if near:
        words, tail = _split(account["customer_name"])
        parts = [*words, str(rng.choice(PLACES)), tail]
    industry = str(rng.choice(list(INDUSTRIES)))
    sub_industry = str(rng.choice(INDUSTRIES[industry][1]))
    code = zip_of(account["customer_id"]) if near else str(100 + int(rng.integers(899)))
    employees = int(rng.integers(2, 500))
    kind = "near-collision" if near else "stranger"
    return (" ".join(parts), code, industry, sub_industry, employees, None, kind)


def _rewritten(name: str, kind: str, rng: np.random.Generator) -> str:
    words, tail = _split(name)
    if kind == "capitals":
        return name.upper().replace(".", "")
    if kind == "legal form" and tail not in TELLING_TAILS:
        tail = [LONG_FORMS.get(tail, tail), "", str(rng.choice(NAME_TAILS[:4]))][rng.integers(3)]
    if kind == "typo":
        at = max(range(len(words)), key=lambda i: (len(words[i]), -i))
        words[at] = _slip(words[at], rng)
    if kind == "reordered":
        words = [*words[1:], words[0]]
    if kind == "abbreviated":
        words = [SHORT_WORDS.get(word, word) for word in words]
    return " ".join([*words, tail]).strip()


def _split(name: str) -> tuple[list[str], str]:
    """Take the legal form off a name."""
    tail = next(tail for tail in NAME_TAILS if name.endswith(f" {tail}"))
    return name.removesuffix(f" {tail}").split(), tail


def _slip(word: str, rng: np.random.Generator) -> str:
    """Leave out a letter, write it twice, or swap it with the next; not the first nor the last."""
    at = int(rng.integers(1, max(2, len(word) - 2)))
    return [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ][int(rng.integers(3))]
