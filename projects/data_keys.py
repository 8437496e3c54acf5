"""Rotating a project's data key: a new version seals what is written, the earlier ones end once
nothing is sealed under them.

What lies between is `indexes/deployment/rekeying.py`, which seals everything anew.
"""

from django.db.models import Count

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from keyring.data_keys import new_data_key
from kit.errors import FailedPrecondition
from orgs.dataplane import announce_change
from orgs.secrets import installation_keyring
from orgs.verbs import verb
from projects.models import DataKey, Project
from projects.projects import locked_project

_MOST_LIVING = 8


@verb(Action.DATA_KEY_ROTATED)
def rotate_data_key(actor: Actor, project: Project) -> int:
    """Make a new version, which seals everything from now on; gives its number.

    Nodes take it within about a second. Refuses while many earlier rotations have not ended.
    """
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    versions = sorted(found.data_keys.values_list("version", flat=True))
    if len(versions) >= _MOST_LIVING:
        raise FailedPrecondition(
            f"{_MOST_LIVING} versions of this data key live already: let the earlier rotations end "
            "first. `stonepine keys inventory` shows how far they are."
        )
    provider = installation_keyring()
    key, wrapped = new_data_key(provider, found.pk, versions[-1] + 1)
    DataKey.objects.create(
        organization_id=found.organization_id,
        project=found,
        version=key.version,
        wrapped=wrapped,
        provider=provider.name,
    )
    target = found.audit_target()
    record(actor, Action.DATA_KEY_ROTATED, target=target, version=str(key.version))
    announce_change()
    return key.version


@verb(Action.DATA_KEY_RETIRED)
def retire_data_keys(actor: Actor, project: Project) -> list[int]:
    """Destroy all versions but the newest; which. Only for who has seen that nothing is left
    under them: see `indexes.deployment.rekeying`."""
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    versions = sorted(found.data_keys.values_list("version", flat=True))
    old = versions[:-1]
    if not old:
        return []
    found.data_keys.filter(version__in=old).delete()
    told = ", ".join(map(str, old))
    record(actor, Action.DATA_KEY_RETIRED, target=found.audit_target(), version=told)
    return old


def being_rotated() -> list[Project]:
    """Projects with more than one version of their data key. Crosses tenants."""
    rows = Project.objects.using("system").annotate(versions=Count("data_keys"))
    return list(rows.filter(versions__gt=1).select_related("organization").order_by("pk"))
