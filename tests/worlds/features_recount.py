"""The definitions of the purchase families, read slowly in plain Python, one function a family.

Each takes the lines of one customer (and division) that are known at the cutoff and returns
measure__window -> value. Nothing of the code under test is used but the arithmetic of months.
"""

import datetime as dt
import itertools
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction

from gosales_resources.dates import shift_months
from tests.worlds.features import DIVISIONS, Line

WINDOWS = (3, 6, 12, 24)
Found = dict[str, object]


def expected(lines: Sequence[Line], cutoff: dt.date, scope: str) -> Found:
    """Compute all families of one customer (and division); who is not known yet has no line."""
    lines = [line for line in lines if line.visible <= cutoff]
    found = {}
    for family, read in FAMILIES.items():
        for name, value in read(lines, cutoff).items():
            found[f"{family}__{scope}__{name}"] = value
    return found


def sold(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line.is_return]


def within(lines: Sequence[Line], start: dt.date, end: dt.date) -> list[Line]:
    return [line for line in lines if start < line.day <= end]


def invoice_days(lines: Sequence[Line], start: dt.date, end: dt.date) -> list[dt.date]:
    """Days of the invoices within a span: each counts where it was first known."""
    first: dict[str, tuple[dt.date, dt.date]] = {}
    for line in sold(lines):
        seen = (line.visible, line.day)
        first[line.invoice] = min(first.get(line.invoice, seen), seen)
    return [day for _, day in first.values() if start < day <= end]


def usd(lines: Sequence[Line]) -> float:
    return sum(line.cents for line in lines) / 100


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def windows_until(lines: Sequence[Line], end: dt.date) -> Found:
    found: Found = {}
    for months in WINDOWS:
        start, name = shift_months(end, -months), f"{months}m"
        inside, invoices = within(lines, start, end), invoice_days(lines, start, end)
        spans = [(shift_months(end, -k - 1), shift_months(end, -k)) for k in range(months)]
        found |= {
            f"transactions__{name}": len(invoices),
            f"lines__{name}": len(inside),
            f"gp_sum__{name}": usd(inside),
            f"quantity__{name}": float(sum(line.quantity for line in inside)),
            f"gp_mean__{name}": ratio(usd(inside), len(invoices)),
            f"active_months__{name}": sum(any(a < d <= b for d in invoices) for a, b in spans),
        }
    return found


def offset(lines: Sequence[Line], cutoff: dt.date) -> Found:
    return windows_until(lines, cutoff - dt.timedelta(60))


def delta(lines: Sequence[Line], cutoff: dt.date) -> Found:
    year, before = shift_months(cutoff, -12), shift_months(cutoff, -24)
    now, then = (len(invoice_days(lines, *span)) for span in ((year, cutoff), (before, year)))
    value, earlier = (usd(within(lines, *span)) for span in ((year, cutoff), (before, year)))
    return {
        "transactions__12m": now - then,
        "transactions_ratio__12m": ratio(now, then),
        "gp_sum__12m": value - earlier,
        "gp_sum_ratio__12m": ratio(value, earlier),
    }


def trajectory(lines: Sequence[Line], cutoff: dt.date) -> Found:
    ends = [shift_months(cutoff, -back) for back in range(12, -1, -1)]
    months = list(itertools.pairwise(ends))
    courses = {
        "transactions": [len(invoice_days(lines, a, b)) for a, b in months],
        "gp_sum": [usd(within(lines, a, b)) for a, b in months],
    }
    found: Found = {}
    for name, course in courses.items():
        found[f"{name}_slope__12m"] = statistics.linear_regression(range(12), course).slope
        found[f"{name}_std__12m"] = statistics.stdev(course)
    return found


def season(lines: Sequence[Line], cutoff: dt.date) -> Found:
    year, echo = shift_months(cutoff, -12), shift_months(cutoff, -6)
    days = invoice_days(lines, shift_months(cutoff, -24), cutoff)
    found: Found = {
        "gp_sum__echo": usd(within(lines, year, echo)),
        "transactions__echo": len(invoice_days(lines, year, echo)),
    }
    for quarter in (1, 2, 3, 4):
        here = sum((day.month + 2) // 3 == quarter for day in days)
        found[f"share_q{quarter}__24m"] = ratio(here, len(days))
    return found


def recency(lines: Sequence[Line], cutoff: dt.date) -> Found:
    days = [line.day for line in sold(lines)]
    floored = max((cutoff - max(days)).days, 30) if days else None
    found: Found = {
        "days__asof": floored,
        "log_days__asof": None if floored is None else math.log1p(floored),
    }
    for half_life in (30, 90, 180):
        decay = 0.0 if floored is None else 0.5 ** (floored / half_life)
        found[f"decay_h{half_life}d__asof"] = decay
    return found


def lifecycle(lines: Sequence[Line], cutoff: dt.date) -> Found:
    days = sorted({line.day for line in sold(lines)})
    gaps = [(b - a).days for a, b in itertools.pairwise(days)]
    tenure = (cutoff - days[0]).days if days else None
    months = {(d.year, d.month) for d in invoice_days(lines, dt.date.min, cutoff)}
    return {
        "tenure_days__asof": tenure,
        "tenure_bucket__asof": bucket(tenure),
        "purchase_days__asof": len(days),
        "active_months__asof": len(months),
        "gap_mean_days__asof": statistics.mean(gaps) if gaps else None,
        "gap_last_days__asof": gaps[-1] if gaps else None,
        "gap_std_days__asof": statistics.stdev(gaps) if len(gaps) > 1 else None,
        "due_ratio__asof": (cutoff - days[-1]).days / statistics.mean(gaps) if gaps else None,
    }


def bucket(tenure: int | None) -> str | None:
    if tenure is None:
        return None
    if tenure >= 1095:
        return "1095+"
    if tenure >= 365:
        return "365-1094"
    return "90-364" if tenure >= 90 else "0-89"


def returns(lines: Sequence[Line], cutoff: dt.date) -> Found:
    found: Found = {}
    for months in WINDOWS:
        inside = within(lines, shift_months(cutoff, -months), cutoff)
        back = [line for line in inside if line.is_return]
        found[f"count__{months}m"] = len(back)
        found[f"rate__{months}m"] = ratio(len(back), len(inside))
        found[f"value_sum__{months}m"] = -usd(back)
    return found


def margin(lines: Sequence[Line], cutoff: dt.date) -> Found:
    found: Found = {}
    for months in WINDOWS:
        inside = within(lines, shift_months(cutoff, -months), cutoff)
        both = [line for line in inside if line.revenue is not None]
        revenue = sum(line.revenue or 0 for line in both)
        found[f"rate__{months}m"] = ratio(sum(line.cents for line in both), revenue)
    return found


def sellers(lines: Sequence[Line], cutoff: dt.date) -> Found:
    inside = within(lines, shift_months(cutoff, -12), cutoff)
    found: Found = {}
    for role in ("rep", "branch"):
        counts = Counter(name for line in inside if (name := getattr(line, role)))
        main = max(counts.values()) / sum(counts.values()) if counts else None
        found |= {f"share_main_{role}__12m": main, f"{role}_count__12m": len(counts)}
    return found


def breadth(lines: Sequence[Line], cutoff: dt.date) -> Found:
    bought = sold(lines)
    recent = within(bought, shift_months(cutoff, -12), cutoff)
    return {"skus__12m": len({x.sku for x in recent}), "skus__ever": len({x.sku for x in bought})}


FAMILIES = {
    "rfm": windows_until,
    "offset": offset,
    "delta": delta,
    "trajectory": trajectory,
    "season": season,
    "recency": recency,
    "lifecycle": lifecycle,
    "returns": returns,
    "margin": margin,
    "sellers": sellers,
    "diversity": breadth,
}


def expected_spread(everyone: Sequence[Line], cutoff: dt.date) -> dict[str, Found]:
    """Compute what compares divisions, of every customer: shares are shrunk to what all do."""
    year = shift_months(cutoff, -12)
    by_customer: dict[str, list[Line]] = defaultdict(list)
    for line in everyone:
        if line.visible <= cutoff:
            by_customer[line.customer].append(line)
    counts, cents, ever = {}, {}, {}
    for customer, lines in by_customer.items():
        here = {d: [x for x in lines if x.division == d] for d in DIVISIONS}
        counts[customer] = {d: len(invoice_days(x, year, cutoff)) for d, x in here.items()}
        recent = {d: within(x, year, cutoff) for d, x in here.items()}
        cents[customer] = {d: max(sum(x.cents for x in xs), 0) for d, xs in recent.items()}
        ever[customer] = {d: bool(sold(x)) for d, x in here.items()}
    strength = dirichlet_strength(counts)
    invoices = sum(sum(c.values()) for c in counts.values())
    each = sum(sum(c.values()) for c in cents.values()) / invoices if invoices else 0.0
    by_count, by_value = shrunk(counts, strength), shrunk(cents, strength * each)
    found = {}
    for customer in by_customer:
        bought = [n for n in counts[customer].values() if n]
        shares = [n / sum(bought) for n in bought]
        found[customer] = {
            "diversity__all__divisions__12m": len(bought),
            "diversity__all__divisions__ever": sum(ever[customer].values()),
            "diversity__all__entropy__12m": sum(-s * math.log(s) for s in shares)
            if shares
            else None,
            "diversity__all__herfindahl__12m": sum(s * s for s in shares) if shares else None,
        }
        for d in DIVISIONS:
            found[customer] |= {
                f"cross__all__transactions_{d}__12m": counts[customer][d],
                f"cross__all__bought_{d}__asof": int(ever[customer][d]),
                f"cross__all__transaction_share_{d}__12m": by_count[customer][d],
                f"cross__all__gp_share_{d}__12m": by_value[customer][d],
            }
    return found


def dirichlet_strength(counts: dict[str, dict[str, int]]) -> float:
    """Solve E[x(x-1) / (n(n-1))] = P + (1 - P)/(a + 1) for a, in fractions."""
    total = sum(sum(c.values()) for c in counts.values())
    several = [c for c in counts.values() if sum(c.values()) >= 2]
    if not several:
        return 1.0
    pure = sum(Fraction(sum(c[d] for c in counts.values()), total) ** 2 for d in DIVISIONS)
    same = [
        Fraction(sum(x * (x - 1) for x in c.values()), sum(c.values()) * (sum(c.values()) - 1))
        for c in several
    ]
    mean = sum(same) / len(same)
    return float((1 - mean) / (mean - pure)) if mean > pure else math.inf


def shrunk(sums: dict[str, dict[str, int]], strength: float) -> dict[str, dict]:
    total = sum(sum(s.values()) for s in sums.values())
    priors = {d: sum(s[d] for s in sums.values()) / total if total else 0.0 for d in DIVISIONS}
    found: dict[str, dict] = {}
    for customer, own in sums.items():
        found[customer] = {}
        for d, prior in priors.items():
            weight = sum(own.values()) + strength
            share = (own[d] + strength * prior) / weight if 0 < weight < math.inf else prior
            found[customer][d] = share
    return found
