"""What is sealed under which version of which key: for the operator, before and after rotations."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from audit.heads import installation_signing_keys
from indexes.deployment.rekeying import counted
from orgs.secrets import installation_keyring
from projects.models import DataKey, Project
from projects.peppers import secrets_by_pepper
from projects.wrapping_keys import wrapping_version


@dataclass(frozen=True, slots=True)
class ProjectInventory:
    """`data_keys`: sealed values by version of the data key; `wrapping_keys`: data keys by version
    of the wrapping key. Living versions that hold nothing count 0."""

    project: Project
    data_keys: Counter[int]
    wrapping_keys: Counter[int]

    def to_json(self) -> dict[str, Any]:
        return {
            "organization": self.project.organization.slug,
            "project": self.project.slug,
            "project_id": str(self.project.pk),
            "data_keys": dict(sorted(self.data_keys.items())),
            "wrapping_keys": dict(sorted(self.wrapping_keys.items())),
        }


def project_inventories() -> list[ProjectInventory]:
    """Of every project. Crosses tenants."""
    rows = Project.objects.using("system").select_related("organization").order_by("pk")
    return [project_inventory(project) for project in rows]


def project_inventory(project: Project) -> ProjectInventory:
    """Looks at every sealed value of the project."""
    rows = list(DataKey.objects.using("system").filter(project=project))
    data_keys = Counter({row.version: 0 for row in rows})
    data_keys.update(counted(project))
    living = installation_keyring().key_versions(project.pk)
    wrapping_keys = Counter(dict.fromkeys(living, 0))
    wrapping_keys.update(wrapping_version(row) for row in rows)
    return ProjectInventory(project, data_keys, wrapping_keys)


def installation_inventory() -> dict[str, Any]:
    """Of the keys that belong to no project."""
    return {
        "peppers": {pepper: dict(kinds) for pepper, kinds in secrets_by_pepper().items()},
        "signing_keys": sorted(installation_signing_keys().public_keys()),
    }
