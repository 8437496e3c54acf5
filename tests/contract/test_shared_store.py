"""Two whole installations at one object store: the second is refused until it says that it takes
the store over, and then the first is."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.stack import Stack, reserved_port, running_stack
from tests.support.waiting import wait_until
from tests.support.wire import Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.timeout(600)]

_NAME = "movies"
_REFUSAL = "belongs to another installation"
_VECTOR = {"id": "a", "values": [1, 2, 3]}


@pytest.fixture
def first() -> Iterator[Stack]:
    with running_stack() as started:
        yield started


def test_the_second_is_refused_until_it_takes_the_store_over(first: Stack) -> None:
    host = _filled(first)
    assert _backed_up(first) == "Ready"
    shared = f"file://{first.home}/objects"
    with reserved_port() as port:
        stranger = Stack(first.home.parent / "stranger", port, {"OBJECT_STORE_URL": shared})
        refused = stranger.run("up", "--home", str(stranger.home), "--port", str(port), "--detach")
        stranger.kill_everything()
    assert refused.returncode != 0
    assert _REFUSAL in refused.stdout + refused.stderr + stranger.log_tails()
    assert _backed_up(first) == "Ready"
    # One that stands still, as it was refused, takes the store over too.
    assert "this installation's now" in _take_over(stranger)
    assert "this installation's now" in _take_over(first)

    with running_stack() as second:
        _filled(second)
        second.settings["OBJECT_STORE_URL"] = shared
        taken = _take_over(second)
        assert "this installation's now" in taken
        second.restart()
        assert _backed_up(second) == "Ready"
        wait_until(
            lambda: _ready_parts(first)["object_store"] == "unavailable",
            timeout_s=30, every_s=0.5, what="the first one knows that it has lost the store",
        )  # fmt: skip
        assert _backed_up(first) == "InitializationFailed"
        with Wire(host, api_key=first.api_key) as index:
            assert index.get("/vectors/fetch?ids=a").json()["vectors"]["a"]["values"] == [1, 2, 3]
        second.down()

    assert "this installation's now" in _take_over(first)
    assert "this installation's already" in _take_over(first)
    wait_until(
        lambda: _ready_parts(first)["object_store"] == "ok",
        timeout_s=30, every_s=0.5, what="the first one has its store again",
    )  # fmt: skip
    assert _backed_up(first) == "Ready"


def _filled(stack: Stack) -> str:
    """The host of an index with a record."""
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index(_NAME, dimension=3))
    with Wire(host, api_key=stack.api_key) as index:
        assert index.post("/vectors/upsert", {"vectors": [_VECTOR]}).status == 200
    return host


def _backed_up(stack: Stack) -> str:
    """How a new backup ends; one that failed says that the store is another's."""
    with control(stack.api_url, stack.api_key) as api:
        begun = api.post(f"/indexes/{_NAME}/backups", {})
        assert begun.status == 200, begun.body
        job = str(begun.json()["backup_id"])
        path = f"/backups/{job}"
        wait_until(
            lambda: api.get(path).json()["status"] != "Initializing",
            timeout_s=90, every_s=0.3, what="the backup is done, or failed",
        )  # fmt: skip
        status = str(api.get(path).json()["status"])
    if status == "InitializationFailed":
        assert _REFUSAL in stack.run("jobs", "show", job, "--home", str(stack.home)).stdout
    return status


def _take_over(stack: Stack) -> str:
    done = stack.run("take-over-objects", "--home", str(stack.home))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _ready_parts(stack: Stack) -> dict[str, str]:
    parts: dict[str, str] = httpx.get(f"{stack.api_url}/readyz", timeout=10).json()["parts"]
    return parts
