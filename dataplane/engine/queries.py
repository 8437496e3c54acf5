"""Queries of one namespace: from requests to matches, those that arrived together in one go."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from dataplane.engine import messages
from dataplane.engine.filters import parse
from dataplane.engine.layout import Layout
from dataplane.engine.planner import Planner
from dataplane.engine.replies import matches_of
from dataplane.engine.scoring import Target, prepare
from dataplane.engine.search import Answer, Question, search
from dataplane.engine.shares import parts_of
from dataplane.engine.sparse import from_message
from dataplane.engine.spec import IndexSpec
from dataplane.engine.units import query_units
from kit.errors import StonepineError

_NOTHING = Answer([], "")

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")

Outcome: TypeAlias = messages.Matches | StonepineError


class Snapshot(NamedTuple):
    """What queries see of a namespace."""

    spec: IndexSpec
    layout: Layout
    planner: Planner
    lsn: int
    size_bytes: int


def answer_all(seen: Snapshot, requests: Sequence[messages.Query]) -> list[Outcome]:
    """The answer of each request, or why it is refused. Requests with the same filter (and for the
    same share) are searched together."""
    if len(requests) == 1:
        return _answer_alike(seen, requests)
    answers: dict[int, Outcome] = {}
    groups: dict[tuple[bytes | None, messages.Share | None], list[int]] = {}
    for at, request in enumerate(requests):
        groups.setdefault((request.filter, request.share), []).append(at)
    for places in groups.values():
        found = _answer_alike(seen, [requests[at] for at in places])
        answers.update(zip(places, found, strict=True))
    return [answers[at] for at in range(len(requests))]


def _answer_alike(seen: Snapshot, requests: Sequence[messages.Query]) -> list[Outcome]:
    """All have the same filter, and are for the same share."""
    filter_json = requests[0].filter
    parts = parts_of(seen.layout.parts, requests[0].share)
    targets = [_outcome(lambda request: _target(seen, request), request) for request in requests]
    questions = [
        Question(target, request.top_k)
        for target, request in zip(targets, requests, strict=True)
        if isinstance(target, Target)
    ]
    try:
        expression = None if filter_json is None else parse(filter_json)
        found = iter(search(parts, questions, expression, seen.planner))
    except StonepineError as error:
        return [target if isinstance(target, StonepineError) else error for target in targets]
    answers: list[Outcome] = []
    for target, request in zip(targets, requests, strict=True):
        if isinstance(target, StonepineError):
            answers.append(target)
        else:
            answer = _NOTHING if target is None else next(found)
            answers.append(_outcome(lambda given: _matches(seen, *given), (answer, request)))
    return answers


def _target(seen: Snapshot, request: messages.Query) -> Target | None:
    """None for the id of a record that is missing."""
    seen.spec.check_query(request)
    if request.id is None:
        values = np.frombuffer(request.vector, np.float32)
        return prepare(seen.spec, values, from_message(request.sparse))
    place = seen.layout.find(request.id)
    if place is None:
        return None
    part, row = place
    return prepare(seen.spec, part.vectors[row].copy(), part.sparse.row(row))


def _matches(seen: Snapshot, answer: Answer, request: messages.Query) -> messages.Matches:
    return messages.Matches(
        matches=matches_of(answer.hits, request),
        read_units=query_units(seen.size_bytes),
        max_indexed_lsn=seen.lsn,
        path=answer.path,
    )


def _outcome(act: Callable[[_Given], _Found], given: _Given) -> _Found | StonepineError:
    """What the act returns, or how it refuses: one refusal does not disturb the others."""
    try:
        return act(given)
    except StonepineError as error:
        return error
