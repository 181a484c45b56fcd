"""Takes, of all selections of most worth, the first by the total order.

Of two equal selections that one is first which has the best-placed candidate that the other lacks.
Prices tell which candidates all optimal selections agree on; the others are exchanged, one by one
in order of place, where the network has a way of no cost. So the result does not depend on the
solver's choice among equals.
"""

import heapq
from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from gosales_assets.whitespace.seat_network import Prices
from gosales_assets.whitespace.seat_problem import SeatProblem

# Node of what is outside of the network: where free seats come from, where divisions lead to.
OUTSIDE = 0
# A search costs as much as looking at so many ways; a round of `settle` about one for each row.
SEARCH_WAYS = 30
# Node -> the node that a unit came from, and the candidate that it took or dropped (-1: none).
Seen = dict[int, tuple[int, int]]


def first_of_equals(problem: SeatProblem, chosen: np.ndarray, prices: Prices) -> np.ndarray:
    """Return the optimal selection that is first by place.

    Parameters
    ----------
    problem
        Candidates by place.
    chosen
        An optimal selection, boolean per candidate.
    prices
        That prove it.

    Returns
    -------
    numpy.ndarray
        Boolean per candidate; of the same worth and with as many floors filled.
    """
    exchanges = _Exchanges(problem, chosen, prices)
    open_rows = exchanges.settle()
    exchanges.fill(open_rows)
    while len(open_rows):
        in_vain = 0
        for row in open_rows.tolist():
            exchanges.is_free[row] = False
            if not exchanges.chosen[row]:
                in_vain += exchanges.take(row)
            # What cannot be reached now never will be: it is cheaper to find all of it at once.
            if in_vain > len(open_rows):
                break
        open_rows = exchanges.settle()
    return exchanges.chosen


class _Exchanges:
    """A selection, and what may be exchanged in it at no cost.

    Nodes are what is outside, the reps, the divisions, and accounts whose offers can run out; any
    other account is as good as its rep. A unit goes from outside to reps, accounts, divisions and
    back outside; what an optimal selection has to have as it is has no way.
    """

    def __init__(self, problem: SeatProblem, chosen: np.ndarray, prices: Prices) -> None:
        reduced = prices.reduced(problem)
        self.problem, self.prices, self.chosen = problem, prices, chosen.copy()
        self.is_free = reduced == 0
        self.reps, self.divisions = len(problem.seats), len(problem.cap)
        could = np.bincount(problem.account[reduced >= 0], minlength=len(problem.rep_of_account))
        self.account_is_tight = prices.account > prices.rep[problem.rep_of_account]
        self.contested = np.flatnonzero((could > problem.offers) | self.account_is_tight)
        first = 1 + self.reps + self.divisions
        of_account = 1 + problem.rep_of_account
        of_account[self.contested] = first + np.arange(len(self.contested))
        self.node, self.division = of_account[problem.account], 1 + self.reps + problem.division
        self.parent = np.zeros(first + len(self.contested), dtype=np.int64)
        self.parent[first:] = 1 + problem.rep_of_account[self.contested]
        self.children: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parent.tolist()):
            if node != OUTSIDE:
                self.children.setdefault(parent, []).append(node)
        self.used = problem.used(chosen)
        self._tell_room()

    def _tell_room(self) -> None:
        """Tell of each node whether it can take a unit more, and whether it can do with one less."""
        problem, prices = self.problem, self.prices
        used_rep, used_account, used_division = self.used
        price = prices.division
        # Below the floor a seat has the floor's price, above it none; any other price forbids a change.
        below, floored = used_division < problem.floor, price == problem.floor_price
        fits = np.where(below, floored, (price == 0) & (used_division < problem.cap))
        leaves = np.where(used_division <= problem.floor, floored, price == 0) & (used_division > 0)
        account, loose = used_account[self.contested], ~self.account_is_tight[self.contested]
        is_unpriced, nothing = prices.rep == 0, [False]
        takes = [is_unpriced & (used_rep < problem.seats), fits, loose & (account < problem.offers)]
        frees = [is_unpriced & (used_rep > 0), leaves, loose & (account > 0)]
        self.can_take = np.concatenate([nothing, *takes])
        self.can_free = np.concatenate([nothing, *frees])

    def settle(self) -> np.ndarray:
        """Return the free rows that an exchange can still change; the others stay as they are.

        Exchanges are circles, so both ends of a row are in one strong component; and exchanging
        along a circle opens no way out of its component.
        """
        rows = np.flatnonzero(self.is_free)
        if not len(rows):
            return rows
        nodes = np.arange(1, len(self.parent))
        is_division = (nodes > self.reps) & (nodes <= self.reps + self.divisions)
        pairs = np.c_[self.parent[nodes], nodes]
        pairs[is_division] = pairs[is_division][:, ::-1]
        ways = [
            np.c_[self.node[rows], self.division[rows]][~self.chosen[rows]],
            np.c_[self.division[rows], self.node[rows]][self.chosen[rows]],
            pairs[self.can_take[nodes]],
            pairs[self.can_free[nodes]][:, ::-1],
        ]
        start, end = np.concatenate(ways).T
        shape = (len(self.parent),) * 2
        graph = sparse.coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=shape)
        _, part = connected_components(sparse.csr_array(graph), connection="strong")
        is_open = part[self.node[rows]] == part[self.division[rows]]
        self.is_free[rows[~is_open]] = False
        return rows[is_open]

    def fill(self, rows: np.ndarray) -> None:
        """Sort rows into cells of a node and a division, chosen and others apart."""
        self.cells: dict[tuple[int, int, bool], list[int]] = {}
        self.partners: dict[tuple[int, bool], set[int]] = {}
        for is_in in (False, True):
            own = rows[self.chosen[rows] == is_in]
            if not len(own):
                continue
            # Sorted lists are heaps: the first by place of the others, the last of the chosen.
            own = own[::-1] if is_in else own
            code = self.node[own] * len(self.parent) + self.division[own]
            order = np.argsort(code, kind="stable")
            keys, starts = np.unique(code[order], return_index=True)
            heaps = np.split(-own[order] if is_in else own[order], starts[1:])
            for key, heap in zip(keys.tolist(), heaps, strict=True):
                node, division = divmod(key, len(self.parent))
                self._open(node, division, is_in=is_in).extend(heap.tolist())

    def take(self, row: int) -> int:
        """Choose a row if an exchange allows it; return 0, or how many ways were looked at in vain.

        Searched from both ends at once: an end that has no way is found at once.
        """
        ends = int(self.division[row]), int(self.node[row])
        seen: tuple[Seen, Seen] = ({ends[0]: (-1, -1)}, {ends[1]: (-1, -1)})
        queues, looked = ([ends[0]], [ends[1]]), [0, 0]
        while queues[0] and queues[1]:
            side = int(looked[1] < looked[0])
            at = queues[side].pop(0)
            for ahead, by in self._ways(at, seen[side], is_forward=side == 0):
                looked[side] += 1
                seen[side][ahead] = (at, by)
                queues[side].append(ahead)
                if ahead in seen[1 - side]:
                    self._toggle([row, *_path(seen[0], ahead), *_path(seen[1], ahead)])
                    return 0
        return sum(looked) + SEARCH_WAYS

    def _ways(self, node: int, seen: Seen, *, is_forward: bool) -> Iterator[tuple[int, int]]:
        """Yield the new nodes that a unit can go on to (or come from), and the row it changes."""
        # A unit that leaves a node upwards frees it; one that comes down is taken.
        up, down = self.can_free, self.can_take
        if not is_forward:
            up, down = down, up
        is_division = self.reps < node <= self.reps + self.divisions
        parent = int(self.parent[node])
        if node != OUTSIDE and parent not in seen and (down if is_division else up)[node]:
            yield parent, -1
        for child in self.children.get(node, ()):
            # Divisions lead outside: for them up and down are the other way round.
            turned = self.reps < child <= self.reps + self.divisions
            if child not in seen and (up if turned else down)[child]:
                yield child, -1
        is_in = is_division == is_forward
        for partner in self.partners.get((node, is_in), set()) - seen.keys():
            cell = (partner, node, is_in) if is_division else (node, partner, is_in)
            if (row := self._first(cell)) >= 0:
                yield partner, row
            else:
                self.partners[node, is_in].discard(partner)

    def _first(self, cell: tuple[int, int, bool]) -> int:
        """Return the free row of a cell to exchange first: of the chosen the last by place; or -1."""
        heap, is_in = self.cells.get(cell, []), cell[2]
        while heap:
            row = -heap[0] if is_in else heap[0]
            if self.is_free[row] and self.chosen[row] == is_in:
                return row
            heapq.heappop(heap)
        return -1

    def _push(self, row: int) -> None:
        is_in = bool(self.chosen[row])
        cell = self._open(int(self.node[row]), int(self.division[row]), is_in=is_in)
        heapq.heappush(cell, -row if is_in else row)

    def _open(self, node: int, division: int, *, is_in: bool) -> list[int]:
        """Return the heap of a cell, which both of its ends know of from now on."""
        self.partners.setdefault((node, is_in), set()).add(division)
        self.partners.setdefault((division, is_in), set()).add(node)
        return self.cells.setdefault((node, division, is_in), [])

    def _toggle(self, rows: list[int]) -> None:
        codes = (self.problem.rep, self.problem.account, self.problem.division)
        for row in rows:
            self.chosen[row] = not self.chosen[row]
            for used, code in zip(self.used, codes, strict=True):
                used[code[row]] += 1 if self.chosen[row] else -1
            if self.is_free[row]:
                self._push(row)
        self._tell_room()


def _path(seen: Seen, node: int) -> list[int]:
    """Return the rows on the way that reached a node."""
    rows = []
    while node >= 0:
        node, by = seen[node]
        if by >= 0:
            rows.append(by)
    return rows
