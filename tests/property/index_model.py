"""What an index should answer, by brute force and without any of the engine's code.

A refusal is answered as its code; everything else as plain values that compare exactly.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tests.property import steps
from tests.property.filter_model import holds
from tests.property.normal import normal
from tests.property.steps import Item

MISSING, TAKEN = "NOT_FOUND", "ALREADY_EXISTS"
_LARGEST = float(np.finfo(np.float32).max)


class IndexModel:
    def __init__(self, metric: str, *, is_sparse: bool) -> None:
        self.metric, self.is_sparse = metric, is_sparse
        self.spaces: dict[str, dict[str, Item]] = {}

    def do(self, step: steps.Step) -> Any:
        act: Callable[[Any], Any] = getattr(self, type(step).__name__)
        return act(step)

    def Upsert(self, step: steps.Upsert) -> int:  # noqa: N802 - named like the step
        items = {item.id: normal(item) for item in step.items}
        self.spaces.setdefault(step.namespace, {}).update(items)
        return len(items)

    def Update(self, step: steps.Update) -> int:  # noqa: N802
        old, new = self._records(step).get(step.item.id), normal(step.item)
        if old is not None:
            merged = old.metadata | new.metadata
            self._records(step)[old.id] = Item(
                old.id, new.values or old.values, new.sparse or old.sparse, merged
            )
        return int(old is not None)

    def UpdateWhere(self, step: steps.UpdateWhere) -> int:  # noqa: N802
        found = self._where(step, step.filter)
        for one in found if not step.is_dry_run else []:
            self.Update(steps.Update(step.namespace, Item(one.id, metadata=step.metadata)))
        return len(found)

    def Delete(self, step: steps.Delete) -> Any:  # noqa: N802
        return self._drop(step, step.ids)

    def DeleteWhere(self, step: steps.DeleteWhere) -> Any:  # noqa: N802
        return self._drop(step, [one.id for one in self._where(step, step.filter)])

    def DeleteAll(self, step: steps.DeleteAll) -> Any:  # noqa: N802
        return self._drop(step, list(self._records(step)))

    def Query(self, step: steps.Query) -> list[tuple[float, Item]]:  # noqa: N802
        asked = self._records(step).get(step.item.id) if step.is_by_id else normal(step.item)
        found = self._where(step, step.filter or {}) if asked is not None else []
        scored = [(self._score(asked, one), one) for one in found if asked is not None]
        scored = [hit for hit in scored if hit[0] != 0 or not self.is_sparse]
        sign = 1 if self.metric == "euclidean" else -1
        return sorted(scored, key=lambda hit: (sign * hit[0], hit[1].id))[: step.top_k]

    def Fetch(self, step: steps.Fetch) -> dict[str, Item]:  # noqa: N802
        return {one: self._records(step)[one] for one in step.ids if one in self._records(step)}

    def FetchWhere(self, step: steps.FetchWhere) -> list[dict[str, Item]]:  # noqa: N802
        found = sorted(self._where(step, step.filter), key=lambda one: one.id)
        return [{one.id: one for one in page} for page in _pages(found, step.limit)]

    def ListIds(self, step: steps.ListIds) -> list[list[str]]:  # noqa: N802
        found = [one for one in self._records(step) if one.startswith(step.prefix)]
        return _pages(sorted(found), step.limit)

    def CreateNamespace(self, step: steps.CreateNamespace) -> Any:  # noqa: N802
        if step.namespace == "" or step.namespace in self.spaces:
            return TAKEN
        self.spaces[step.namespace] = {}
        return 0

    def DescribeNamespace(self, step: steps.DescribeNamespace) -> Any:  # noqa: N802
        is_there = step.namespace == "" or step.namespace in self.spaces
        return len(self._records(step)) if is_there else MISSING

    def DeleteNamespace(self, step: steps.DeleteNamespace) -> Any:  # noqa: N802
        is_there = step.namespace == "" or step.namespace in self.spaces
        self.spaces.pop(step.namespace, None)
        return None if is_there else MISSING

    def ListNamespaces(self, step: steps.ListNamespaces) -> Any:  # noqa: N802
        named = {name or "__default__": len(held) for name, held in self.spaces.items()}
        found = [pair for pair in sorted(named.items()) if pair[0].startswith(step.namespace)]
        return _pages(found, step.limit)

    def Stats(self, _step: steps.Stats) -> dict[str, int]:  # noqa: N802
        return {name: len(held) for name, held in self.spaces.items()}

    def _records(self, step: steps.Step) -> dict[str, Item]:
        return self.spaces.get(step.namespace, {})

    def _where(self, step: steps.Step, filter_: dict[str, Any]) -> list[Item]:
        return [one for one in self._records(step).values() if holds(filter_, one.metadata)]

    def _drop(self, step: steps.Step, ids: Iterable[str]) -> Any:
        if step.namespace and step.namespace not in self.spaces:
            return MISSING
        for one in ids:
            self._records(step).pop(one, None)
        return None

    def _score(self, asked: Item, one: Item) -> float:
        a, b = asked.values, one.values
        if self.metric == "euclidean":
            return _rounded(math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
        product = math.fsum(x * y for x, y in zip(a, b, strict=True))
        if self.metric == "cosine":
            lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(
                math.fsum(y * y for y in b)
            )
            return _rounded(max(-1.0, min(1.0, product / lengths)))
        mine, other = asked.sparse or {}, one.sparse or {}
        return _rounded(product + math.fsum(x * other.get(at, 0.0) for at, x in mine.items()))


def _rounded(score: float) -> float:
    return float(np.float32(min(max(score, -_LARGEST), _LARGEST)))


def _pages(found: list[Any], limit: int) -> list[Any]:
    return [found[at : at + limit] for at in range(0, len(found), limit)] or [[]]
