"""The one question "may this principal do that here, and by which role", for every face."""

from access.actor import Actor
from access.decide import decide
from access.explain import Explanation, Identity, Place, explain
from access.keys import SecretKind
from access.network_policy import PrivateEndpoint
from access.permissions import Permission
from kit.errors import NotFound
from orgs.identities import find_identity, require_may_ask, uuid_of
from orgs.models import Organization
from orgs.queries import readable_organization
from orgs.tenancy import tenant
from projects.key_actors import key_actor, key_obstacles
from projects.models import ApiKey, Project
from projects.queries import get_project_by_id

_KEY_PREFIX = f"{SecretKind.API_KEY}_"


def explain_access(
    asker: Actor, organization: Organization, *, who: str, permission: Permission, place: Place
) -> Explanation:
    """`who` is a person's e-mail address, a service account's client id, an API key's id or public
    id, or the id of any of them.

    Whoever may read the members may ask, about what they may see besides: `NotFound` for other
    principals and places. An invitation is no principal: it cannot act.
    """
    organization = readable_organization(asker, organization)
    scope = place.scope
    if scope.organization_id != organization.pk:
        raise NotFound("The place lies in another organization.")
    if scope.project_id is not None:
        get_project_by_id(asker, organization, scope.project_id)
    identity = _identity(asker, organization, who.strip())
    if identity is None:
        # What was asked for is not repeated: somebody may have pasted a whole secret.
        raise NotFound(
            "Nobody of this organization goes by that: give an e-mail address, a client id, "
            "or an API key's id or public id."
        )
    require_may_ask(asker, identity, scope)
    return explain(identity, permission, place)


def place_of(organization: Organization, project: Project | None = None) -> Place:
    """The organization or one project of it."""
    if project is None:
        return Place(organization.scope, f"the organization {organization.name}")
    return Place(project.scope, f"the project {project.name}")


def _identity(asker: Actor, organization: Organization, reference: str) -> Identity | None:
    if not reference.isprintable():
        return None
    return find_identity(asker, organization, reference) or _key(asker, organization, reference)


def _key(asker: Actor, organization: Organization, reference: str) -> Identity | None:
    """Also of a key that is revoked: its row tells that it is."""
    row_id = uuid_of(reference)
    # A public id as it is, as the start of a key, or as lists show it.
    public_id = reference.removeprefix(_KEY_PREFIX).partition("_")[0]
    with tenant(organization.pk):
        rows = ApiKey.objects.filter(organization=organization)
        rows = rows.filter(pk=row_id) if row_id else rows.filter(public_id=public_id)
        key = rows.select_related("project__organization").first()
        if key is None or not decide(asker, Permission.API_KEY_READ, key.scope).is_allowed:
            return None
        return Identity(key_actor(key, using="default"), key_obstacles(key), _conditions(key))


def _conditions(key: ApiKey) -> tuple[str, ...]:
    """Where it has to come from: by its own networks and by those of its project."""
    project = key.project
    lists = {
        "from": key.networks,
        "on the data plane from": project.data_plane_networks,
        "on the control plane from": project.control_plane_networks,
    }
    found = [f"{where} {', '.join(networks)}" for where, networks in lists.items() if networks]
    if project.private_endpoint == PrivateEndpoint.REQUIRED:
        found.append("on the data plane through the private endpoint")
    return tuple(found)
