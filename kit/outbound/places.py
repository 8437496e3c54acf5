"""Places: what somebody wrote down as the address of a service of theirs."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from kit.errors import InvalidArgument
from kit.outbound.addresses import Allowed, resolved
from kit.outbound.errors import AddressRefused, ExchangeFailed

MAX_URL = 2_048
HTTPS = frozenset({"https"})
WEB = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where, whether by TLS, and whose certificates are trusted (PEM; "": the system's)."""

    host: str
    port: int
    is_tls: bool = True
    ca: str = ""


def checked_url(
    text: str, *, field: str, schemes: Collection[str] = HTTPS, allowed: Allowed | None = None
) -> str:
    """A URL that `exchange` can go to, without user and fragment. Raises `InvalidArgument`.

    With `allowed` its host is looked up as well, and refused where it leads inside. A name that
    does not resolve yet is taken: whoever uses it is told then.
    """
    url = text.strip()
    if not url.isascii():
        raise InvalidArgument(
            f"{field} must be written in ASCII: the host as xn--…, the rest with %….", field=field
        )
    try:
        parts = urlsplit(url)
        place = place_of(url)
    except ValueError as error:
        raise InvalidArgument(f"{field} is no URL.", field=field) from error
    is_plain = len(url) <= MAX_URL and url.isprintable() and " " not in url
    if parts.scheme not in schemes or not place.host or not is_plain:
        raise InvalidArgument(f"{field} must begin with https:// and name a host.", field=field)
    if parts.username is not None or parts.fragment:
        raise InvalidArgument(f"{field} must hold neither a user nor a fragment.", field=field)
    if allowed is not None:
        require_reachable(place, field=field, allowed=allowed)
    return url


def require_reachable(place: Place, *, field: str, allowed: Allowed) -> None:
    """Refuses a host that leads inside; one that does not resolve yet is taken."""
    try:
        resolved(place.host, place.port, allowed=allowed)
    except AddressRefused as error:
        raise InvalidArgument(str(error), field=field) from error
    except ExchangeFailed:
        return


def place_of(url: str, *, ca: str = "") -> Place:
    """Of an http:// or https:// URL. Raises `ValueError` where its port is none."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    return Place(parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls, ca)


def target_of(parts: SplitResult) -> str:
    """What stands in the request's first line."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
