"""Random nested filters by the thousand against the reading of their JSON, record by record.

At the engine: each filter is asked of a memtable, of segments with deleted rows, and of both mixed.
"""

import json
import random
import sys
from typing import Any

import numpy as np
import pytest

from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from storage.write_log.operations import DeleteOperation, UpsertOperation
from tests.property.filter_model import holds
from tests.property.random_filters import random_filter, random_metadata
from tests.support.campaign import Campaign
from tests.support.workshop import Workshop

_RECORDS = 60
_FILTERS_A_PIECE = 250
_SPEC = IndexSpec(1, Metric.EUCLIDEAN)


class _Library:
    """The same records in a memtable, in segments, and in both; some written twice, some gone."""

    def __init__(self, choose: random.Random) -> None:
        first = {f"r{n}": random_metadata(choose) for n in range(_RECORDS)}
        again = {id_: random_metadata(choose) for id_ in choose.sample(sorted(first), 12)}
        gone = choose.sample(sorted(first), 8)
        half = dict(list(first.items())[: _RECORDS // 2])
        self.records = {id_: row for id_, row in (first | again).items() if id_ not in gone}
        operations = [_upsert(half), _upsert(first), _upsert(again), DeleteOperation(gone)]
        log = list(enumerate(operations, start=1))
        self.memtable, self.mixed = Namespace(_SPEC), Namespace(_SPEC)
        for lsn, operation in log:
            self.memtable.apply(lsn, operation)
            self.mixed.apply(lsn, operation)
        workshop = Workshop(_SPEC)
        workshop.build(log[:1])
        workshop.adopt(self.mixed)
        for operation in log[1:]:
            workshop.build([operation])
        self.frozen = workshop.open()

    def check(self, question: dict[str, Any]) -> None:
        expected = {id_ for id_, row in self.records.items() if holds(question, row)}
        raw = json.dumps(question).encode()
        for kind in ("memtable", "frozen", "mixed"):
            found = getattr(self, kind).resolve_filter(raw)
            assert len(found) == len(set(found)), (kind, question)
            assert set(found) == expected, (kind, question)


def _upsert(rows: dict[str, dict[str, Any]]) -> UpsertOperation:
    metadata = [json.dumps(row).encode() for row in rows.values()]
    values = np.zeros((len(rows), 1), np.float32)
    return UpsertOperation(list(rows), values, [None] * len(rows), list(metadata))


def _check_piece(seed: str) -> None:
    choose = random.Random(seed)
    library = _Library(choose)
    for _ in range(_FILTERS_A_PIECE):
        library.check(random_filter(choose))


@pytest.mark.parametrize("piece", range(10))
def test_random_nested_filters_reach_exactly_the_records_for_which_they_hold(piece: int) -> None:
    _check_piece(f"ci {piece}")


@pytest.mark.nightly
@pytest.mark.timeout(0)
def test_a_hundred_thousand_filters(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = Campaign.resume("filters", 100_000)
    for start in campaign.rest(_FILTERS_A_PIECE):
        _check_piece(f"{campaign.seed} {start}")
    with capsys.disabled():
        sys.stdout.write(f"\n{campaign}\n")
