"""The role matrix as values, for the console's page and for docs/permissions.md.

`python -m access.matrix` prints the document; a test holds it and the file together.
"""

import sys
from dataclasses import dataclass

from access.permissions import (
    API_KEY_ROLES,
    CREDENTIAL_PERMISSIONS,
    ORGANIZATION_ROLES,
    PROJECT_ROLES,
    ROLE_PERMISSIONS,
    CredentialKind,
    Permission,
    Role,
)

ROLE_LABELS: dict[Role, str] = {
    Role.ORG_OWNER: "Organization owner",
    Role.ORG_MANAGER: "Organization manager",
    Role.ORG_MEMBER: "Organization member",
    Role.ORG_BILLING_ADMIN: "Billing admin",
    Role.PROJECT_OWNER: "Project owner",
    Role.PROJECT_MANAGER: "Project manager",
    Role.PROJECT_MEMBER: "Project member",
    Role.PROJECT_EDITOR: "Project editor",
    Role.PROJECT_VIEWER: "Project viewer",
    Role.CONTROL_PLANE_EDITOR: "Control plane editor",
    Role.CONTROL_PLANE_VIEWER: "Control plane viewer",
    Role.DATA_PLANE_EDITOR: "Data plane editor",
    Role.DATA_PLANE_VIEWER: "Data plane viewer",
}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One permission and the roles that carry it."""

    permission: Permission
    roles: frozenset[Role]


def roles_in_order(kind: frozenset[Role]) -> list[Role]:
    """Those roles in the order of their definition, strongest first."""
    return [role for role in Role if role in kind]


def matrix() -> list[MatrixRow]:
    """Every permission, alphabetical."""
    return [
        MatrixRow(
            permission,
            frozenset(role for role, held in ROLE_PERMISSIONS.items() if permission in held),
        )
        for permission in Permission
    ]


def document() -> str:
    """The whole of docs/permissions.md."""
    return "\n".join(
        [
            "# Roles and permissions",
            "",
            "Made from the tables in `access/permissions.py` by `python -m access.matrix`.",
            "Rights are the union of all roles a principal holds. Only the organization owner "
            "inherits into projects.",
            "",
            "## Organization roles",
            "",
            *_table(roles_in_order(ORGANIZATION_ROLES)),
            "",
            "## Project roles",
            "",
            *_table(roles_in_order(PROJECT_ROLES)),
            "",
            "API keys may hold: "
            + ", ".join(f"`{role}`" for role in roles_in_order(API_KEY_ROLES))
            + ".",
            "",
            "## What a kind of credential may exercise at all",
            "",
            *_credential_lines(),
            "",
        ]
    )


def _table(roles: list[Role]) -> list[str]:
    lines = ["| permission | " + " | ".join(roles) + " |", "|---" * (len(roles) + 1) + "|"]
    for row in matrix():
        marks = ["yes" if role in row.roles else "–" for role in roles]
        if "yes" in marks:
            lines.append(f"| `{row.permission}` | " + " | ".join(marks) + " |")
    return lines


def _credential_lines() -> list[str]:
    return [f"* **{kind}**: {_reach(CREDENTIAL_PERMISSIONS[kind])}" for kind in CredentialKind]


def _reach(allowed: frozenset[Permission]) -> str:
    shut = [f"`{permission}`" for permission in Permission if permission not in allowed]
    if not shut:
        return "everything"
    if len(shut) < len(allowed):
        return "everything but " + ", ".join(shut)
    return "only " + ", ".join(
        f"`{permission}`" for permission in Permission if permission in allowed
    )


if __name__ == "__main__":
    sys.stdout.write(document())
