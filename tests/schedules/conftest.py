"""A stage for the tests of schedules: a world as new for each, and a clock that can be moved."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache

from audit.heads import heads_file
from config.celery import app
from kit import clock
from kit.environment import environment
from tests.schedules.index_cases import INDEX_CASES, SEGMENT_THRESHOLD
from tests.schedules.scene import Scene
from tests.schedules.tenant_cases import TENANT_CASES
from tests.support.database import Tables, close_connections
from tests.support.metadata_host import MetadataHost, running_metadata_host
from tests.support.world import World, world_in

CASES = (*INDEX_CASES, *TENANT_CASES)


@pytest.fixture
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MetadataHost]:
    """The operator lets receivers, providers and metadata on this machine be reached, and has
    segments built early."""
    places = ("sso", "audit", "webhooks", "kms")
    with running_metadata_host(tmp_path) as (running, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        allowed = ", ".join(f"{place}=127.0.0.0/8" for place in places)
        monkeypatch.setenv("STONEPINE_OUTBOUND_ALLOW", allowed)
        monkeypatch.setenv("STONEPINE_SEGMENT_THRESHOLD", str(SEGMENT_THRESHOLD))
        environment.cache_clear()
        yield running
    monkeypatch.undo()
    environment.cache_clear()


@dataclass
class Clock:
    """The wall clock, which can be put forward."""

    ahead: timedelta = field(default_factory=timedelta)
    now: Callable[[], Any] = clock.now

    def __call__(self) -> Any:
        return self.now() + self.ahead


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(clock, "now", moved)
    return moved


@dataclass
class Stage:
    """Where one schedule after the other is played, each in a world as new."""

    tables: Tables
    before: list[World]
    metadata: MetadataHost
    clock: Clock

    @contextmanager
    def scene(self, choose: random.Random) -> Iterator[Scene]:
        self._clear()
        self.clock.ahead = timedelta()
        scene = Scene(world_in(self.tables, self.before), choose, self.metadata)
        app.control.purge()
        with scene.doors:
            yield scene
        self._clear()

    def _clear(self) -> None:
        close_connections()
        self.tables.empty()
        cache.clear()
        mail.outbox.clear()
        for prefix in ("indexes", "backups", "audit"):
            shutil.rmtree(environment().home / "objects" / prefix, ignore_errors=True)
        heads_file().unlink(missing_ok=True)


@pytest.fixture
def stage(
    database: None, audit_context: None, tables: Tables, world_before: list[World],
    metadata: MetadataHost, moved: Clock,
) -> Stage:  # fmt: skip
    return Stage(tables, world_before, metadata, moved)
