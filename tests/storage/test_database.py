"""Connections that last: they are renewed however they broke."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from kit.errors import Unavailable
from storage.database import (
    Connection,
    LastingConnection,
    alone,
    connect,
    connection_parameters,
)


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


def test_both_ends_are_told_of_a_cut_way_unless_the_url_says_otherwise() -> None:
    url = "postgresql://a@h/d?options=-c%20geqo%3Doff&keepalives_idle=60"
    told = connection_parameters(url, connect_timeout="2")
    assert (told["keepalives_idle"], told["keepalives_count"]) == ("60", "3")
    assert (told["host"], told["connect_timeout"]) == ("h", "2")
    settings = told["options"].removeprefix("-c ").split(" -c ")
    assert "tcp_keepalives_count=3" in settings
    assert settings[-1] == "geqo=off"


def test_the_server_takes_what_it_is_told(log_url: str) -> None:
    with connect(make_conninfo(log_url, options="-c geqo=off"), name="test") as connection:
        rows = connection.execute("SELECT name FROM pg_settings WHERE source = 'client'").fetchall()
    assert {"geqo", "tcp_user_timeout", "tcp_keepalives_idle"} <= {name for (name,) in rows}
