"""Who may what, written by hand from Pinecone's documentation of roles and keys.

Imports nothing: these are the expected answers, and the product's own tables must agree with them.
"""

ANYONE = "anyone"
STRANGER_ONLY = "whoever is not signed in; others are sent on"
SIGNED_IN = "whoever is signed in"
OPERATE = "operate the installation; to all others there is nothing"

ORGANIZATION_READ = "see the organization"
PROJECT_CREATE = "create projects"
BILLING_READ = "see billing and usage"
BILLING_WRITE = "manage billing"
ORGANIZATION_ADMINISTER = "members, service accounts, sign-on, audit, name and end"

PROJECT_READ = "see that the project is there"
SETTINGS_READ = "read settings, members and API keys"
SETTINGS_WRITE = "change settings, members and API keys"
CONTROL_READ = "read indexes"
CONTROL_WRITE = "change indexes"
DATA_READ = "read records"
DATA_WRITE = "write records"
# Pages of an index show records only to who may see both.
RECORDS_READ = "read indexes and their records"
RECORDS_WRITE = "read indexes and write their records"
# Pages of an index show records only to who may see both.
RECORDS_READ = "read indexes and their records"
RECORDS_WRITE = "read indexes and write their records"

DIRECTORY = "keep the directory of people and groups, as its identity provider"

ORGANIZATION_ROLES = ("OrgOwner", "OrgManager", "OrgMember", "OrgBillingAdmin")
PEOPLES_PROJECT_ROLES = ("ProjectOwner", "ProjectManager", "ProjectMember")
KEYS_ROLES = (
    "ProjectEditor", "ProjectViewer", "ControlPlaneEditor", "ControlPlaneViewer",
    "DataPlaneEditor", "DataPlaneViewer",
)  # fmt: skip
PROJECT_ROLES = (*PEOPLES_PROJECT_ROLES, *KEYS_ROLES)

# What an organization owner is on every project; no other role on the organization reaches one.
INHERITED = "OrgOwner"

MAY: dict[str, frozenset[str]] = {
    ORGANIZATION_READ: frozenset(ORGANIZATION_ROLES),
    PROJECT_CREATE: frozenset({"OrgOwner", "OrgManager"}),
    BILLING_READ: frozenset({"OrgOwner", "OrgBillingAdmin"}),
    BILLING_WRITE: frozenset({"OrgOwner", "OrgBillingAdmin"}),
    ORGANIZATION_ADMINISTER: frozenset({"OrgOwner"}),
    PROJECT_READ: frozenset({INHERITED, *PROJECT_ROLES}),
    SETTINGS_READ: frozenset({INHERITED, "ProjectOwner", "ProjectManager", "ProjectMember"}),
    SETTINGS_WRITE: frozenset({INHERITED, "ProjectOwner"}),
    CONTROL_READ: frozenset(
        {INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor", "ProjectViewer",
         "ControlPlaneEditor", "ControlPlaneViewer"}
    ),
    CONTROL_WRITE: frozenset(
        {INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor", "ControlPlaneEditor"}
    ),
    DATA_READ: frozenset(
        {INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor", "ProjectViewer",
         "DataPlaneEditor", "DataPlaneViewer"}
    ),
    DATA_WRITE: frozenset(
        {INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor", "DataPlaneEditor"}
    ),
    RECORDS_READ: frozenset(
        {INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor", "ProjectViewer"}
    ),
    RECORDS_WRITE: frozenset({INHERITED, "ProjectOwner", "ProjectManager", "ProjectEditor"}),
}  # fmt: skip

# The console's presets for keys: control plane × data plane, as roles.
_CONTROL = {"ReadWrite": "ControlPlaneEditor", "ReadOnly": "ControlPlaneViewer", "None": ""}
_DATA = {"ReadWrite": "DataPlaneEditor", "ReadOnly": "DataPlaneViewer", "None": ""}
PRESETS: dict[str, tuple[str, ...]] = {
    f"control {control}, data {data}": tuple(role for role in (of_control, of_data) if role)
    for control, of_control in _CONTROL.items()
    for data, of_data in _DATA.items()
    if of_control or of_data
}


def may(roles: frozenset[str], right: str) -> bool:
    """Rights are the union of the roles held."""
    return bool(roles & MAY[right])
