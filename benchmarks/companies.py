"""Generated company names with known truth: a directory, and customers that are in it or are not.

Who is who is decided before any name is damaged. Damage is drawn here and not from the tables of
the matcher: abbreviations, say, are cut by rule, whatever the matcher may know of them.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl


def words_of(text: str) -> list[str]:
    return text.split()


ONSETS = words_of("b br c ch cl d dr f fl g gr h j k kl l m n p pr qu r s sh sl st t tr v w z")
VOWELS = words_of("a e i o u a e i o ai ea oo")
CODAS = words_of("l n r s t m ck nd rt st x ld ng")
ENDINGS = words_of("son ton er ley man field well ford wood berg worth mont a o ex ix")
MIDDLES = words_of("""Machine Design Dynamics Tool Systems Robotics Devices Forge Motion Plastics Fabrication
Instruments Controls Products Engineering Assemblies Molding Logistics Foods Dairy Textiles Paper
Packaging Chemical Energy Power Electric Optics Medical Dental Pharma Software Media Printing Glass
Steel Metals Castings Bearings Pumps Valves Hydraulics Marine Aviation Automotive Construction
Builders Roofing Paint Furniture Lighting Air Oil Gas Water Seeds Farms Trading Supply Security
Consulting Services Technologies Industries Laboratories Manufacturing Solutions""")
PLACES = words_of("""North South West East Pacific Atlantic Central Midwest Texas Ohio Nevada Quebec Bavaria
Iberia Nordic Lakeside Riverside Highland Valley Summit""")
FORMS = words_of("Inc. LLC Ltd Co. Corp. GmbH Group Incorporated Limited Company S.A. B.V.")
SAME_FORM = {"Inc.": "Incorporated", "Ltd": "Limited", "Co.": "Company", "Corp.": "Corporation"}
# Shares of the customers that are in the directory, by what happened to their name.
DAMAGES = {
    "same": 0.15,
    "case and marks": 0.12,
    "legal form": 0.18,
    "one typo": 0.22,
    "two typos": 0.06,
    "reordered": 0.10,
    "reordered, typo": 0.05,
    "run together": 0.04,
    "abbreviated": 0.05,
    "and, the": 0.03,
}
KNOWN_SHARE = 0.70
# Of the strangers: half are nobody's, half are near an entry on purpose.
NEAR_SHARE = 0.5
SIBLING_SHARE = 0.12


@dataclass(frozen=True)
class Companies:
    """Two lists and the truth."""

    directory: pl.DataFrame
    customers: pl.DataFrame
    """customer_id, customer_name, zip, kind, enrichment_key (null for strangers)."""


def generate(count: int, seed: int) -> Companies:
    """Make `count` customers and `count` entries; no zips, so that names alone decide."""
    rng = np.random.default_rng([seed, count])
    heads, lookalike = _heads(max(200, count // 8), rng)
    pool, strangers = _distinct(count, heads, rng)
    pool = _with_siblings(pool, rng)
    forms = rng.choice(FORMS, len(pool))
    named = [f"{' '.join(words)} {form}" for words, form in zip(pool, forms, strict=True)]
    taken = {tuple(sorted(words)) for words in pool}
    rows = []
    kinds, shares = list(DAMAGES), np.array(list(DAMAGES.values()))
    for at, who in enumerate(rng.permutation(len(pool))[:count].tolist()):
        draw = rng.random()
        if draw < KNOWN_SHARE:
            kind = str(rng.choice(kinds, p=shares / shares.sum()))
            name, other = named[who], damaged(pool[who], str(forms[who]), kind, rng)
            # Either side may be the one that is badly written.
            if rng.random() < 0.5:
                name, other = other, name
            named[who] = other
            rows.append((name, kind, f"D{who:07d}"))
        elif draw < KNOWN_SHARE + (1 - KNOWN_SHARE) * NEAR_SHARE:
            words = _near(pool[who], lookalike, rng)
            if tuple(sorted(words)) not in taken:
                rows.append((f"{' '.join(words)} {rng.choice(FORMS)}", "near-collision", None))
        else:
            words = strangers[at % len(strangers)]
            rows.append((f"{' '.join(words)} {rng.choice(FORMS)}", "stranger", None))
    directory = pl.DataFrame(
        {"enrichment_key": [f"D{at:07d}" for at in range(len(pool))], "name": named}
    ).with_columns(customer_id=pl.lit(None, pl.String), zip=pl.lit(None, pl.String))
    schema = {"customer_name": pl.String, "kind": pl.String, "enrichment_key": pl.String}
    customers = pl.DataFrame(rows, schema, orient="row").with_row_index("number")
    return Companies(
        directory,
        customers.select(
            pl.format("C{}", "number").alias("customer_id"),
            "customer_name",
            pl.lit(None, pl.String).alias("zip"),
            "kind",
            "enrichment_key",
        ),
    )


def damaged(words: list[str], form: str, kind: str, rng: np.random.Generator) -> str:
    """Write a name as another source would."""
    words = list(words)
    if kind == "case and marks":
        text = " ".join([*words, form.replace(".", "")])
        return [text.upper(), text.lower(), text.replace(" ", " - ", 1), f"{text},"][
            int(rng.integers(4))
        ]
    if kind == "legal form":
        other = [f for f in FORMS if f != form]
        form = [SAME_FORM.get(form, ""), "", str(rng.choice(other))][int(rng.integers(3))]
    if kind in ("one typo", "two typos", "reordered, typo"):
        long_words = sorted(range(len(words)), key=lambda i: (rng.random() / len(words[i]), i))
        for at in long_words[: 2 if kind == "two typos" else 1]:
            words[at] = slip(words[at], rng)
    if kind in ("reordered", "reordered, typo"):
        turn = int(rng.integers(1, max(2, len(words))))
        words = words[turn:] + words[:turn]
    if kind == "run together" and len(words) > 1:
        at = int(rng.integers(len(words) - 1))
        words[at : at + 2] = [words[at] + words[at + 1].lower()]
    if kind == "abbreviated":
        at = max(range(len(words)), key=lambda i: len(words[i]))
        words[at] = words[at][: int(rng.integers(3, 5))] + "."
    if kind == "and, the":
        words = ["The", *(w.replace("&", "and") for w in words)]
    return " ".join([*words, form]).strip()


def slip(word: str, rng: np.random.Generator) -> str:
    """Leave out, double, change or swap one letter; any but the first, mostly."""
    if len(word) < 3:
        return word
    at = int(rng.integers(0 if rng.random() < 0.1 else 1, len(word) - 1))
    letter = "abcdefghijklmnopqrstuvwxyz"[int(rng.integers(26))]
    return [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ][int(rng.integers(4))]


def _heads(count: int, rng: np.random.Generator) -> tuple[list[str], dict[str, str]]:
    """Coin words; one in six is another one with a letter changed, as Baker and Barker are."""
    heads: list[str] = []
    lookalike: dict[str, str] = {}
    seen: set[str] = set()
    while len(heads) < count:
        if heads and rng.random() < 1 / 6:
            of = heads[int(rng.integers(len(heads)))]
            word = slip(of, rng).capitalize()
        else:
            of = ""
            parts = [rng.choice(ONSETS), rng.choice(VOWELS), rng.choice(CODAS)]
            if rng.random() < 0.5:
                parts += [rng.choice(ONSETS), rng.choice(VOWELS)]
            word = "".join([*parts, rng.choice(ENDINGS)]).capitalize()
        if word in seen or len(word) < 4:
            continue
        seen.add(word)
        heads.append(word)
        if of:
            lookalike[of], lookalike[word] = word, of
    return heads, lookalike


def _distinct(
    count: int, heads: list[str], rng: np.random.Generator
) -> tuple[list[list[str]], list[list[str]]]:
    """Draw names of which no two have the same words: a directory's, and strangers'."""
    found: list[list[str]] = []
    seen: set[tuple[str, ...]] = set()
    # A few heads are frequent, most are rare.
    weights = 1 / np.arange(1, len(heads) + 1) ** 0.7
    weights /= weights.sum()
    while len(found) < count + count // 4:
        draws = rng.choice(len(heads), (count, 2), p=weights)
        for first, second in draws.tolist():
            words = _name(heads[first], heads[second], rng)
            key = tuple(sorted(words))
            if key not in seen:
                seen.add(key)
                found.append(words)
    rest = count + count // 4
    return found[:count], found[count:rest]


def _name(head: str, other: str, rng: np.random.Generator) -> list[str]:
    """Give a name one of six shapes."""
    middle = str(rng.choice(MIDDLES))
    initials = f"{rng.choice(list('ABCDJKMRST'))}.{rng.choice(list('ABCDEJMP'))}."
    shapes = {
        0.42: [head, middle],
        0.60: [head, "&", other, middle] if other != head else [head, middle],
        0.72: [str(rng.choice(PLACES)), head, middle],
        0.82: [head, middle, str(rng.choice(MIDDLES))],
        0.90: [initials, head, middle],
        0.96: [head, middle, str(rng.integers(2, 99))],
        1.00: [head + other.lower()],
    }
    shape = rng.random()
    return next(words for up_to, words in shapes.items() if shape < up_to)


def _with_siblings(pool: list[list[str]], rng: np.random.Generator) -> list[list[str]]:
    """Replace some entries by near-collisions of others, so that the directory has both."""
    taken = {tuple(sorted(words)) for words in pool}
    for at in np.flatnonzero(rng.random(len(pool)) < SIBLING_SHARE).tolist():
        words = _near(pool[int(rng.integers(len(pool)))], {}, rng)
        key = tuple(sorted(words))
        if key not in taken:
            taken.add(key)
            pool[at] = words
    return pool


def _near(words: list[str], lookalike: dict[str, str], rng: np.random.Generator) -> list[str]:
    """Name another company whose name is close."""
    words = list(words)
    heads = [at for at, word in enumerate(words) if word in lookalike]
    if heads and rng.random() < 0.5:
        words[heads[0]] = lookalike[words[heads[0]]]
        return words
    draw = rng.random()
    numbers = [at for at, word in enumerate(words) if word.isdigit()]
    if numbers:
        words[numbers[0]] = str(int(words[numbers[0]]) + 1)
    elif draw < 0.35:
        words.append(str(rng.choice(PLACES)))
    elif draw < 0.5:
        words.append(str(rng.integers(2, 9)))
    elif draw < 0.65 and len(words) > 2:
        words.pop()
    else:
        words[-1] = str(rng.choice([m for m in MIDDLES if m != words[-1]]))
    return words
