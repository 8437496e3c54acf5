"""Connections that last: they are renewed however they broke."""

import psycopg
import pytest

from kit.errors import Unavailable
from storage.database import Connection, LastingConnection, alone


def pid_within_a_transaction(connection: Connection) -> int:
    with connection.transaction():
        (row,) = connection.execute("SELECT pg_backend_pid()").fetchall()
    return int(row[0])


def test_a_connection_that_the_server_ended_is_renewed(log_url: str, admin: Connection) -> None:
    lasting = LastingConnection(log_url, "test")
    first = lasting.run(pid_within_a_transaction)
    assert lasting.run(pid_within_a_transaction) == first
    admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert lasting.run(pid_within_a_transaction) != first
    lasting.close()


def test_where_no_connection_can_be_had_it_says_so(log_url: str) -> None:
    lasting = LastingConnection(f"{log_url}-absent", "test")
    with pytest.raises(Unavailable):
        lasting.run(pid_within_a_transaction)


def test_what_is_wrong_with_the_act_is_not_hidden(log_url: str) -> None:
    lasting = LastingConnection(log_url, "test")
    with pytest.raises(psycopg.errors.SyntaxError):
        lasting.run(lambda connection: connection.execute("SELEKT 1"))
    lasting.close()


def test_one_at_a_time_holds_a_lock(log_url: str) -> None:
    with alone(log_url, 4711, name="first") as first:
        assert first is not None
        with alone(log_url, 4711, name="second") as second:
            assert second is None
    with alone(log_url, 4711, name="third") as third:
        assert third is not None
