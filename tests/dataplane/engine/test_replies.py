"""How large a reply may become."""

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from kit.errors import InvalidArgument
from tests.dataplane.engine.spaces import INDEX, filled, query, rows

_WIDTH = 12_000
_COUNT = 800


@pytest.fixture(scope="module")
def namespace() -> Namespace:
    spec = IndexSpec(_WIDTH, Metric.COSINE, VectorType.DENSE)
    ids = [f"id{number}" for number in range(_COUNT)]
    return filled(spec, rows(ids, np.ones((_COUNT, _WIDTH), np.float32)))


def test_a_query_whose_result_is_too_large_is_refused(namespace: Namespace) -> None:
    vector = np.ones(_WIDTH)
    assert len(query(namespace, vector, top_k=80, include=True).matches) == 80
    with pytest.raises(InvalidArgument, match=r"limit of 4194304 bytes.*smaller topK"):
        query(namespace, vector, top_k=100, include=True)
    assert len(query(namespace, vector, top_k=_COUNT).matches) == _COUNT


def test_a_fetch_of_too_much_is_refused(namespace: Namespace) -> None:
    ids = [f"id{number}" for number in range(_COUNT)]
    assert len(namespace.fetch(messages.Fetch(index_id=INDEX, ids=ids[:600])).records) == 600
    with pytest.raises(InvalidArgument, match="fewer ids"):
        namespace.fetch(messages.Fetch(index_id=INDEX, ids=ids))


def test_a_page_by_metadata_of_too_much_is_refused(namespace: Namespace) -> None:
    everything = b'{"nowhere":{"$exists":false}}'
    page = messages.FetchByMetadata(index_id=INDEX, filter=everything, limit=600)
    assert len(namespace.fetch_by_metadata(page).records) == 600
    too_large = messages.FetchByMetadata(index_id=INDEX, filter=everything, limit=_COUNT)
    with pytest.raises(InvalidArgument, match="smaller page"):
        namespace.fetch_by_metadata(too_large)


def test_a_frame_over_the_limit_is_never_made() -> None:
    huge = messages.Record("a", bytes(messages.MAX_FRAME_BYTES))
    with pytest.raises(InvalidArgument, match="ask for less"):
        messages.pack(1, messages.Records(records=[huge], read_units=1, max_indexed_lsn=1))
