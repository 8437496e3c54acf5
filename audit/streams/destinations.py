"""What a stream's settings mean: checked when they are stored, sent to when there are events."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import obstore
from obstore.store import S3Store

from audit.export import json_line
from audit.streams import syslog
from kit import clock
from kit.destinations import Purpose
from kit.environment import environment
from kit.errors import InvalidArgument
from kit.outbound import (
    WEB,
    Allowed,
    ExchangeFailed,
    Place,
    checked_url,
    exchange,
    require_reachable,
)

SENDING_S = 15.0
TEST_OBJECT = "audit-log-access-test"
_USER_AGENT = "Stonepine-Audit-Stream/1"
_SIGNED_FOR = timedelta(minutes=5)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_=+-][A-Za-z0-9_.=+-]*/?){0,20}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in the shape of `audit.shape`; `id` stays the same when the batch is sent again."""

    id: UUID
    organization_id: UUID
    stream_id: UUID
    events: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A stream's settings, and its secret in clear (in memory only)."""

    kind: str
    config: dict[str, Any]
    secret: str


def send(receiver: Receiver, batch: Batch) -> None:
    """Returns when the receiver has taken the batch. Raises `ExchangeFailed`."""
    _SENDERS[receiver.kind](receiver, batch)


def checked_config(kind: str, given: dict[str, Any]) -> dict[str, str | int | bool]:
    """The settings of that kind, and nothing else. Raises `InvalidArgument`."""
    check = _CHECKS.get(kind)
    if check is None:
        raise InvalidArgument(f"A stream's kind is one of {', '.join(_CHECKS)}.", field="kind")
    unknown = set(given) - _FIELDS[kind]
    if unknown:
        raise InvalidArgument(f"A stream of kind {kind} has no {', '.join(sorted(unknown))}.")
    return check(given)


def _send_http(receiver: Receiver, batch: Batch) -> None:
    body = json.dumps(
        {
            "batch_id": str(batch.id),
            "organization_id": str(batch.organization_id),
            "stream_id": str(batch.stream_id),
            "events": batch.events,
        },
        ensure_ascii=False,
    ).encode()
    sent_at = str(int(clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "Stonepine-Batch-Id": str(batch.id),
        "Stonepine-Timestamp": sent_at,
        "Stonepine-Signature": "v1=" + signature(receiver.secret, sent_at, body),
    }
    config = receiver.config
    _send("POST", config["url"], body, headers, ca=config.get("ca", ""))


def signature(secret: str, sent_at: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of `<timestamp>.<body>`: how a receiver knows who sent it, and when."""
    return hmac.new(secret.encode(), sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _send_syslog(receiver: Receiver, batch: Batch) -> None:
    config = receiver.config
    place = Place(config["host"], config["port"], config["tls"], config.get("ca", ""))
    syslog.send(place, batch.events, timeout_s=SENDING_S)


def _send_object(receiver: Receiver, batch: Batch) -> None:
    if not batch.events:
        _put(receiver, TEST_OBJECT, f"{clock.now():%Y-%m-%dT%H:%M:%SZ}\n".encode())
        return
    first, last = batch.events[0]["sequence"], batch.events[-1]["sequence"]
    day = batch.events[0]["event"]["time"][:10].replace("-", "/")
    name = f"{batch.organization_id}/{day}/{first:012d}-{last:012d}-{batch.id}.jsonl"
    _put(receiver, name, b"".join(map(json_line, batch.events)))


def _put(receiver: Receiver, name: str, content: bytes) -> None:
    """obstore signs, our own guarded connection sends: its client would follow redirects."""
    config = receiver.config
    prefix = config.get("prefix", "").strip("/")
    store = S3Store(
        config["bucket"],
        config={
            "region": config["region"],
            "endpoint": config["endpoint"],
            "access_key_id": config["access_key_id"],
            "secret_access_key": receiver.secret,
            "virtual_hosted_style_request": False,
        },
        client_options={"allow_http": True},
    )
    path = f"{prefix}/{name}" if prefix else name
    url = obstore.sign(store, "PUT", path, _SIGNED_FOR)
    _send("PUT", url, content, {"User-Agent": _USER_AGENT})


def _send(method: str, url: str, body: bytes, headers: dict[str, str], *, ca: str = "") -> None:
    """Redirects are not followed; of the answer only the status counts."""
    answer = exchange(
        method, url, body, headers=headers, allowed=_allowed(), ca=ca, timeout_s=SENDING_S
    )
    if not answer.is_success:
        raise ExchangeFailed(f"The receiver answered {answer.status}.")


def _allowed() -> Allowed:
    return environment().outbound_allowed(Purpose.AUDIT)


def _check_http(given: dict[str, Any]) -> dict[str, str | int | bool]:
    return {"url": _checked_url(given, "url"), "ca": _text(given, "ca", limit=20_000)}


def _check_syslog(given: dict[str, Any]) -> dict[str, str | int | bool]:
    host, port = _text(given, "host", limit=253), given.get("port", 6514)
    if not host or not isinstance(port, int) or not 1 <= port <= 65_535:
        raise InvalidArgument("A syslog stream needs a host, and a port from 1 to 65535.")
    require_reachable(Place(host, port), field="host", allowed=_allowed())
    is_tls = given.get("tls", True) is not False
    return {"host": host, "port": port, "tls": is_tls, "ca": _text(given, "ca", limit=20_000)}


def _check_object(given: dict[str, Any]) -> dict[str, str | int | bool]:
    region = _text(given, "region", limit=40) or "us-east-1"
    bucket, prefix = _text(given, "bucket", limit=63), _text(given, "prefix", limit=200)
    key_id = _text(given, "access_key_id", limit=128)
    if not _BUCKET.fullmatch(bucket) or not _REGION.fullmatch(region):
        raise InvalidArgument("A stream to S3 needs a bucket and its region.", field="bucket")
    if not _PREFIX.fullmatch(prefix):
        raise InvalidArgument("prefix is a path of plain letters, digits and -_.=+.")
    if not key_id:
        # Without one the library would look for the operator's own in the environment.
        raise InvalidArgument("A stream to S3 needs an access_key_id.", field="access_key_id")
    endpoint = f"https://s3.{region}.amazonaws.com"
    if given.get("endpoint"):
        endpoint = _checked_url(given, "endpoint")
    return {
        "bucket": bucket, "prefix": prefix, "region": region, "endpoint": endpoint,
        "access_key_id": key_id,
    }  # fmt: skip


def _checked_url(given: dict[str, Any], name: str) -> str:
    text = _text(given, name, limit=2_000)
    return checked_url(text, field=name, schemes=WEB, allowed=_allowed())


def _text(given: dict[str, Any], name: str, *, limit: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidArgument(f"{name} is a text of at most {limit} characters.", field=name)
    return value.strip()


_SENDERS: dict[str, Callable[[Receiver, Batch], None]] = {
    "http": _send_http,
    "syslog": _send_syslog,
    "s3": _send_object,
}
_CHECKS: dict[str, Callable[[dict[str, Any]], dict[str, str | int | bool]]] = {
    "http": _check_http,
    "syslog": _check_syslog,
    "s3": _check_object,
}
_FIELDS = {
    "http": {"url", "ca"},
    "syslog": {"host", "port", "tls", "ca"},
    "s3": {"bucket", "prefix", "region", "endpoint", "access_key_id"},
}
