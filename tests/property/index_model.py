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
        act: Callable[[Any], Any] = getattr(self, step.act)
        return act(step)

    def upsert(self, step: steps.Upsert) -> int:
        items = {item.id: normal(item) for item in step.items}
        self.spaces.setdefault(step.namespace, {}).update(items)
        return len(items)

    def update(self, step: steps.Update) -> int:
        old, new = self._records(step).get(step.item.id), normal(step.item)
        if old is not None:
            merged = old.metadata | new.metadata
            self._records(step)[old.id] = Item(
                old.id, new.values or old.values, new.sparse or old.sparse, merged
            )
        return int(old is not None)

    def update_where(self, step: steps.UpdateWhere) -> int:
        found = self._where(step, step.filter)
        for one in found if not step.is_dry_run else []:
            self.update(steps.Update(step.namespace, Item(one.id, metadata=step.metadata)))
        return len(found)

    def delete(self, step: steps.Delete) -> Any:
        return self._drop(step, step.ids)

    def delete_where(self, step: steps.DeleteWhere) -> Any:
        return self._drop(step, [one.id for one in self._where(step, step.filter)])

    def delete_all(self, step: steps.DeleteAll) -> Any:
        return self._drop(step, list(self._records(step)))

    def query(self, step: steps.Query) -> list[tuple[float, Item]]:
        asked = self._records(step).get(step.item.id) if step.is_by_id else normal(step.item)
        found = self._where(step, step.filter or {}) if asked is not None else []
        scored = [(self._score(asked, one), one) for one in found if asked is not None]
        scored = [hit for hit in scored if hit[0] != 0 or not self.is_sparse]
        sign = 1 if self.metric == "euclidean" else -1
        return sorted(scored, key=lambda hit: (sign * hit[0], hit[1].id))[: step.top_k]

    def fetch(self, step: steps.Fetch) -> dict[str, Item]:
        return {one: self._records(step)[one] for one in step.ids if one in self._records(step)}

    def fetch_where(self, step: steps.FetchWhere) -> list[dict[str, Item]]:
        found = sorted(self._where(step, step.filter), key=lambda one: one.id)
        return [{one.id: one for one in page} for page in _pages(found, step.limit)]

    def list_ids(self, step: steps.ListIds) -> list[list[str]]:
        found = [one for one in self._records(step) if one.startswith(step.prefix)]
        return _pages(sorted(found), step.limit)

    def create_namespace(self, step: steps.CreateNamespace) -> Any:
        if step.namespace == "" or step.namespace in self.spaces:
            return TAKEN
        self.spaces[step.namespace] = {}
        return 0

    def describe_namespace(self, step: steps.DescribeNamespace) -> Any:
        is_there = step.namespace == "" or step.namespace in self.spaces
        return len(self._records(step)) if is_there else MISSING

    def delete_namespace(self, step: steps.DeleteNamespace) -> Any:
        is_there = step.namespace == "" or step.namespace in self.spaces
        self.spaces.pop(step.namespace, None)
        return None if is_there else MISSING

    def list_namespaces(self, step: steps.ListNamespaces) -> Any:
        named = {name or "__default__": len(held) for name, held in self.spaces.items()}
        found = [pair for pair in sorted(named.items()) if pair[0].startswith(step.namespace)]
        return _pages(found, step.limit)

    def stats(self, _step: steps.Stats) -> dict[str, int]:
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
