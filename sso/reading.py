"""What one signed assertion says, and every rule it has to keep; exact equality throughout."""

from datetime import datetime

from accounts.addresses import is_address, normalized_email
from sso.addresses import domain_of
from sso.errors import Fault, SignOnRefused
from sso.markup import SAML, Element, children, text_of
from sso.parties import Assertion, Connection, PendingRequest
from sso.times import MAX_AGE, SKEW, instant, require_not_over, require_recent, require_started

_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_CONDITIONS = {
    f"{{{SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
}
_MAX_NAME_ID = 1024


def read_assertion(
    assertion: Element, connection: Connection, *, expected: PendingRequest | None, now: datetime
) -> Assertion:
    """The caller has checked that this element is signed. Raises `SignOnRefused`."""
    if assertion.get("Version") != "2.0" or not assertion.get("ID"):
        raise SignOnRefused(Fault.VERSION, "The assertion is not a SAML 2.0 one with an ID.")
    _require_issuer(assertion, connection)
    issued_at = require_recent(assertion.get("IssueInstant"), now=now)
    name_id = _name_id(assertion)
    _require_confirmation(assertion, connection, expected, now)
    _require_conditions(assertion, connection, now)
    statement = _authentication(assertion, now)
    attributes = _attributes(assertion)
    return Assertion(
        id=assertion.get("ID"),
        name_id=text_of(name_id),
        name_id_format=name_id.get("Format") or "",
        email=_email(text_of(name_id), attributes, connection),
        session_index=statement.get("SessionIndex") or "",
        attributes=attributes,
        issued_at=issued_at,
        # From then on its age alone refuses it.
        remember_until=issued_at + MAX_AGE + 2 * SKEW,
        in_response_to=None if expected is None else expected.id,
        session_until=_session_end(statement),
        authenticated_at=_authenticated_at(statement),
    )


def _require_issuer(assertion: Element, connection: Connection) -> None:
    issuers = children(assertion, "saml:Issuer")
    if len(issuers) != 1 or text_of(issuers[0]) != connection.idp_entity_id:
        raise SignOnRefused(Fault.ISSUER, f"The issuer is not {connection.idp_entity_id}.")


def _name_id(assertion: Element) -> Element:
    if children(assertion, "saml:Subject", "saml:EncryptedID"):
        raise SignOnRefused(
            Fault.ENCRYPTED_IDENTIFIER,
            "Encrypted NameIDs are not supported: encrypt the assertion.",
        )
    found = children(assertion, "saml:Subject", "saml:NameID")
    subjects = children(assertion, "saml:Subject")
    if len(subjects) != 1 or len(found) != 1 or not text_of(found[0]).strip():
        raise SignOnRefused(Fault.NAME_ID, "The assertion must name one subject by one NameID.")
    if len(text_of(found[0])) > _MAX_NAME_ID:
        raise SignOnRefused(Fault.NAME_ID, "The NameID is too long.")
    return found[0]


def _require_confirmation(
    assertion: Element, connection: Connection, expected: PendingRequest | None, now: datetime
) -> None:
    """One bearer confirmation, and it is for us, for now and for this browser's request."""
    bearers = [
        one
        for one in children(assertion, "saml:Subject", "saml:SubjectConfirmation")
        if one.get("Method") == _BEARER
    ]
    if len(bearers) != 1:
        raise SignOnRefused(Fault.CONFIRMATION, "The subject must have one bearer confirmation.")
    found = children(bearers[0], "saml:SubjectConfirmationData")
    if len(found) != 1 or found[0].get("NotBefore") is not None:
        raise SignOnRefused(Fault.CONFIRMATION, "The confirmation must carry its data, no more.")
    (data,) = found
    if data.get("Recipient") != connection.acs_url:
        raise SignOnRefused(Fault.RECIPIENT, f"The recipient is not {connection.acs_url}.")
    require_not_over(data.get("NotOnOrAfter"), now=now)
    if data.get("InResponseTo") != (None if expected is None else expected.id):
        raise SignOnRefused(
            Fault.REQUEST_MISMATCH, "The assertion does not answer the request of this browser."
        )


def _require_conditions(assertion: Element, connection: Connection, now: datetime) -> None:
    found = children(assertion, "saml:Conditions")
    if len(found) != 1:
        raise SignOnRefused(Fault.CONDITIONS_MISSING, "The assertion must state its conditions.")
    (conditions,) = found
    if any(child.tag not in _CONDITIONS for child in conditions):
        raise SignOnRefused(Fault.CONDITION_UNKNOWN, "A condition of the assertion is not known.")
    require_started(conditions.get("NotBefore"), now=now)
    if conditions.get("NotOnOrAfter") is not None:
        require_not_over(conditions.get("NotOnOrAfter"), now=now)
    restrictions = children(conditions, "saml:AudienceRestriction")
    for restriction in restrictions:
        audiences = [text_of(one) for one in children(restriction, "saml:Audience")]
        if connection.entity_id not in audiences:
            raise _wrong_audience(connection)
    if not restrictions:
        raise _wrong_audience(connection)


def _wrong_audience(connection: Connection) -> SignOnRefused:
    return SignOnRefused(
        Fault.AUDIENCE, f"The assertion is not for the audience {connection.entity_id}."
    )


def _authentication(assertion: Element, now: datetime) -> Element:
    found = children(assertion, "saml:AuthnStatement")
    if len(found) != 1:
        raise SignOnRefused(
            Fault.AUTHENTICATION_STATEMENT, "The assertion must state one authentication."
        )
    if found[0].get("SessionNotOnOrAfter") is not None:
        require_not_over(found[0].get("SessionNotOnOrAfter"), now=now)
    return found[0]


def _session_end(statement: Element) -> datetime | None:
    until = statement.get("SessionNotOnOrAfter")
    return None if until is None else instant(until, fault=Fault.EXPIRED)


def _authenticated_at(statement: Element) -> datetime | None:
    """However long ago: the provider has sessions of its own. Nobody is refused for it."""
    try:
        return instant(statement.get("AuthnInstant"), fault=Fault.AUTHENTICATION_STATEMENT)
    except SignOnRefused:
        return None


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in children(assertion, "saml:AttributeStatement", "saml:Attribute"):
        name = attribute.get("Name") or ""
        if name in found:
            raise SignOnRefused(
                Fault.ATTRIBUTE_REPEATED, f"The attribute {name[:120]!r} comes more than once."
            )
        values = (text_of(value).strip() for value in children(attribute, "saml:AttributeValue"))
        found[name] = tuple(value for value in values if value)
    return found


def _email(name_id: str, attributes: dict[str, tuple[str, ...]], connection: Connection) -> str:
    """The one address, of a domain that this very organization has proven to own."""
    named = attributes.get(connection.email_attribute, ()) if connection.email_attribute else ()
    values = named or ((name_id.strip(),) if "@" in name_id else ())
    if len(values) != 1:
        raise SignOnRefused(
            Fault.ADDRESS_MALFORMED,
            f"The attribute {connection.email_attribute or 'NameID'!r} must hold one address.",
        )
    if domain_of(values[0]) not in connection.domains:
        raise SignOnRefused(
            Fault.FOREIGN_DOMAIN,
            f"The domain of {values[0][:254]} is not one that the organization has verified.",
        )
    if not is_address(values[0]):
        raise SignOnRefused(
            Fault.ADDRESS_MALFORMED,
            f"{values[0][:254]} is of the domain, and no address that an account here can have.",
        )
    return normalized_email(values[0])
