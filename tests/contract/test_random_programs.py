"""Random programs through the official client and a running stack, beside brute force.

The stack builds and merges segments all the while, and its engine is killed now and then. Nightly:
2,000 programs of 100 steps, gone on with where they were interrupted.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pinecone import Pinecone
from pinecone.errors import ApiError, NotFoundError

from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    SparseVector,
    UpdateOperation,
    UpsertOperation,
)
from tests.property.filter_model import holds
from tests.property.model import Model
from tests.property.programs import (
    DIMENSION,
    Ask,
    DeleteWhere,
    Drop,
    Restart,
    UpdateWhere,
    WireStep,
    json_of,
    wire_programs,
)
from tests.support.campaign import Campaign
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import control, ready_index

_T = TypeVar("_T")
_KINDS = ("cosine", "euclidean", "dotproduct", "sparse")
_IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
_STEPS, _PROGRAMS, _BATCH = (100, 500, 25) if _IS_NIGHTLY else (25, 3, 3)
# The engine is killed at every so many restarts that programs ask for: it costs a second.
_RESTARTS_TO_A_KILL = 10
# So that few records are enough for builds and merges.
_SMALL_SEGMENTS = {"STONEPINE_SEGMENT_THRESHOLD": "6", "STONEPINE_SEGMENT_MAX_RECORDS": "20"}

pytestmark = [pytest.mark.stack, pytest.mark.timeout(7200 if _IS_NIGHTLY else 300)]


@pytest.fixture(scope="module")
def busy_stack() -> Iterator[Stack]:
    with running_stack(**_SMALL_SEGMENTS) as started:
        yield started


class Run:
    """One program in a namespace of its own, compared after every question."""

    def __init__(self, stack: Stack, index: Any, kind: str, namespace: str) -> None:
        self._stack = stack
        self._index = index
        self._kind = kind
        self._namespace = namespace
        self._model = Model("dotproduct" if kind == "sparse" else kind)
        self._has_namespace = False

    def take(self, step: WireStep) -> None:
        match step:
            case Ask():
                self._ask(step)
            case Restart():
                _restart(self._stack)
            case Drop():
                self._drop()
            case _:
                self._write(step)

    def _write(self, step: Any) -> None:
        place = {"namespace": self._namespace}
        match step:
            case UpsertOperation():
                vectors = [self._vector(step, row) for row in range(len(step.ids))]
                _again(lambda: self._index.upsert(vectors=vectors, **place))
                self._has_namespace = True
            case UpdateOperation():
                changed = {"set_metadata": json.loads(step.set_metadata or "{}")}
                if step.values is not None:
                    changed["values"] = step.values.tolist()
                if step.sparse is not None:
                    changed["sparse_values"] = _sparse(step.sparse)
                self._allowing_absence(
                    lambda: self._index.update(id=step.ids[0], **changed, **place)
                )
            case UpdateWhere(filter_, patch):
                self._allowing_absence(
                    lambda: self._index.update(filter=filter_, set_metadata=patch, **place)
                )
                step = UpdateOperation(self._selected(filter_), None, None, json_of(patch))
            case DeleteWhere(filter_):
                self._allowing_absence(lambda: self._index.delete(filter=filter_, **place))
                step = DeleteOperation(self._selected(filter_))
            case DeleteOperation(ids):
                self._allowing_absence(lambda: self._index.delete(ids=ids, **place))
            case DeleteAllOperation():
                self._allowing_absence(lambda: self._index.delete(delete_all=True, **place))
        self._model.apply(step)

    def _drop(self) -> None:
        self._allowing_absence(lambda: self._index.delete_namespace(name=self._namespace))
        self._model.apply(DeleteAllOperation())
        self._has_namespace = False

    def _allowing_absence(self, act: Callable[[], Any]) -> None:
        """Of a namespace that is there, nothing is refused. A kill may hide that it was done."""
        try:
            _again(act)
        except NotFoundError:
            assert not self._has_namespace or _restart.has_just_killed

    def _ask(self, question: Ask) -> None:
        sparse = question.sparse and {
            "indices": sorted(question.sparse),
            "values": [question.sparse[index] for index in sorted(question.sparse)],
        }
        asked: dict[str, Any] = {"top_k": question.top_k, "namespace": self._namespace}
        if question.values:
            asked["vector"] = question.values
        if sparse:
            asked["sparse_vector"] = sparse
        if question.filter:
            asked["filter"] = question.filter
        answer = _again(lambda: self._index.query(**asked))
        found = [(one.id, float(np.float32(one.score))) for one in answer.matches]
        vector = None if question.sparse is None else _sparse_of(question.sparse)
        values = np.array(question.values, np.float32)
        assert found == self._model.query(values, vector, question.top_k, question.filter)
        self.compare_records()

    def compare_records(self) -> None:
        """Everything that is listed, fetched and counted is what the model holds."""
        records = self._model.records
        pages = _again(lambda: list(self._index.list(namespace=self._namespace)))
        assert [item.id for page in pages for item in page.vectors] == sorted(records)
        if not records:
            return
        answer = _again(lambda: self._index.fetch(ids=list(records), namespace=self._namespace))
        assert set(answer.vectors) == set(records)
        for name, record in answer.vectors.items():
            values, sparse, metadata = records[name]
            assert _rounded(record.values) == _rounded(values)
            held = record.sparse_values
            assert dict(zip(held.indices, held.values, strict=True) if held else {}) == sparse
            assert (record.metadata or {}) == metadata

    def _vector(self, step: UpsertOperation, row: int) -> dict[str, Any]:
        vector: dict[str, Any] = {"id": step.ids[row]}
        if self._kind != "sparse":
            vector["values"] = step.values[row].tolist()
        sparse, metadata = step.sparse[row], step.metadata[row]
        if sparse is not None:
            vector["sparse_values"] = _sparse(sparse)
        if metadata is not None:
            vector["metadata"] = json.loads(metadata)
        return vector

    def _selected(self, filter_: dict[str, Any]) -> list[str]:
        return [name for name, held in self._model.records.items() if holds(filter_, held[2])]


class _Restarts:
    """Kills the engine at every so many of the restarts that are asked for."""

    def __init__(self) -> None:
        self._count = 0
        self.kills = 0
        self.has_just_killed = False

    def __call__(self, stack: Stack) -> None:
        self._count += 1
        self.has_just_killed = self._count % _RESTARTS_TO_A_KILL == 1
        if self.has_just_killed:
            stack.kill("node-engine")
            self.kills += 1


_restart = _Restarts()


def _again(act: Callable[[], _T]) -> _T:
    """Every step may be done twice: what a killed engine has left open is sent again."""
    outcome: list[_T] = []

    def is_done() -> bool:
        try:
            outcome.append(act())
        except ApiError as error:
            if error.status_code != 503:
                raise
            return False
        return True

    wait_until(is_done, timeout_s=60, what="the index answers")
    return outcome[0]


def _rounded(values: Any) -> list[float]:
    """As float32, which JSON writes with as few digits as tell it apart."""
    return np.array([] if values is None else values, np.float32).tolist()


def _sparse(vector: SparseVector) -> dict[str, list[Any]]:
    return {"indices": vector.indices.tolist(), "values": vector.values.tolist()}


def _sparse_of(elements: dict[int, float]) -> SparseVector:
    ordered = sorted(elements)
    values = [elements[index] for index in ordered]
    return SparseVector(np.array(ordered, np.uint32), np.array(values, np.float32))


@contextmanager
def _index(stack: Stack, kind: str, name: str, *, is_grpc: bool) -> Iterator[Any]:
    body: dict[str, Any] = {
        "name": name,
        "metric": "dotproduct" if kind == "sparse" else kind,
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
    }
    body |= {"vector_type": "sparse"} if kind == "sparse" else {"dimension": DIMENSION}
    with control(stack.api_url, stack.api_key, version="2025-10") as api:
        host = ready_index(api, body)
    with (
        patch.dict(os.environ, {"SSL_CERT_FILE": str(stack.home / "tls" / "ca.pem")}),
        Pinecone(api_key=stack.api_key, host=stack.api_url) as client,
        client.index(host=host, grpc=is_grpc) as index,
    ):
        yield index
    with control(stack.api_url, stack.api_key) as api:
        assert api.request("DELETE", f"/indexes/{name}").status == 202


@pytest.mark.parametrize("kind", _KINDS)
def test_every_answer_is_the_one_of_brute_force(busy_stack: Stack, kind: str) -> None:
    length = "long" if _IS_NIGHTLY else "short"
    campaign = Campaign.resume(f"client-programs-{kind}-{length}", _PROGRAMS)
    strategy = wire_programs(
        is_sparse=kind == "sparse", is_hybrid=kind == "dotproduct", steps=_STEPS
    )
    for first in campaign.rest(_BATCH):
        is_grpc = (first // _BATCH + _KINDS.index(kind)) % 2 == 1
        numbers = iter(range(first, 10**6))
        with _index(busy_stack, kind, f"{kind}-{first}", is_grpc=is_grpc) as index:

            @seed(campaign.seed + first)
            @settings(
                deadline=None, max_examples=min(_BATCH, _PROGRAMS - first),
                phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None,
            )  # fmt: skip
            @given(data=st.data())
            def check(data: st.DataObject) -> None:
                run = Run(busy_stack, index, kind, f"p{next(numbers)}")  # noqa: B023 - called here
                for step in data.draw(strategy):
                    run.take(step)
                run.compare_records()

            check()
