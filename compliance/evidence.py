"""Handing the evidence of an organization out: one document, and an event that says so."""

from dataclasses import asdict
from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from compliance.controls import controls
from compliance.facts import Facts
from compliance.queries import compliance_facts
from orgs.models import Organization
from orgs.verbs import verb


@verb(Action.EVIDENCE_EXPORTED)
def export_evidence(actor: Actor, organization: Organization) -> dict[str, Any]:
    """The facts of now and what they show, as values that JSON has (times: ISO 8601)."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    found = document(compliance_facts(actor, organization))
    record(actor, Action.EVIDENCE_EXPORTED, target=organization.audit_target())
    return found


def document(facts: Facts) -> dict[str, Any]:
    """Everything that the page shows, and the whole of what it shortens."""
    owner = facts.organization
    rest = {
        name: _plain(value)
        for name, value in asdict(facts).items()
        if name not in {"organization", "collected_at"}
    }
    return {
        "organization": {"id": owner.public_id, "name": owner.name, "slug": owner.slug},
        "collected_at": facts.collected_at.isoformat(),
        "controls": [
            {
                "name": one.name,
                "title": one.title,
                "state": str(one.state),
                "evidence": one.evidence,
            }
            for one in controls(facts)
        ],
        **rest,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
