"""The three kinds of receivers: what they are told, and which settings they may have."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.streams.destinations import Batch, Receiver, checked_config, send, signature
from kit.errors import InvalidArgument
from kit.ids import new_id
from kit.outbound import ExchangeFailed
from tests.support.receivers import HttpReceiver, syslog_listener

S3 = {"bucket": "logs", "access_key_id": "AK", "region": "eu-west-1", "prefix": "audit/ours"}


def event(sequence: int, outcome: str = "success") -> dict[str, Any]:
    return {
        "sequence": sequence, "name": "project.created", "outcome": outcome, "id": str(new_id()),
        "event": {"time": "2026-11-25T10:00:00.000000Z", "resource_name": "é\n"},
    }  # fmt: skip


def batch(*events: dict[str, Any]) -> Batch:
    return Batch(new_id(), new_id(), new_id(), list(events))


def test_http_batches_are_signed_and_carry_their_id(receiver: HttpReceiver) -> None:
    sent = batch(event(1), event(2))
    send(Receiver("http", {"url": receiver.url + "/hook?a=b"}, "s3cret"), sent)
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert request.document["events"] == sent.events
    assert request.headers["stonepine-batch-id"] == str(sent.id) == request.document["batch_id"]
    sent_at = request.headers["stonepine-timestamp"]
    expected = "v1=" + signature("s3cret", sent_at, request.body)
    assert request.headers["stonepine-signature"] == expected
    assert "s3cret" not in str(request)


@pytest.mark.parametrize("status", [199 + 102, 400, 401, 404, 429, 500, 503])
def test_only_a_success_is_taken_for_one(receiver: HttpReceiver, status: int) -> None:
    receiver.statuses = [status]
    with pytest.raises(ExchangeFailed, match=str(status)):
        send(Receiver("http", {"url": receiver.url}, "x"), batch(event(1)))


@pytest.mark.usefixtures("loopback_allowed")
def test_syslog_frames_are_counted_in_octets() -> None:
    with syslog_listener() as listener:
        config = {"host": "127.0.0.1", "port": listener.port, "tls": False}
        send(Receiver("syslog", config, ""), batch(event(1), event(2, "denied")))
        first, second = listener.frames()
    assert first.startswith("<110>1 2026-11-25T10:00:00.000000Z ")
    assert second.startswith("<108>1 ")
    head, _, text = first.partition(" - {")
    assert head.endswith(" stonepine - project.created")
    assert json.loads("{" + text)["sequence"] == 1


@pytest.mark.usefixtures("loopback_allowed")
def test_a_closed_port_is_a_failure() -> None:
    with syslog_listener() as listener:
        config = {"host": "127.0.0.1", "port": listener.port, "tls": False}
        send(Receiver("syslog", config, ""), batch())
    with pytest.raises(ExchangeFailed, match="does not answer"):
        send(Receiver("syslog", config, ""), batch(event(1)))


def test_objects_are_put_under_the_streams_prefix(receiver: HttpReceiver) -> None:
    sent = batch(event(7), event(8))
    config = {**S3, "endpoint": receiver.url}
    send(Receiver("s3", config, "secret key"), sent)
    (request,) = receiver.requests
    path = urlsplit(request.path)
    folder = f"/logs/audit/ours/{sent.organization_id}/2026/11/25/"
    assert request.method == "PUT"
    assert path.path == f"{folder}000000000007-000000000008-{sent.id}.jsonl"
    assert parse_qs(path.query)["X-Amz-Credential"][0].startswith("AK/")
    assert "secret key" not in request.path
    assert [json.loads(line)["sequence"] for line in request.body.splitlines()] == [7, 8]


def test_a_test_of_s3_puts_the_known_object(receiver: HttpReceiver) -> None:
    send(Receiver("s3", {**S3, "endpoint": receiver.url}, "k"), batch())
    assert urlsplit(receiver.requests[0].path).path == "/logs/audit/ours/audit-log-access-test"


@pytest.mark.usefixtures("loopback_allowed")
def test_settings_of_each_kind_are_taken() -> None:
    assert checked_config("http", {"url": "http://127.0.0.1:1/x"})["url"] == "http://127.0.0.1:1/x"
    assert checked_config("syslog", {"host": "127.0.0.1"})["port"] == 6514
    assert checked_config("s3", S3)["endpoint"] == "https://s3.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("carrier pigeon", {}),
        ("http", {}),
        ("http", {"url": "ftp://example.com"}),
        ("http", {"url": "https://user:pw@example.com"}),
        ("http", {"url": "https://example.com:99999"}),
        ("http", {"url": "https://example.com/\r\nHost: x"}),
        ("http", {"url": "http://127.0.0.1/"}),
        ("http", {"url": "http://169.254.169.254/latest/meta-data"}),
        ("http", {"url": "https://[::1]/"}),
        ("http", {"url": "https://example.com", "colour": "red"}),
        ("http", {"url": 5}),
        ("syslog", {"host": "localhost", "port": 514}),
        ("syslog", {"host": "10.0.0.1", "port": 0}),
        ("syslog", {"host": "10.0.0.1", "port": "514"}),
        ("s3", {**S3, "bucket": "../x"}),
        ("s3", {**S3, "prefix": "../x"}),
        ("s3", {**S3, "access_key_id": ""}),
        ("s3", {**S3, "region": "x.evil.example/"}),
        ("s3", {**S3, "endpoint": "http://127.0.0.1:9000"}),
    ],
)
def test_settings_that_lead_nowhere_or_inside_are_refused(
    kind: str, config: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument):
        checked_config(kind, config)
