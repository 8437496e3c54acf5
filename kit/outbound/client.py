"""Our own HTTP calls: bounded in time, size and redirects, each hop checked anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urljoin, urlsplit

from kit.errors import InvalidArgument
from kit.outbound.addresses import Allowed
from kit.outbound.errors import ExchangeFailed
from kit.outbound.places import HTTPS, WEB, checked_url, place_of, target_of
from kit.outbound.proxies import proxy_for
from kit.outbound.wire import EXCHANGE_S, connected

MAX_ANSWER_BYTES = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
# What may go on to another host: nothing that says who we are.
_IMPERSONAL = frozenset({"accept", "user-agent"})


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name. A body that is not whole was longer than the limit."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    ca: str


@dataclass(frozen=True, slots=True)
class _Bounds:
    """`ends_at` is a moment of the monotonic clock."""

    allowed: Allowed
    needs_tls: bool
    ends_at: float
    max_bytes: int


def exchange(
    method: str,
    url: str,
    body: bytes = b"",
    *,
    headers: Mapping[str, str],
    allowed: Allowed,
    ca: str = "",
    needs_tls: bool = False,
    timeout_s: float = EXCHANGE_S,
    max_bytes: int = MAX_ANSWER_BYTES,
    max_redirects: int = 0,
) -> Answer:
    """A request and its answer, whatever its status. Raises `ExchangeFailed`.

    `ca` is PEM: whose certificates are trusted ("": the system's, or SSL_CERT_FILE).
    `timeout_s` is for the whole, redirects included; only GET and HEAD follow those.
    """
    request = _Request(method, url, body, headers, ca)
    bounds = _Bounds(allowed, needs_tls, monotonic() + timeout_s, max_bytes)
    for _ in range(max_redirects + 1):
        answer = _exchange_once(request, bounds)
        following = _redirected(request, answer) if max_redirects else None
        if following is None:
            return answer
        request = following
    raise ExchangeFailed(f"{urlsplit(request.url).hostname} redirects too often.")


def _exchange_once(request: _Request, bounds: _Bounds) -> Answer:
    if not request.url.isascii():
        raise ExchangeFailed("The address is not written in ASCII.")
    parts, place = urlsplit(request.url), place_of(request.url, ca=request.ca)
    left_s = bounds.ends_at - monotonic()
    if left_s <= 0:
        raise ExchangeFailed(f"{place.host} does not answer in time.")
    with connected(
        place, allowed=bounds.allowed, proxy=proxy_for(place), timeout_s=left_s,
        needs_tls=bounds.needs_tls,
    ) as wire:  # fmt: skip
        http = HTTPConnection(place.host, place.port)
        http.sock = wire
        try:
            sent = {"Host": parts.netloc, **request.headers}
            http.request(request.method, target_of(parts), request.body or None, sent)
            reply = http.getresponse()
            body = reply.read(bounds.max_bytes + 1)
            found = {name.lower(): value for name, value in reply.getheaders()}
        finally:
            http.close()
    is_whole = len(body) <= bounds.max_bytes
    return Answer(reply.status, body[: bounds.max_bytes], found, is_whole)


def _redirected(request: _Request, answer: Answer) -> _Request | None:
    """The request that the answer asks for, if any. Never from https to http."""
    location = answer.headers.get("location", "")
    if answer.status not in _MOVED or request.method not in _SAFE or not location:
        return None
    here = urlsplit(request.url)
    try:
        url = checked_url(
            urljoin(request.url, location), field="Location",
            schemes=HTTPS if here.scheme == "https" else WEB,
        )  # fmt: skip
    except (InvalidArgument, ValueError) as error:
        raise ExchangeFailed(f"{here.hostname} redirects to where nobody may follow.") from error
    if urlsplit(url)[:2] == here[:2]:
        return replace(request, url=url)
    kept = {name: text for name, text in request.headers.items() if name.lower() in _IMPERSONAL}
    return replace(request, url=url, headers=kept)
