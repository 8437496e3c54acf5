"""One small request to a key provider, and its answer as JSON."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from kit.errors import DataLoss, Unavailable
from kit.outbound import Allowed, ExchangeFailed, exchange

# From the connection to the end of the answer: what waits for a key waits so long at most.
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    document: dict[str, Any]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to a provider. Private addresses are reached where they are `allowed` alone, and
    without TLS nothing else is; `ca` is trusted in place of the system's ("": the system's)."""

    allowed: Allowed = ()
    ca: str = field(default="", repr=False)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Raises `Unavailable` where no answer came that could be read."""
        try:
            answer = exchange(
                "POST", url, body, headers={"User-Agent": "Stonepine", **headers},
                allowed=self.allowed, ca=self.ca, timeout_s=TIMEOUT_S, needs_tls=True,
            )  # fmt: skip
        except ExchangeFailed as error:
            raise Unavailable(
                f"The key provider cannot be asked: {error}", retry_after_s=5
            ) from error
        return Reply(answer.status, _document(answer.body))

    def post_json(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        encoded = json.dumps(body).encode()
        return self.post(url, encoded, {"Content-Type": "application/json", **headers})


def decoded(document: dict[str, Any], name: str) -> bytes:
    """The bytes of a base64 field. Raises `DataLoss` for one that is none."""
    try:
        return base64.b64decode(str(document[name]), validate=True)
    except (KeyError, binascii.Error):
        raise DataLoss("The key provider's answer cannot be read.") from None


def unavailable(host: str, reply: Reply) -> Unavailable:
    """For an answer that says nothing about the key."""
    return Unavailable(f"The key provider {host} answered {reply.status}.", retry_after_s=5)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
