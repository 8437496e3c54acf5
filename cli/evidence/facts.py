"""What a bundle tells of the installation as it is now, a document for each question."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr

from access.actor import OPERATOR
from cli.doctor import examine
from cli.home import Home
from cli.production import weaknesses
from cli.settings import Installation
from kit.environment import Environment

_NAME = "Name"


def access_reviews() -> list[dict[str, Any]]:
    """Of every organization: who holds which role, and when it was last used."""
    from orgs.models import Organization
    from projects.access_review import access_review

    return [
        {
            "organization": organization.slug,
            "organization_id": organization.pk,
            "held_roles": [asdict(one) for one in access_review(OPERATOR, organization)],
        }
        for organization in Organization.objects.using("system").order_by("slug")
    ]


def keys(home: Home, environment: Environment) -> dict[str, Any]:
    """What is sealed under which key (`stonepine keys inventory`), and since when each is there."""
    from config.root_seals import root_key_inventory
    from indexes.key_inventory import installation_inventory, project_inventories
    from projects.models import DataKey, EncryptionKey

    rows = DataKey.objects.using("system").order_by("project_id", "version")
    outer = EncryptionKey.objects.using("system").order_by("project_id")
    return {
        "projects": [one.to_json() for one in project_inventories()],
        **installation_inventory(),
        "root_keys": root_key_inventory(),
        "former_secret_key_kept": bool(home.secrets().former_secret_key),
        "data_keys_made": list(rows.values("project_id", "version", "provider", "created_at")),
        "customers_keys": list(
            outer.values("project_id", "kind", "created_at", "disabled_at", "succeeded_at")
        ),
        "keyring_files_written": dict(_key_files(environment.keyring_dir)),
    }


def restore_drills() -> dict[str, Any]:
    """Restores of the whole installation, as `stonepine drill` noted them, and verifications of
    backups, each of which restored one and compared it; the newest first."""
    from indexes.verification_models import BackupVerification
    from orgs.installation.copies import drills

    rows = BackupVerification.objects.using("system").order_by("-created_at")
    told = rows.values(
        "organization_id", "backup_id", "status", "finding", "created_at", "finished_at"
    )
    return {
        "installation": [{"noted_at": one.created_at, **one.parameters} for one in drills()],
        "backups": [dict(one) for one in told],
    }


def deletions() -> list[dict[str, Any]]:
    """Of each project that was deleted, what is left of its keys: without any, nothing that was
    sealed for it can be opened, in old copies either."""
    from audit.actions import Action
    from audit.models import Event, Outcome
    from orgs.secrets import installation_keyring
    from projects.models import DataKey, KeyDestruction

    events = Event.objects.using("system").filter(
        action=Action.PROJECT_DELETED, outcome=Outcome.SUCCESS
    )
    waiting = set(KeyDestruction.objects.using("system").values_list("project_id", flat=True))
    keyring, rows = installation_keyring(), DataKey.objects.using("system")
    return [
        {
            "project_id": event.target_id,
            "organization_id": event.organization_id,
            "deleted_at": event.created_at,
            "wrapping_keys_left": keyring.key_versions(UUID(event.target_id)),
            "data_keys_left": rows.filter(project_id=event.target_id).count(),
            "destruction_waits": UUID(event.target_id) in waiting,
        }
        for event in events.order_by("created_at")
    ]


def configuration(home: Home) -> dict[str, Any]:
    """Every setting, of secrets only whether they are set; what production would refuse; and what
    `stonepine doctor` finds. Before the installation is entered, which sets variables itself."""
    environment = Installation.read(home).environment
    settings = {name: _shown(value) for name, value in environment.model_dump().items()}
    return {
        "settings": settings,
        "production_would_refuse": weaknesses(environment, os.environ),
        "findings": [finding.to_json() for finding in examine(home)],
    }


def dependencies() -> list[dict[str, str]]:
    """Each installed distribution; the hash is of its RECORD, which lists those of its files."""
    found = [_distribution(one) for one in distributions()]
    return sorted(found, key=lambda one: one["name"].casefold())


def _distribution(found: Distribution) -> dict[str, str]:
    record = (found.read_text("RECORD") or "").encode()
    return {
        "name": str(found.metadata[_NAME]),
        "version": found.version,
        "record_sha256": hashlib.sha256(record).hexdigest() if record else "",
    }


def _key_files(folder: Path) -> Iterator[tuple[str, datetime]]:
    for path in sorted(folder.rglob("*.key")):
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        yield str(path.relative_to(folder)), written


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    return _without_credentials(value) if isinstance(value, str) else value


def _without_credentials(text: str) -> str:
    """An URL without the user's part and without its query, where some stores take keys."""
    parts = urlsplit(text)
    if "://" not in text or not parts.scheme:
        return text
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()
