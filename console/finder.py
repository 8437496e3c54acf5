"""What the command palette offers: pages, acts that the person may do, projects, indexes."""

from dataclasses import dataclass

from django.urls import reverse

from console.navigation import places, project_url, sections
from console.visit import Visit
from indexes.queries import find_indexes
from projects.queries import visible_projects

MAX_TEXT = 100
_SHOWN = 8
# Permission, label and page of what is done on the organization, and on the project that is open.
_ACTS = (
    ("project_create", "Create project", "project_new"),
    ("member_write", "Invite people", "invite_new"),
    ("service_account_write", "Create service account", "service_account_new"),
)
_PROJECT_ACTS = (
    ("index_create", "Create index", "index_new"),
    ("api_key_create", "Create API key", "key_new"),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place to go; `beside` tells it from namesakes."""

    label: str
    url: str
    icon: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    hits: list[Hit]


def find(visit: Visit, text: str) -> list[Group]:
    """Everything that fits, in the order in which it is shown; of nothing typed, what is near."""
    wanted = text.strip().casefold()[:MAX_TEXT]
    groups = [
        Group("Pages", _fitting(_pages(visit), wanted)),
        Group("Indexes", _indexes(visit, wanted) if wanted else []),
        Group("Organizations and projects", _fitting(_places(visit), wanted)),
        Group("Actions", _fitting(_acts(visit), wanted)),
    ]
    return [group for group in groups if group.hits]


def _fitting(hits: list[Hit], wanted: str) -> list[Hit]:
    """Those with every word that was typed, the ones that begin so first."""
    words = wanted.split()
    found = [one for one in hits if all(word in one.label.casefold() for word in words)]
    found.sort(key=lambda one: not one.label.casefold().startswith(wanted))
    return found[:_SHOWN] if wanted else found


def _pages(visit: Visit) -> list[Hit]:
    """Namesakes of a project and its organization are told apart."""
    return [
        Hit(item.label, item.url, item.icon, _whose(visit, section.title))
        for section in sections(visit)
        for item in section.items
        if not item.is_current
    ]


def _whose(visit: Visit, section: str) -> str:
    if visit.project is None or section == "Organization":
        return visit.organization.name
    return visit.project.name


def _places(visit: Visit) -> list[Hit]:
    return [
        Hit(one.label, one.url, "building" if one.is_organization else "folder")
        for one in places(visit)
        if not one.is_current
    ]


def _indexes(visit: Visit, wanted: str) -> list[Hit]:
    projects = visible_projects(visit.actor, visit.organization)
    return [
        Hit(one.name, _index_url(visit, one.project.slug, one.name), "database", one.project.name)
        for one in find_indexes(visit.actor, projects, text=wanted, limit=_SHOWN)
    ]


def _acts(visit: Visit) -> list[Hit]:
    found = [
        Hit(label, reverse(f"console:{page}", args=[visit.organization.slug]), "plus")
        for permission, label, page in _ACTS
        if visit.may_in_organization[permission].is_allowed
    ]
    if visit.project is None:
        return found
    here = [
        Hit(label, project_url(visit.organization, visit.project, page), "plus", visit.project.name)
        for permission, label, page in _PROJECT_ACTS
        if visit.may[permission].is_allowed
    ]
    return [*here, *found]


def _index_url(visit: Visit, project: str, name: str) -> str:
    return reverse("console:index", args=[visit.organization.slug, project, name])
