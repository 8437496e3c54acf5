"""Where an organization's people and service accounts have to come from."""

from collections.abc import Sequence

from access.actor import Actor
from access.decide import require
from access.permissions import CredentialKind, Permission
from audit.actions import Action
from audit.record import record
from orgs.locks import locked
from orgs.models import Organization
from orgs.network_checks import checked_networks, require_caller_stays
from orgs.verbs import verb

_LISTS = {"people": "people_networks", "service_accounts": "service_account_networks"}
_CALLERS = {
    CredentialKind.SESSION: "people", CredentialKind.SERVICE_ACCOUNT: "service_accounts",
}  # fmt: skip


@verb(Action.ORGANIZATION_NETWORKS_CHANGED)
def set_sign_in_networks(
    actor: Actor,
    organization: Organization,
    *,
    people: Sequence[str] | None = None,
    service_accounts: Sequence[str] | None = None,
    is_forced: bool = False,
) -> Organization:
    """Change what is not None; an empty list lets everybody in. It holds from the next request on.

    A list that would shut out whoever asks for it is refused, unless forced.
    """
    require(actor, Permission.ORGANIZATION_UPDATE, organization.scope)
    found = locked(organization.pk)
    previous = shown_networks(found)
    for name, texts in (("people", people), ("service_accounts", service_accounts)):
        if texts is None:
            continue
        networks = checked_networks(texts, field=name)
        is_own = _CALLERS.get(actor.kind) == name
        if is_own and not is_forced and [*map(str, networks)] != previous[name]:
            require_caller_stays(actor, networks, field=name)
        setattr(found, _LISTS[name], [str(network) for network in networks])
    wanted = shown_networks(found)
    if wanted == previous:
        return found
    found.save(update_fields=[*_LISTS.values()])
    record(
        actor,
        Action.ORGANIZATION_NETWORKS_CHANGED,
        target=found.audit_target(),
        changed=wanted,
        previous=previous,
    )
    return found


def shown_networks(organization: Organization) -> dict[str, list[str]]:
    """As replies and events have it."""
    return {name: list(getattr(organization, column)) for name, column in _LISTS.items()}
