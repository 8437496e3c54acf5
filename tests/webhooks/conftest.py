"""Receivers on this machine, and an operator who allows webhooks and streams to reach them."""

from collections.abc import Iterator

import pytest

from kit.environment import environment
from tests.support.receivers import HttpReceiver, http_receiver


@pytest.fixture
def loopback_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", "webhooks=127.0.0.0/8, audit=127.0.0.0/8")
    environment.cache_clear()
    yield
    monkeypatch.undo()
    environment.cache_clear()


@pytest.fixture
def receiver(loopback_allowed: None) -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver
