"""How a part is searched: which way is cheapest and still exact enough.

Costs are in floats met by a sequential scan. Their proportions are those of 384 dimensions on two
kinds of processors; benchmarks/engine_search.py shows what they lead to.
"""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Planner:
    """A row fetched on its own costs `fetch_factor` times its floats, and `fetch_cost` more.

    A walk through a graph fetches `nodes_per_candidate` nodes, each at `node_cost` more, for every
    candidate that it keeps in view (the expansion), which is at least what the graph says and
    `expansion_factor` times what is asked for. `spare_candidates` are asked for beyond what
    is wanted, because codes of 16 bits order close neighbours wrongly; behind a filter, or where
    rows were deleted, `spare_share` times as many as should be needed.
    """

    fetch_factor: float = 2.5
    fetch_cost: int = 200
    node_cost: int = 500
    nodes_per_candidate: int = 25
    usual_expansion: int = 96
    expansion_factor: float = 1.5
    spare_candidates: int = 20
    spare_share: float = 1.5

    def plan(
        self, top_k: int, matching: int, shape: tuple[int, int], *, expansion: int | None
    ) -> Plan:
        """The plan for the best `top_k` of the `matching` rows of a part of that shape.

        `expansion` is what its graph needs at least; None without a graph.
        """
        exact = self.exact_plan(matching, shape)
        if expansion is None:
            return exact
        candidates = self._candidates(top_k, matching, shape[0])
        expansion = max(expansion, round(self.expansion_factor * candidates))
        if self._exact_cost(matching, shape) <= self._walk_cost(expansion, shape[1]):
            return exact
        return Plan(Way.GRAPH, candidates, expansion)

    def exact_plan(self, matching: int, shape: tuple[int, int]) -> Plan:
        """The cheaper one of the two exact ways."""
        rows, width = shape
        is_fetched = self._fetch_cost(matching, width) < rows * width
        return Plan(Way.EXACT if is_fetched else Way.SCAN)

    def is_graph_worth(self, shape: tuple[int, int]) -> bool:
        """Whether a part of that shape would ever be searched through its graph."""
        rows, width = shape
        return rows * width > self._walk_cost(self.usual_expansion, width)

    def _exact_cost(self, matching: int, shape: tuple[int, int]) -> float:
        return min(self._fetch_cost(matching, shape[1]), shape[0] * shape[1])

    def _fetch_cost(self, rows: int, width: int) -> float:
        return rows * (self.fetch_factor * width + self.fetch_cost)

    def _walk_cost(self, expansion: int, width: int) -> float:
        nodes = self.nodes_per_candidate * expansion
        return self._fetch_cost(nodes, width) + nodes * (self.node_cost - self.fetch_cost)

    def _candidates(self, top_k: int, matching: int, row_count: int) -> int:
        wanted = min(top_k, matching)
        if matching == row_count:
            return wanted + max(self.spare_candidates, wanted // 2)
        share = matching / row_count if matching else 1
        return round(self.spare_share * wanted / share) + self.spare_candidates


DEFAULT_PLANNER = Planner()
