"""How a part is searched: which way is cheapest and still exact enough.

Costs are in rows: one unit is one float32 row met in a sequential scan. Their proportions were
measured by benchmarks/engine_search.py.
"""

from dataclasses import dataclass
from enum import StrEnum

# A row fetched on its own costs this many rows of a scan; a walk costs a part at once and more per
# candidate that it keeps in view.
_GATHER_COST = 2.5
_WALK_COST = 3_000
_WALK_COST_PER_CANDIDATE = 60

_LEAST_EXPANSION = 96
# Candidates beyond what is asked for: codes of 16 bits order close neighbours wrongly.
_SPARE_CANDIDATES = 20
_SPARE_SHARE = 1.5


class Way(StrEnum):
    """`EXACT` fetches the matching rows one by one, `SCAN` scores all rows and picks."""

    EXACT = "exact"
    SCAN = "scan"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Plan:
    """`candidates` and `expansion` are for the graph only."""

    way: Way
    candidates: int = 0
    expansion: int = 0


def plan(top_k: int, row_count: int, matching: int, *, has_graph: bool) -> Plan:
    """The plan for the `matching` of `row_count` rows, of which the best `top_k` are wanted."""
    exact = plan_without_graph(row_count, matching)
    if not has_graph:
        return exact
    candidates = _candidates(top_k, row_count, matching)
    expansion = max(_LEAST_EXPANSION, candidates)
    walk_cost = _WALK_COST + _WALK_COST_PER_CANDIDATE * expansion
    if min(_GATHER_COST * matching, row_count) <= walk_cost:
        return exact
    return Plan(Way.GRAPH, candidates, expansion)


def plan_without_graph(row_count: int, matching: int) -> Plan:
    """The cheaper one of the two exact ways."""
    return Plan(Way.EXACT if _GATHER_COST * matching < row_count else Way.SCAN)


def _candidates(top_k: int, row_count: int, matching: int) -> int:
    wanted = min(top_k, matching)
    if matching == row_count:
        return wanted + max(_SPARE_CANDIDATES, wanted // 2)
    return round(_SPARE_SHARE * wanted * row_count / max(matching, 1)) + _SPARE_CANDIDATES
