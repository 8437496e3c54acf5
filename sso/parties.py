"""The two sides of a sign-on as values: what a connection knows when a response arrives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One of the service provider's key pairs, both in PEM."""

    private_key: str = field(repr=False)
    certificate: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One organization's connection to its identity provider.

    `certificates` (PEM) are those that may sign now: the active ones and the next. `key_pairs`
    may decrypt. `domains` are the organization's verified ones, in their ASCII form. An empty
    `email_attribute` means that the NameID is the address.
    """

    entity_id: str
    acs_url: str
    idp_entity_id: str
    idp_sso_url: str
    certificates: tuple[str, ...]
    domains: frozenset[str]
    key_pairs: tuple[KeyPair, ...] = ()
    email_attribute: str = "email"
    may_start_at_idp: bool = False
    must_encrypt: bool = False


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """The AuthnRequest that this browser was sent away with."""

    id: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was proven. `remember_until` is how long its id must be refused a second time;
    `session_until` is how long the provider wants a session to last at most; `authenticated_at` is
    when the person last proved themselves to it, None where it does not say."""

    id: str
    name_id: str
    name_id_format: str
    email: str
    session_index: str
    attributes: Mapping[str, tuple[str, ...]]
    issued_at: datetime
    remember_until: datetime
    in_response_to: str | None
    session_until: datetime | None = None
    authenticated_at: datetime | None = None
