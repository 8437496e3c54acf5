"""Single logout, both directions: whose session ends, and proof of who says so (sans-IO).

SAML 2.0 core, section 3.7. Signatures are mandatory; the caller refuses ids it has seen before and
ends only the sessions that NameID and SessionIndex name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lxml import etree

from kit.ids import new_id
from sso.bindings import inflated, verified_query
from sso.errors import Fault, SignOnRefused
from sso.markup import PREFIXES, PROTOCOL, SAML, Element, children, decoded, parsed, text_of
from sso.parties import Connection
from sso.signatures import require_logout_signature
from sso.times import MAX_AGE, SKEW, require_not_over, require_recent

_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """The identity provider's wish; without session indexes it means all of the person's."""

    id: str
    name_id: str
    session_indexes: tuple[str, ...]
    remember_until: datetime


@dataclass(frozen=True, slots=True)
class LogoutUrls:
    """Ours, which messages must be addressed to, and theirs, which ours go to."""

    own: str
    theirs: str


def read_redirected_request(
    raw_query: str, connection: Connection, urls: LogoutUrls, *, now: datetime
) -> LogoutRequest:
    """A LogoutRequest by HTTP-Redirect. Raises `SignOnRefused`, and nothing else."""

    def read() -> LogoutRequest:
        value = verified_query(raw_query, "SAMLRequest", connection.certificates)
        return _request(parsed(inflated(value)), connection, urls, now=now)

    return _or_refused(read)


def read_posted_request(
    encoded: str, connection: Connection, urls: LogoutUrls, *, now: datetime
) -> LogoutRequest:
    """A LogoutRequest by HTTP-POST, signed inside."""

    def read() -> LogoutRequest:
        root = parsed(decoded(encoded))
        require_logout_signature(root, connection.certificates)
        return _request(root, connection, urls, now=now)

    return _or_refused(read)


def read_redirected_response(
    raw_query: str, connection: Connection, urls: LogoutUrls, *, expected_id: str, now: datetime
) -> None:
    """The answer to our own LogoutRequest `expected_id`; raises where it is none."""

    def read() -> None:
        value = verified_query(raw_query, "SAMLResponse", connection.certificates)
        root = parsed(inflated(value))
        _require_frame(root, "LogoutResponse", connection, urls, now=now)
        if root.get("InResponseTo") != expected_id:
            raise SignOnRefused(Fault.REQUEST_MISMATCH, "This answers no logout of this browser.")
        codes = children(root, "samlp:Status", "samlp:StatusCode")
        if len(codes) != 1 or codes[0].get("Value") != _SUCCESS:
            raise SignOnRefused(Fault.STATUS, "The identity provider did not end its session.")

    _or_refused(read)


def logout_request(
    connection: Connection, urls: LogoutUrls, *, name_id: str, session_index: str, now: datetime
) -> tuple[str, bytes]:
    """Our wish, and the id that its answer must name."""
    root = _frame("LogoutRequest", connection, urls, now=now)
    etree.SubElement(root, f"{{{SAML}}}NameID").text = name_id
    if session_index:
        etree.SubElement(root, f"{{{PROTOCOL}}}SessionIndex").text = session_index
    return root.get("ID"), etree.tostring(root)


def logout_response(
    connection: Connection, urls: LogoutUrls, *, answers: str, now: datetime
) -> bytes:
    """Our answer: the session is ended."""
    root = _frame("LogoutResponse", connection, urls, now=now)
    root.set("InResponseTo", answers)
    status = etree.SubElement(root, f"{{{PROTOCOL}}}Status")
    etree.SubElement(status, f"{{{PROTOCOL}}}StatusCode").set("Value", _SUCCESS)
    return bytes(etree.tostring(root))


def _request(
    root: Element, connection: Connection, urls: LogoutUrls, now: datetime
) -> LogoutRequest:
    issued_at = _require_frame(root, "LogoutRequest", connection, urls, now=now)
    if root.get("NotOnOrAfter") is not None:
        require_not_over(root.get("NotOnOrAfter"), now=now)
    names = children(root, "saml:NameID")
    if len(names) != 1 or not text_of(names[0]).strip():
        raise SignOnRefused(Fault.NAME_ID, "The message must name one subject by one NameID.")
    return LogoutRequest(
        id=root.get("ID"),
        name_id=text_of(names[0]),
        session_indexes=tuple(text_of(one) for one in children(root, "samlp:SessionIndex")),
        remember_until=issued_at + MAX_AGE + 2 * SKEW,
    )


def _require_frame(
    root: Element, name: str, connection: Connection, urls: LogoutUrls, *, now: datetime
) -> datetime:
    if root.tag != f"{{{PROTOCOL}}}{name}":
        raise SignOnRefused(Fault.NOT_A_RESPONSE, f"The message is not a {name}.")
    if root.get("Version") != "2.0" or not root.get("ID"):
        raise SignOnRefused(Fault.VERSION, "The message is not a SAML 2.0 one with an ID.")
    if root.get("Destination") != urls.own:
        raise SignOnRefused(Fault.DESTINATION, f"The message is not addressed to {urls.own}.")
    issuers = children(root, "saml:Issuer")
    if len(issuers) != 1 or text_of(issuers[0]) != connection.idp_entity_id:
        raise SignOnRefused(Fault.ISSUER, f"The issuer is not {connection.idp_entity_id}.")
    return require_recent(root.get("IssueInstant"), now=now)


def _frame(name: str, connection: Connection, urls: LogoutUrls, now: datetime) -> Element:
    kept = {prefix: PREFIXES[prefix] for prefix in ("samlp", "saml")}
    root = etree.Element(f"{{{PROTOCOL}}}{name}", nsmap=kept)
    # An NCName may not begin with a digit.
    root.set("ID", f"_{new_id().hex}")
    root.set("Version", "2.0")
    root.set("IssueInstant", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    root.set("Destination", urls.theirs)
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = connection.entity_id
    return root


def _or_refused(read: Callable[[], T]) -> T:
    try:
        return read()
    except SignOnRefused:
        raise
    except Exception as error:  # whatever a parser trips over is refused like anything else
        raise SignOnRefused(Fault.LIBRARY, "The message cannot be processed.") from error
