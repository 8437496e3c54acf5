"""Reading an identity provider's metadata: from a worker, and never from a request."""

from kit.destinations import Purpose
from kit.environment import environment
from kit.outbound import ExchangeFailed, exchange
from sso.metadata import MAX_BYTES

_TAKES_S = 10.0
_MAX_REDIRECTS = 3
_OK = 200


def fetch(url: str) -> bytes:
    """At most 1 MiB within ten seconds and three redirects. Raises `ExchangeFailed`, whose text is
    fit for the page of the connection."""
    answer = exchange(
        "GET", url, headers={}, allowed=environment().outbound_allowed(Purpose.SSO),
        timeout_s=_TAKES_S, max_bytes=MAX_BYTES, max_redirects=_MAX_REDIRECTS,
    )  # fmt: skip
    if answer.status != _OK:
        raise ExchangeFailed(f"The metadata's address answered {answer.status}.")
    if not answer.is_whole:
        raise ExchangeFailed("The metadata is larger than 1 MiB.")
    return answer.body
