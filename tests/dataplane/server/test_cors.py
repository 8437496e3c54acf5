"""Pages of allowed origins may call an index from a browser; others learn nothing."""

import httpx
import pytest

from kit.environment import Environment
from tests.dataplane.server.conftest import Served

ALLOWED = "https://app.example.com"


def ask_first(served: Served, origin: str) -> httpx.Response:
    """The preflight, as browsers send it: without the key."""
    with served.plane.client(served.index_id) as client:
        return client.options(
            "/query",
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "api-key,content-type",
            },
        )


def test_a_browser_is_told_what_a_page_may_send(served: Served) -> None:
    reply = ask_first(served, ALLOWED)
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == ALLOWED
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == "api-key,content-type"
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("origin", ["https://example.com", "http://app.example.com", "null"])
def test_other_origins_are_told_nothing(served: Served, origin: str) -> None:
    reply = ask_first(served, origin)
    assert reply.status_code == 401
    assert not [name for name in reply.headers if name.startswith("access-control")]
    served.client.headers["origin"] = origin
    assert "access-control-allow-origin" not in served.upsert("a").headers


def test_answers_and_refusals_may_be_read_by_the_page(served: Served) -> None:
    served.client.headers["origin"] = ALLOWED
    for reply in (served.upsert("a"), served.post("/query", {"topK": 0})):
        assert reply.headers["access-control-allow-origin"] == ALLOWED
        assert reply.headers["vary"] == "origin"
        assert "x-pinecone-request-id" in reply.headers["access-control-expose-headers"]


def test_a_page_of_an_allowed_origin_needs_a_key_all_the_same(served: Served) -> None:
    served.client.headers.update({"origin": ALLOWED, "api-key": "wrong"})
    assert served.post("/query", {"topK": 1, "id": "a"}).status_code == 401


@pytest.mark.parametrize("origin", ["example.com", "https://example.com/", "https://a b", "https:"])
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Environment(cors_origins=origin)
