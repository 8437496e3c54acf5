"""The engine's namespace against brute force, through builds, adoptions and restarts."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.sparse import to_message
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from kit.ids import new_id
from storage.write_log.operations import Operation
from tests.property.filter_model import holds
from tests.property.model import Model
from tests.property.programs import (
    Adopt,
    Ask,
    Build,
    Merge,
    Restart,
    Step,
    json_of,
    programs,
    sparse_of,
)
from tests.support.workshop import Workshop

INDEX = new_id()
KINDS = {
    "cosine": IndexSpec(3, Metric.COSINE),
    "euclidean": IndexSpec(3, Metric.EUCLIDEAN),
    "dotproduct": IndexSpec(3, Metric.DOTPRODUCT),
    "sparse": IndexSpec(None, Metric.DOTPRODUCT, VectorType.SPARSE),
}


class Run:
    """One program on the engine and on the model, compared after every step."""

    def __init__(self, spec: IndexSpec) -> None:
        self.spec = spec
        self.model = Model(str(spec.metric))
        self.namespace = Namespace(spec)
        self.workshop = Workshop(spec)
        self.log: list[tuple[int, Operation]] = []

    def take(self, step: Step) -> None:
        if isinstance(step, Build):
            after, end = self.workshop.manifest.lsn, len(self.log) - step.behind
            if end > after:
                self.workshop.build(self.log[after:end])
        elif isinstance(step, Merge):
            newest = reversed(self.workshop.manifest.segments)
            chosen = [one for at, one in enumerate(newest) if step.which >> at & 1]
            self.workshop.merge([entry.segment_id for entry in chosen])
        elif isinstance(step, Adopt):
            self.workshop.adopt(self.namespace)
        elif isinstance(step, Restart):
            self.namespace = self.workshop.open()
            for lsn, operation in self.log[self.workshop.manifest.lsn :]:
                self.namespace.apply(lsn, operation)
        elif isinstance(step, Ask):
            self.ask(step)
        else:
            self.log.append((len(self.log) + 1, step))
            self.namespace.apply(*self.log[-1])
            self.model.apply(step)
        self.compare_records()

    def ask(self, question: Ask) -> None:
        values = np.array(question.values, np.float32)
        sparse = sparse_of(question.sparse)
        filter_json = json_of(question.filter)
        request = messages.Query(
            index_id=INDEX,
            top_k=question.top_k,
            vector=values.tobytes(),
            sparse=to_message(sparse),
            filter=filter_json,
        )
        answer = self.namespace.query(request)
        self.ask_together(request, answer)
        expected = self.model.query(values, sparse, question.top_k, question.filter)
        assert [(match.id, match.score) for match in answer.matches] == expected
        assert answer.max_indexed_lsn == len(self.log)
        if question.filter:
            matching = {
                id_ for id_, r in self.model.records.items() if holds(question.filter, r[2])
            }
            found = self.namespace.resolve_filter(json_of(question.filter) or b"")
            assert len(found) == len(matching)
            assert set(found) == matching

    def ask_together(self, request: messages.Query, alone: messages.Matches) -> None:
        """With others that arrived at the same time, the answer is the same."""
        turned = np.flip(np.frombuffer(request.vector, np.float32)).tobytes()
        others = [
            msgspec.structs.replace(request, vector=turned, filter=None),
            msgspec.structs.replace(request, vector=turned, top_k=1),
        ]
        expected = [self.namespace.query(other) for other in others]
        assert self.namespace.query_all([others[0], request, others[1]]) == [
            expected[0], alone, expected[1],
        ]  # fmt: skip

    def compare_records(self) -> None:
        everything = self.model.records
        assert self.namespace.record_count == len(everything)
        listed = self.namespace.list_ids(messages.ListIds(index_id=INDEX, limit=10_000))
        assert listed.ids == sorted(everything)
        fetched = self.namespace.fetch(messages.Fetch(index_id=INDEX, ids=list(everything)))
        for record in fetched.records:
            values, sparse, metadata = everything[record.id]
            assert record.values == np.asarray(values, np.float32).tobytes()
            assert record.sparse == to_message(sparse_of(sparse or None))
            assert json.loads(record.metadata or b"{}") == metadata
        assert len(fetched.records) == len(everything)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_answer_is_the_one_of_brute_force(kind: str, data: st.DataObject) -> None:
    run = Run(KINDS[kind])
    strategy = programs(is_sparse=kind == "sparse", is_hybrid=kind == "dotproduct")
    for step in data.draw(strategy):
        run.take(step)
