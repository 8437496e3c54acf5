"""Every permission there is, and which roles and which kinds of credential carry it.

These tables are the only source: both planes decide by them, and the console's role matrix and
docs/permissions.md are generated from them.
"""

from enum import StrEnum


class Permission(StrEnum):
    """`resource:action`, alphabetical. `project_*` and data rights are held on a project."""

    API_KEY_CREATE = "api_key:create"
    API_KEY_READ = "api_key:read"
    API_KEY_REVOKE = "api_key:revoke"
    API_KEY_UPDATE = "api_key:update"
    AUDIT_READ = "audit:read"
    AUDIT_WRITE = "audit:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    DATA_READ = "data:read"
    DATA_WRITE = "data:write"
    ENCRYPTION_KEY_READ = "encryption_key:read"
    ENCRYPTION_KEY_WRITE = "encryption_key:write"
    INDEX_CREATE = "index:create"
    INDEX_DELETE = "index:delete"
    INDEX_READ = "index:read"
    INDEX_UPDATE = "index:update"
    MEMBER_READ = "member:read"
    MEMBER_WRITE = "member:write"
    ORGANIZATION_DELETE = "organization:delete"
    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_UPDATE = "organization:update"
    PROJECT_CREATE = "project:create"
    PROJECT_DELETE = "project:delete"
    PROJECT_MEMBER_READ = "project_member:read"
    PROJECT_MEMBER_WRITE = "project_member:write"
    PROJECT_READ = "project:read"
    PROJECT_UPDATE = "project:update"
    SERVICE_ACCOUNT_READ = "service_account:read"
    SERVICE_ACCOUNT_WRITE = "service_account:write"
    SSO_WRITE = "sso:write"
    WEBHOOK_READ = "webhook:read"
    WEBHOOK_WRITE = "webhook:write"


class Role(StrEnum):
    """Pinecone's role ids, exactly; official clients refuse unknown names."""

    ORG_OWNER = "OrgOwner"
    ORG_MANAGER = "OrgManager"
    ORG_MEMBER = "OrgMember"
    ORG_BILLING_ADMIN = "OrgBillingAdmin"
    PROJECT_OWNER = "ProjectOwner"
    PROJECT_MANAGER = "ProjectManager"
    PROJECT_MEMBER = "ProjectMember"
    PROJECT_EDITOR = "ProjectEditor"
    PROJECT_VIEWER = "ProjectViewer"
    CONTROL_PLANE_EDITOR = "ControlPlaneEditor"
    CONTROL_PLANE_VIEWER = "ControlPlaneViewer"
    DATA_PLANE_EDITOR = "DataPlaneEditor"
    DATA_PLANE_VIEWER = "DataPlaneViewer"


class CredentialKind(StrEnum):
    """How an actor proved who it is."""

    SESSION = "session"
    API_KEY = "api_key"
    SERVICE_ACCOUNT = "service_account"
    SCIM = "scim"
    SUPPORT = "support"
    OPERATOR = "operator"
    SYSTEM = "system"


P = Permission

_CONTROL_READ = frozenset({P.INDEX_READ, P.PROJECT_READ})
_CONTROL_WRITE = _CONTROL_READ | {P.INDEX_CREATE, P.INDEX_DELETE, P.INDEX_UPDATE}
_DATA_READ = frozenset({P.DATA_READ, P.PROJECT_READ})
_DATA_WRITE = _DATA_READ | {P.DATA_WRITE}
_SETTINGS_READ = frozenset(
    {P.API_KEY_READ, P.ENCRYPTION_KEY_READ, P.PROJECT_MEMBER_READ, P.PROJECT_READ}
)
_SETTINGS_WRITE = _SETTINGS_READ | {
    P.API_KEY_CREATE,
    P.API_KEY_REVOKE,
    P.API_KEY_UPDATE,
    P.ENCRYPTION_KEY_WRITE,
    P.PROJECT_DELETE,
    P.PROJECT_MEMBER_WRITE,
    P.PROJECT_UPDATE,
}
_ORG_READ = frozenset({P.MEMBER_READ, P.ORGANIZATION_READ})
# A webhook's address is often a secret by itself: only who may write it reads it.
_WEBHOOKS = frozenset({P.WEBHOOK_READ, P.WEBHOOK_WRITE})
_PROJECT_OWNER = _SETTINGS_WRITE | _CONTROL_WRITE | _DATA_WRITE | _WEBHOOKS

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Only the organization owner inherits into projects: the owner is every project's owner.
    Role.ORG_OWNER: _ORG_READ
    | _PROJECT_OWNER
    | {
        P.AUDIT_READ,
        P.AUDIT_WRITE,
        P.BILLING_READ,
        P.BILLING_WRITE,
        P.MEMBER_WRITE,
        P.ORGANIZATION_DELETE,
        P.ORGANIZATION_UPDATE,
        P.PROJECT_CREATE,
        P.SERVICE_ACCOUNT_READ,
        P.SERVICE_ACCOUNT_WRITE,
        P.SSO_WRITE,
    },
    Role.ORG_MANAGER: _ORG_READ | {P.PROJECT_CREATE},
    Role.ORG_MEMBER: _ORG_READ,
    Role.ORG_BILLING_ADMIN: _ORG_READ | {P.BILLING_READ, P.BILLING_WRITE},
    Role.PROJECT_OWNER: _PROJECT_OWNER,
    Role.PROJECT_MANAGER: _SETTINGS_READ | _CONTROL_WRITE | _DATA_WRITE,
    Role.PROJECT_MEMBER: _SETTINGS_READ,
    Role.PROJECT_EDITOR: _CONTROL_WRITE | _DATA_WRITE,
    Role.PROJECT_VIEWER: _CONTROL_READ | _DATA_READ,
    Role.CONTROL_PLANE_EDITOR: _CONTROL_WRITE,
    Role.CONTROL_PLANE_VIEWER: _CONTROL_READ,
    Role.DATA_PLANE_EDITOR: _DATA_WRITE,
    Role.DATA_PLANE_VIEWER: _DATA_READ,
}

ORGANIZATION_ROLES = frozenset(
    {Role.ORG_OWNER, Role.ORG_MANAGER, Role.ORG_MEMBER, Role.ORG_BILLING_ADMIN}
)
PROJECT_ROLES = frozenset(Role) - ORGANIZATION_ROLES
API_KEY_ROLES = PROJECT_ROLES - {Role.PROJECT_OWNER, Role.PROJECT_MANAGER, Role.PROJECT_MEMBER}

_EVERYTHING = frozenset(Permission)

# What each kind of credential may exercise at all. What is not listed is closed to it, so a new
# permission starts out closed to keys.
CREDENTIAL_PERMISSIONS: dict[CredentialKind, frozenset[Permission]] = {
    CredentialKind.SESSION: _EVERYTHING,
    CredentialKind.SERVICE_ACCOUNT: _EVERYTHING - {P.SSO_WRITE},
    CredentialKind.API_KEY: _CONTROL_WRITE | _DATA_WRITE,
    CredentialKind.SCIM: frozenset({P.MEMBER_READ, P.MEMBER_WRITE}),
    # The operator who was let in to look (ADR 26): never records, and nothing is changed.
    CredentialKind.SUPPORT: _ORG_READ | _SETTINGS_READ | _CONTROL_READ,
    CredentialKind.OPERATOR: _EVERYTHING,
    CredentialKind.SYSTEM: _EVERYTHING,
}
