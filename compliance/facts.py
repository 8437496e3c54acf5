"""What is so in an organization right now: the live facts that its evidence is made of."""

from dataclasses import dataclass, field
from datetime import datetime

from compliance.transport import Transport
from orgs.audit_log import ChainState
from orgs.models import Organization
from projects.access_review import HeldRole


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A project's keys: `versions` of its data key are there, the newest since `newest_since`.
    `own_key` is the kind of the customer's own key around them, empty for none; `own_key_failure`
    what its provider said last, `own_key_disabled_at` since when nothing can be opened."""

    project: str
    versions: int
    newest_since: datetime
    own_key: str = ""
    own_key_answered_at: datetime | None = None
    own_key_disabled_at: datetime | None = None
    own_key_failure: str = ""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """Of living indexes, and of all backups there are."""

    indexes: int = 0
    scheduled: int = 0
    ready: int = 0
    damaged: int = 0
    last_taken_at: datetime | None = None
    last_verified_at: datetime | None = None
    last_restored_at: datetime | None = None
    drill_passed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """`required_domains` have no way in but single sign-on; networks are empty where people may
    come from anywhere."""

    connection: str = ""
    verified_domains: list[str] = field(default_factory=list)
    required_domains: list[str] = field(default_factory=list)
    directory_decides: bool = False
    people_networks: list[str] = field(default_factory=list)
    service_account_networks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AuditFacts:
    chain: ChainState
    streams: int
    streams_paused: int
    stream_failures: list[str]


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept for how long, in words."""

    what: str
    kept: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of one moment."""

    organization: Organization
    collected_at: datetime
    held_roles: list[HeldRole]
    keys: list[KeyFact]
    backups: BackupFacts
    sign_in: SignInFacts
    audit: AuditFacts
    transport: Transport
    retention: list[Retention]
