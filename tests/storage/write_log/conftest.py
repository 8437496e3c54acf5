"""One appender and one writer per test, and triggers that disturb them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from keyring.envelope import DataKey
from storage.database import Connection
from storage.write_log import log
from storage.write_log.appender import Limits, LogAppender
from tests.storage.write_log.disturbing import (
    FailingInserts,
    Gate,
    trigger,
)
from tests.storage.write_log.driving import Writer


@pytest.fixture
def appender(log_url: str) -> Iterator[LogAppender]:
    # A busy machine needs a while to arrange the situations below.
    appender = LogAppender(log_url, Limits(lock_timeout_s=20, commit_timeout_s=30))
    yield appender
    appender.close()


@pytest.fixture
def writer(connection: Connection, key: DataKey, index_id: UUID) -> Writer:
    return Writer(key, index_id, log.take_lease(connection, index_id, "first"))


@pytest.fixture
def gate(admin: Connection) -> Iterator[Gate]:
    with trigger(admin, "PERFORM pg_advisory_xact_lock_shared(1);"):
        yield Gate(admin)


@pytest.fixture
def failing_inserts(admin: Connection) -> FailingInserts:
    def failing(sqlstate: str, index_id: UUID | None = None) -> AbstractContextManager[None]:
        condition = "true" if index_id is None else f"NEW.index_id = '{index_id}'"
        return trigger(
            admin,
            f"IF {condition} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END IF;",
        )

    return failing
