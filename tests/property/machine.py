"""A Hypothesis state machine: random programs of all operations, on a subject and on the model."""

import itertools
import random
from dataclasses import replace
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.property import steps
from tests.property.index_model import IndexModel
from tests.property.random_filters import random_filter, random_metadata
from tests.property.steps import Item

DIMENSION = 3
KINDS = {
    "cosine": ("cosine", False),
    "euclidean": ("euclidean", False),
    "hybrid": ("dotproduct", False),
    "sparse": ("dotproduct", True),
}


class Subject(Protocol):
    """Carries out the steps of one program on an index of its own; answers as the model does."""

    def do(self, step: steps.Step) -> Any: ...

    def build(self, namespace: str, *, is_adopted: bool) -> None: ...

    def merge(self, namespace: str) -> None: ...

    def restart(self) -> None: ...

    def close(self) -> None: ...


# What steps are made of is drawn from pools: a hundred steps have to fit into one example.
_choose = random.Random(4)
_coordinates = list(itertools.product([0.0, 1.0, -1.0, 2.0, 0.1, -0.7], repeat=DIMENSION))[1:]
_VECTORS = [
    tuple(scale * coordinate for coordinate in vector)
    for scale in (1.0, 1.0, 1.0, 2.0**-70, 2.0**70, 2.0**110)
    for vector in _coordinates
]
_SPARSE = [
    dict(sorted(zip(at, values, strict=True)))
    for at in ([0], [7], [0, 7], [1, 7], [0, 1, 2**32 - 1])
    for values in itertools.product([1.0, -1.5, 0.25], repeat=len(at))
]
_METADATA: list[steps.Metadata] = [{}] + [random_metadata(_choose) for _ in range(400)]
_METADATA = [{key: value for key, value in one.items() if value != []} for one in _METADATA]
_FILTERS = sorted((random_filter(_choose, 3) for _ in range(600)), key=lambda one: len(str(one)))


def _one_of(pool: list[Any]) -> st.SearchStrategy[Any]:
    """Like `sampled_from`, whose description would hold the whole pool."""
    return st.integers(0, len(pool) - 1).map(lambda at: pool[at])


ids = st.sampled_from(["a", "b", "c", "a/1", "a/2", "B", "z" * 40])
some_ids = st.lists(ids, min_size=1, max_size=5, unique=True)
namespaces = st.sampled_from(["", "", "second", "second", "third"])
metadata = _one_of(_METADATA)
filters = _one_of(_FILTERS)
# What empties a namespace comes once in four times, or there would seldom be anything in it.
seldom = st.sampled_from([False, False, False, True])
limits = st.sampled_from([1, 2, 3, 100])
items = st.builds(Item, ids, _one_of(_VECTORS), st.none() | _one_of(_SPARSE), metadata)


class IndexMachine(RuleBasedStateMachine):
    """`subject_of(kind)` gives the subject of a program; every step is checked by its answer."""

    check_every = 1

    def subject_of(self, kind: str) -> Subject:
        raise NotImplementedError

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def begin(self, kind: str) -> None:
        self.kind, (metric, is_sparse) = kind, KINDS[kind]
        self.model = IndexModel(metric, is_sparse=is_sparse)
        self.subject = self.subject_of(kind)
        self.steps_done = 0

    def teardown(self) -> None:
        if hasattr(self, "subject"):
            self.subject.close()

    def both(self, step: steps.Step) -> None:
        expected = self.model.do(step)
        answer = self.subject.do(step)
        assert answer == expected, f"{step}\n{answer}\n{expected}"
        self.steps_done += 1

    @rule(namespace=namespaces, items=st.lists(items, min_size=1, max_size=4))
    def upsert(self, namespace: str, items: list[Item]) -> None:
        chosen = {item.id: self._fitting(item) for item in items}
        self.both(steps.Upsert(namespace, list(chosen.values())))

    @rule(namespace=namespaces, items=st.lists(items, min_size=3, max_size=6))
    def upsert_more(self, namespace: str, items: list[Item]) -> None:
        self.upsert(namespace, items)

    @rule(items=st.lists(items, min_size=3, max_size=6))
    def upsert_and_build(self, items: list[Item]) -> None:
        self.upsert("", items)
        self.build("", is_adopted=True)

    @rule(namespace=namespaces, item=items, what=st.sampled_from(["values", "sparse", "metadata"]))
    def update(self, namespace: str, item: Item, what: str) -> None:
        fitting = self._fitting(item)
        change = Item(item.id, metadata=item.metadata or {"year": 3})
        if what != "metadata" and getattr(fitting, what):
            change = replace(Item(item.id), **{what: getattr(fitting, what)})
        self.both(steps.Update(namespace, change))

    @rule(namespace=namespaces, filter_=filters, patch=metadata, is_dry_run=st.booleans())
    def update_where(
        self, namespace: str, filter_: steps.Metadata, patch: steps.Metadata, is_dry_run: bool
    ) -> None:
        self.both(steps.UpdateWhere(namespace, filter_, patch or {"year": 3}, is_dry_run))

    @rule(namespace=namespaces, chosen=some_ids)
    def delete(self, namespace: str, chosen: list[str]) -> None:
        self.both(steps.Delete(namespace, chosen))

    @rule(namespace=namespaces, filter_=filters, seldom=seldom)
    def delete_where(self, namespace: str, filter_: steps.Metadata, seldom: bool) -> None:
        if seldom:
            self.both(steps.DeleteWhere(namespace, filter_))

    @rule(namespace=namespaces, seldom=seldom)
    def delete_all(self, namespace: str, seldom: bool) -> None:
        if seldom:
            self.both(steps.DeleteAll(namespace))

    @rule(namespace=namespaces, item=items, top_k=st.sampled_from([1, 2, 5, 100]),
          is_by_id=st.booleans(), filter_=st.none() | filters)  # fmt: skip
    def query(self, namespace: str, item: Item, top_k: int, is_by_id: bool, filter_: Any) -> None:
        self.both(steps.Query(namespace, self._fitting(item), is_by_id, top_k, filter_))

    @rule(namespace=namespaces, chosen=some_ids)
    def fetch(self, namespace: str, chosen: list[str]) -> None:
        self.both(steps.Fetch(namespace, chosen))

    @rule(namespace=namespaces, filter_=filters, limit=limits)
    def fetch_where(self, namespace: str, filter_: steps.Metadata, limit: int) -> None:
        self.both(steps.FetchWhere(namespace, filter_, limit))

    @rule(namespace=namespaces, prefix=st.sampled_from(["", "a", "a/", "Z"]), limit=limits)
    def list_ids(self, namespace: str, prefix: str, limit: int) -> None:
        self.both(steps.ListIds(namespace, prefix, limit))

    @rule(namespace=namespaces)
    def create_namespace(self, namespace: str) -> None:
        self.both(steps.CreateNamespace(namespace))

    @rule(namespace=namespaces)
    def describe_namespace(self, namespace: str) -> None:
        self.both(steps.DescribeNamespace(namespace))

    @rule(namespace=namespaces, seldom=seldom)
    def delete_namespace(self, namespace: str, seldom: bool) -> None:
        if seldom:
            self.both(steps.DeleteNamespace(namespace))

    @rule(prefix=st.sampled_from(["", "s", "_", "x"]), limit=limits)
    def list_namespaces(self, prefix: str, limit: int) -> None:
        self.both(steps.ListNamespaces(prefix, limit))

    @rule()
    def stats(self) -> None:
        self.both(steps.Stats(""))

    @rule(namespace=namespaces, is_adopted=st.sampled_from([True, True, False]))
    def build(self, namespace: str, is_adopted: bool) -> None:
        self.subject.build(namespace, is_adopted=is_adopted)

    @rule(namespace=namespaces)
    def merge(self, namespace: str) -> None:
        self.subject.merge(namespace)

    @rule()
    def restart(self) -> None:
        self.subject.restart()

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "subject") or self.steps_done % self.check_every:
            return
        for name, held in self.model.spaces.items():
            self.both(steps.ListIds(name, "", 100))
            if held:
                self.both(steps.Fetch(name, list(held)))
            self.steps_done -= 1 + bool(held)

    def _fitting(self, item: Item) -> Item:
        if self.kind == "sparse":
            return replace(item, values=(), sparse=item.sparse or {1: 1.0})
        return item if self.kind == "hybrid" else replace(item, sparse=None)


def profile(programs: int, length: int, *, is_shrinking: bool = True) -> settings:
    phases = [Phase.generate, Phase.shrink] if is_shrinking else [Phase.generate]
    return settings(
        max_examples=programs, stateful_step_count=length, deadline=None, database=None,
        phases=phases, suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
        print_blob=False,
    )  # fmt: skip
