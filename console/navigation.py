"""The sidebar and the switcher: only pages that exist, and only for those who may see them."""

from dataclasses import dataclass, replace

from django.urls import reverse

from console.auth import organizations_here
from console.visit import Visit
from orgs.models import Organization
from projects.models import Project
from projects.queries import visible_projects

# By the label of the item; within a project, its own pages come before the organization's.
_SHORTCUTS = {
    "Overview": "go",
    "Indexes": "gi",
    "Backups": "gb",
    "API keys": "gk",
    "Project members": "gm",
    "Members": "gm",
    "Audit log": "ga",
    "Usage": "gu",
    "Usage and billing": "gu",
    "Project settings": "gs",
    "Settings": "gs",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One link; `is_current` where the page is this one or lies below it, `keys` the letters that
    lead there one after the other."""

    label: str
    url: str
    icon: str
    is_current: bool
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    items: list[Item]
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An organization or project that the switcher leads to."""

    label: str
    url: str
    is_organization: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Crumb:
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """What pages apart from organizations belong to: what `layout/apart.html` shows."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A page or state beside others: what `components/tabs.html` shows."""

    label: str
    url: str
    is_current: bool
    count: int | None = None


def sections(visit: Visit) -> list[Section]:
    """The sidebar of this page, in order."""
    found = [Section("Main", _main_items(visit), is_main=True)]
    if visit.project is not None:
        found.append(Section("Project", _project_items(visit)))
    items = [
        *_up_from_project(visit),
        _organization_item(visit, "Members", "members", "users"),
        _organization_item(visit, "Roles", "roles", "shield-check"),
    ]
    if visit.may_in_organization["service_account_read"].is_allowed:
        label = "Service accounts"
        items.append(_organization_item(visit, label, "service_accounts", "terminal-2"))
    if visit.may_in_organization["sso_write"].is_allowed:
        items.append(_organization_item(visit, "Directory", "directory", "building"))
        items.append(_organization_item(visit, "Single sign-on", "sso", "lock"))
    if visit.may_in_organization["webhook_read"].is_allowed:
        items.append(_organization_item(visit, "Webhooks", "webhooks", "bolt"))
    if visit.may_in_organization["audit_read"].is_allowed:
        items.append(_organization_item(visit, "Audit log", "audit", "file-text"))
        items.append(_organization_item(visit, "Compliance", "compliance", "clipboard-check"))
    if visit.may_in_organization["billing_read"].is_allowed:
        items.append(_organization_item(visit, "Usage and billing", "billing", "activity"))
        items.append(_organization_item(visit, "Quotas", "quotas", "ruler-measure"))
    items.append(_organization_item(visit, "Settings", "settings", "settings"))
    found.append(Section("Organization", items))
    return _lettered(found)


def places(visit: Visit) -> list[Place]:
    """Every organization of the person; below the current one, its projects."""
    found: list[Place] = []
    known = organizations_here(visit.request, visit.user, visit.actor)
    if visit.is_support:
        known = [visit.organization]
    for organization in known:
        is_here = organization.pk == visit.organization.pk
        found.append(
            Place(
                organization.name,
                organization_url(organization),
                is_organization=True,
                is_current=is_here and visit.project is None,
            )
        )
        if is_here:
            found.extend(
                Place(
                    project.name,
                    project_url(organization, project),
                    is_organization=False,
                    is_current=project == visit.project,
                )
                for project in visible_projects(visit.actor, organization)
            )
    return found


def crumbs(visit: Visit, *trail: Crumb) -> list[Crumb]:
    """Organization, project, then the page's own trail."""
    found = [Crumb(visit.organization.name, organization_url(visit.organization))]
    if visit.project is not None:
        found.append(Crumb(visit.project.name, project_url(visit.organization, visit.project)))
    return [*found, *trail]


def organization_url(organization: Organization) -> str:
    return reverse("console:organization", args=[organization.slug])


def project_url(organization: Organization, project: Project, page: str = "project") -> str:
    return reverse(f"console:{page}", args=[organization.slug, project.slug])


def finder_url(visit: Visit) -> str:
    """Where the command palette asks: at the project, where there is one."""
    if visit.project is None:
        return reverse("console:find", args=[visit.organization.slug])
    return project_url(visit.organization, visit.project, "project_find")


def _main_items(visit: Visit) -> list[Item]:
    if visit.project is None:
        here = organization_url(visit.organization)
        return [
            Item("Overview", here, "layout-dashboard", visit.request.path == here),
            _organization_item(visit, "Projects", "projects", "folder"),
        ]
    items = [_item(visit, "Overview", "project", "layout-dashboard")]
    if visit.may["index_read"].is_allowed:
        items.append(_item(visit, "Indexes", "indexes", "database"))
        items.append(_item(visit, "Backups", "backups", "history"))
        items.append(_item(visit, "Collections", "collections", "box"))
        items.append(_item(visit, "Restore jobs", "restore_jobs", "refresh"))
        items.append(_item(visit, "Jobs", "jobs", "clock"))
    return items


def _project_items(visit: Visit) -> list[Item]:
    items = []
    if visit.may["api_key_read"].is_allowed:
        items.append(_item(visit, "API keys", "keys", "key"))
    if visit.may["project_member_read"].is_allowed:
        items.append(_item(visit, "Project members", "project_members", "users"))
    if visit.may["index_read"].is_allowed:
        items.append(_item(visit, "Usage", "project_usage", "activity"))
    if visit.may["encryption_key_read"].is_allowed:
        items.append(_item(visit, "Encryption keys", "encryption", "lock"))
    if visit.may["webhook_read"].is_allowed:
        items.append(_item(visit, "Project webhooks", "project_webhooks", "bolt"))
    return [*items, _item(visit, "Project settings", "project_settings", "settings")]


def _lettered(found: list[Section]) -> list[Section]:
    """Each pair of letters leads to one page: the first that has it."""
    taken: set[str] = set()

    def lettered(item: Item) -> Item:
        keys = _SHORTCUTS.get(item.label, "")
        if keys in taken:
            return item
        taken.add(keys)
        return replace(item, keys=keys)

    return [replace(one, items=[lettered(item) for item in one.items]) for one in found]


def _item(visit: Visit, label: str, page: str, icon: str) -> Item:
    url = project_url(visit.organization, visit.here, page)
    path = visit.request.path
    is_below = page != "project" and path.startswith(url + "/")
    return Item(label, url, icon, path == url or is_below)


def _organization_item(visit: Visit, label: str, page: str, icon: str) -> Item:
    url = reverse(f"console:{page}", args=[visit.organization.slug])
    path = visit.request.path
    return Item(label, url, icon, path == url or path.startswith(url + "/"))


def _up_from_project(visit: Visit) -> list[Item]:
    if visit.project is None:
        return []
    return [
        Item(
            "All projects",
            reverse("console:projects", args=[visit.organization.slug]),
            "building",
            is_current=False,
        )
    ]
