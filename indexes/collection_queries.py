"""Reads of collections."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.backup_models import Backup
from kit.errors import NotFound
from orgs.tenancy import tenant
from projects.models import Project


def visible_collections(actor: Actor, project: Project) -> list[Backup]:
    """The project's by name; those of indexes beyond reach are not listed."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        rows = Backup.objects.filter(project=project).exclude(collection_name="")
        found = list(rows.select_related("organization").order_by("collection_name"))
    return [one for one in found if actor.reach.has_index(one.source_index_id)]


def get_collection(actor: Actor, project: Project, name: str) -> Backup:
    """By name, within one project: what lies elsewhere or beyond reach is not found."""
    for one in visible_collections(actor, project):
        if one.collection_name == name:
            return one
    raise NotFound(f"Resource {name[:80]} not found")
