"""An operator whose settings a test chooses, and receivers on this machine."""

from collections.abc import Callable, Iterator

import pytest

from kit.environment import environment
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.receivers import HttpReceiver, http_receiver

Operator = Callable[..., None]


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    """Sets variables of the environment, the prefix left out where there is one."""

    def set_to(**variables: str) -> None:
        for name, value in variables.items():
            is_plain = name.endswith("_PROXY")
            monkeypatch.setenv(name if is_plain else f"STONEPINE_{name}", value)
        environment.cache_clear()

    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    set_to()
    yield set_to
    monkeypatch.undo()
    environment.cache_clear()


@pytest.fixture
def loopback_allowed(operator: Operator) -> None:
    operator(OUTBOUND_ALLOW="webhooks=127.0.0.0/8,webhooks=::1/128")


@pytest.fixture
def receiver(loopback_allowed: None) -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def proxy(operator: Operator) -> Iterator[ForwardProxy]:
    with forward_proxy() as running:
        operator(HTTP_PROXY=running.url, HTTPS_PROXY=running.url)
        yield running
