"""Pieces of an update by filter."""

import numpy as np

from dataplane.engine.admission import update_pieces
from dataplane.engine.open_index import OpenNamespace
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from kit.ids import new_id
from tests.dataplane.engine.spaces import filled, rows


def test_pieces_of_an_update_are_bounded_by_the_bytes_of_their_records() -> None:
    width, count = 10_000, 500
    ids = [f"id{number}" for number in range(count)]
    spec = IndexSpec(width, Metric.COSINE, VectorType.DENSE)
    memory = filled(spec, rows(ids, np.ones((count, width), np.float32)))
    pieces = list(update_pieces(OpenNamespace("", new_id(), memory), ids, b'{"a":1}'))
    assert [id_ for piece in pieces for id_ in piece] == ids
    assert max(map(len, pieces)) == 8 * 1024 * 1024 // (4 * width + 7)
