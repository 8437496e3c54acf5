"""An event as exports and streams show it: Pinecone's JSON, with our own additions.

The tables turn our names into Pinecone's words; what they do not name stays as we call it.
"""

from typing import Any

from audit.models import Event, Outcome

RESOURCE_TYPES = {"api_key": "api-key", "member": "user", "project_member": "user"}
ACTIONS = {
    "accepted": "create",
    "added": "create",
    "created": "create",
    "issued": "create",
    "signed_up": "create",
    "deleted": "delete",
    "removed": "delete",
    "revoked": "delete",
    "signed_in": "login",
    "configured": "update",
    "deactivated": "update",
    "disabled": "update",
    "enabled": "update",
    "reactivated": "update",
    "records_deleted": "delete",
    "records_updated": "update",
    "records_upserted": "create",
    "renamed": "update",
    "rolled": "update",
    "updated": "update",
}
# Whatever of something was changed, added to it or taken from it is an update of it.
_UPDATES = ("_changed", "_added", "_removed", "_revoked", "_rotated", "_set", "_reset", "_renewed")
_PRINCIPALS = {"session": "user"}


def pinecones_words(name: str) -> tuple[str, str]:
    """Action and resource type for one of our names, such as `api_key.revoked`."""
    noun, _, verb = name.partition(".")
    if verb.endswith(_UPDATES) or verb == "changed":
        return "update", RESOURCE_TYPES.get(noun, noun)
    return ACTIONS.get(verb, verb), RESOURCE_TYPES.get(noun, noun)


def to_json(event: Event) -> dict[str, Any]:
    """The event with its link, as JSON values."""
    action, resource_type = pinecones_words(event.action)
    return {
        "id": str(event.pk),
        "organization_id": str(event.organization_id) if event.organization_id else None,
        "organization_name": event.organization_name,
        "client": {"userAgent": event.user_agent, "ip": event.ip},
        "actor": {
            "principal_id": str(event.actor_id) if event.actor_id else None,
            "principal_name": event.actor_name,
            "principal_type": _PRINCIPALS.get(event.actor_kind, event.actor_kind),
            "display_name": event.actor_name,
        },
        "event": {
            "time": event.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "action": action,
            "resource_type": resource_type,
            "resource_id": event.target_id,
            "resource_name": event.target_name,
            "outcome": {
                "result": "success" if event.outcome == Outcome.SUCCESS else "failure",
                "reason": event.reason,
                "error_code": event.error_code,
            },
            "parameters": event.parameters,
        },
        "name": event.action,
        "outcome": event.outcome,
        "project_id": str(event.project_id) if event.project_id else None,
        "request_id": event.request_id,
        "source": event.source,
        "sequence": event.link.sequence,
        "previous_hash": bytes(event.link.previous_hash).hex(),
        "hash": bytes(event.link.hash).hex(),
    }
