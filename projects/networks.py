"""Where a project may be reached from: networks for each plane, and its private endpoint."""

from collections.abc import Sequence
from dataclasses import replace

from access.actor import Actor
from access.decide import require
from access.network_policy import NetworkPolicy, PrivateEndpoint
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit.environment import environment
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.dataplane import announce_change
from orgs.network_checks import checked_networks, require_caller_stays
from orgs.plans import Feature
from orgs.verbs import verb
from projects.models import Project
from projects.projects import locked_project

_PLANES = {"data_plane": "data_plane_networks", "control_plane": "control_plane_networks"}


@verb(Action.PROJECT_NETWORKS_CHANGED)
def set_network_policy(
    actor: Actor,
    project: Project,
    *,
    data_plane: Sequence[str] | None = None,
    control_plane: Sequence[str] | None = None,
    private_endpoint: str | None = None,
    is_forced: bool = False,
) -> Project:
    """Change what is not None; an empty list lets everybody in. Index nodes follow within a second.

    Networks that would shut out the address that the actor calls from are refused, unless forced.
    """
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    found = locked_project(project.pk)
    previous = found.network_policy
    wanted = _wanted(previous, data_plane, control_plane, private_endpoint)
    _require_endpoint(found, previous, wanted)
    if not is_forced:
        for plane in _PLANES:
            if getattr(wanted, plane) != getattr(previous, plane):
                require_caller_stays(actor, getattr(wanted, plane), field=plane)
    if wanted == previous:
        return found
    _keep(found, wanted)
    record(
        actor,
        Action.PROJECT_NETWORKS_CHANGED,
        target=found.audit_target(),
        changed=shown(wanted),
        previous=shown(previous),
    )
    announce_change()
    return found


def shown(policy: NetworkPolicy) -> dict[str, list[str] | str]:
    """As replies and events have it."""
    return {
        "data_plane": [str(network) for network in policy.data_plane],
        "control_plane": [str(network) for network in policy.control_plane],
        "private_endpoint": str(policy.private_endpoint),
    }


def _wanted(
    previous: NetworkPolicy,
    data_plane: Sequence[str] | None,
    control_plane: Sequence[str] | None,
    private_endpoint: str | None,
) -> NetworkPolicy:
    wanted = previous
    if data_plane is not None:
        wanted = replace(wanted, data_plane=checked_networks(data_plane, field="data_plane"))
    if control_plane is not None:
        networks = checked_networks(control_plane, field="control_plane")
        wanted = replace(wanted, control_plane=networks)
    if private_endpoint is not None:
        wanted = replace(wanted, private_endpoint=_endpoint(private_endpoint))
    return wanted


def _endpoint(name: str) -> PrivateEndpoint:
    try:
        return PrivateEndpoint(name)
    except ValueError:
        raise InvalidArgument(
            f"private_endpoint is one of {', '.join(PrivateEndpoint)}.", field="private_endpoint"
        ) from None


def _require_endpoint(project: Project, previous: NetworkPolicy, wanted: NetworkPolicy) -> None:
    """A plan that has lost it may still turn it off, and keeps what was required until then."""
    is_same = wanted.private_endpoint is previous.private_endpoint
    if is_same or wanted.private_endpoint is PrivateEndpoint.OFF:
        return
    project.organization.require_feature(Feature.PRIVATE_ENDPOINTS)
    if not environment().private_bind_host:
        raise FailedPrecondition(
            "This installation has no private endpoint: whoever operates it opens one with "
            "STONEPINE_PRIVATE_BIND_HOST.",
            field="private_endpoint",
        )


def _keep(project: Project, policy: NetworkPolicy) -> None:
    for plane, column in _PLANES.items():
        setattr(project, column, [str(network) for network in getattr(policy, plane)])
    project.private_endpoint = str(policy.private_endpoint)
    project.save(update_fields=[*_PLANES.values(), "private_endpoint"])
