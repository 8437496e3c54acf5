"""An event as exports and streams show it: Pinecone's JSON, with our own additions.

The two tables turn our names into Pinecone's words; what they do not name stays as we call it.
"""

from typing import Any

from audit.models import Event, Outcome

RESOURCE_TYPES = {
    "api_key": "api-key",
    "member": "user",
    "invitation": "user",
    "project_member": "user",
}
ACTIONS = {
    "accepted": "create",
    "added": "create",
    "configured": "update",
    "created": "create",
    "deleted": "delete",
    "removed": "delete",
    "renamed": "update",
    "revoked": "delete",
    "signed_in": "login",
    "updated": "update",
    "plan_changed": "update",
    "role_changed": "update",
}
_PRINCIPALS = {"session": "user"}


def to_json(event: Event) -> dict[str, Any]:
    """The event with its link, as JSON values."""
    noun, _, verb = event.action.partition(".")
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
            "action": ACTIONS.get(verb, verb),
            "resource_type": RESOURCE_TYPES.get(noun, noun),
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
