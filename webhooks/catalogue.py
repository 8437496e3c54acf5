"""What a webhook may be told of: each type of event, its sentence, and where it happens.

Types that name an act are those of the audit log (`audit/actions.py`) and come from its rows; the
others are announced by the database when a state changes (`webhooks/occurrences.sql`), or by what
keeps watch (`notices/`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kit.errors import InvalidArgument

TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class EventType:
    """`is_of_project` where it happens in a project: webhooks of that project hear it too."""

    name: str
    sentence: str
    is_of_project: bool = True

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]


def _of_organization(name: str, sentence: str) -> EventType:
    return EventType(name, sentence, is_of_project=False)


CATALOGUE: tuple[EventType, ...] = (
    EventType("index.created", "An index was created"),
    EventType("index.ready", "An index is ready"),
    EventType("index.failed", "An index could not be created"),
    EventType("index.configured", "An index was configured"),
    EventType("index.restored", "An index is being restored"),
    EventType("index.deleted", "An index was deleted"),
    EventType("namespace.deleted", "A namespace was deleted"),
    EventType("namespace.emptied", "All records of a namespace were deleted"),
    EventType("backup.created", "A backup was requested"),
    EventType("backup.ready", "A backup is ready"),
    EventType("backup.failed", "A backup could not be taken"),
    EventType("backup.verified", "A backup was verified and is sound"),
    EventType("backup.damaged", "A backup was verified and is damaged"),
    EventType("backup.deleted", "A backup was deleted"),
    EventType("backup_schedule.created", "A backup schedule was created"),
    EventType("backup_schedule.updated", "A backup schedule was changed"),
    EventType("backup_schedule.deleted", "A backup schedule was deleted"),
    EventType("restore.completed", "A restored index is complete"),
    EventType("restore.failed", "A restore failed"),
    EventType("restore.cancelled", "A restore was cancelled"),
    EventType("import.started", "An import began"),
    EventType("import.completed", "An import is finished"),
    EventType("import.failed", "An import failed"),
    EventType("import.cancelled", "An import was cancelled"),
    EventType("collection.created", "A collection was created"),
    EventType("collection.deleted", "A collection was deleted"),
    EventType("api_key.created", "An API key was created"),
    EventType("api_key.rolled", "An API key was rolled"),
    EventType("api_key.updated", "An API key was changed"),
    EventType("api_key.disabled", "An API key was disabled"),
    EventType("api_key.enabled", "An API key was enabled"),
    EventType("api_key.revoked", "An API key was revoked"),
    EventType("api_key.expiring", "An API key expires within a week"),
    EventType("project.updated", "A project was changed"),
    EventType("project_member.added", "Somebody joined a project"),
    EventType("project_member.left", "Somebody left a project"),
    EventType("project_member.removed", "Somebody was removed from a project"),
    EventType("webhook.disabled", "A webhook was turned off"),
    _of_organization("project.created", "A project was created"),
    _of_organization("project.deleted", "A project was deleted"),
    _of_organization("member.added", "Somebody joined the organization"),
    _of_organization("member.left", "Somebody left the organization"),
    _of_organization("member.removed", "Somebody was removed from the organization"),
    _of_organization("member.roles_changed", "Somebody's roles were changed"),
    _of_organization("service_account.created", "A service account was created"),
    _of_organization("service_account.deleted", "A service account was deleted"),
    _of_organization("organization.plan_changed", "The plan was changed"),
    _of_organization("organization.caps_changed", "The caps were changed"),
    _of_organization("quota.near", "A quota is nearly used up"),
    _of_organization("sso.certificate_expiring", "A single sign-on certificate expires soon"),
)
_KNOWN = {one.name: one for one in CATALOGUE}


def offered(*, is_of_project: bool) -> list[EventType]:
    """What a webhook of a project, or of a whole organization, may choose from."""
    return [one for one in CATALOGUE if one.is_of_project or not is_of_project]


def checked_events(names: Iterable[str], *, is_of_project: bool) -> list[str]:
    """The types chosen, each once and in order of the catalogue. Raises `InvalidArgument`."""
    wanted: Sequence[str] = list(dict.fromkeys(names))
    known = {one.name for one in offered(is_of_project=is_of_project)}
    for name in wanted:
        if name in known:
            continue
        where = "happens in no project" if name in _KNOWN else "is not an event"
        raise InvalidArgument(f"{name[:80]} {where}.", field="events")
    if not wanted:
        raise InvalidArgument("Choose at least one event.", field="events")
    return [name for name in _KNOWN if name in wanted]
