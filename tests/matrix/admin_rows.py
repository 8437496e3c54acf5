"""The matrix' rows of the Admin API: what each method of each route needs of a service account."""

from tests.matrix.reference import (
    CONTROL_READ,
    CONTROL_WRITE,
    ORGANIZATION_ADMINISTER,
    ORGANIZATION_READ,
    PROJECT_CREATE,
    PROJECT_READ,
    SETTINGS_READ,
    SETTINGS_WRITE,
    SIGNED_IN,
)
from tests.matrix.rows import Row, Rows

_MEMBER = {"resource_type": "organization", "role": "OrgMember"}
_INVITE = {"email": "new@example.com", "role_bindings": [_MEMBER]}
_NOBODY = "00000000-0000-7000-8000-000000000000"
_BINDING = {**_MEMBER, "principal_type": "user", "principal_id": _NOBODY}
_NEW = {"name": "new"}

_ORGANIZATION = "admin/organizations/<str:organization_id>"
_PROJECT = "admin/projects/<str:project_id>"
_LOCK = f"{_PROJECT}/encryption-key"
_KEY = "admin/api-keys/<str:api_key_id>"
_USER = "admin/users/<str:user_id>"
_INVITED = "admin/invites/<str:invite_id>"
_ACCOUNT = "admin/service-accounts/<str:service_account_id>"
_STREAM = "admin/audit-streams/<str:stream_id>"
_STREAMING = {**_NEW, "kind": "http", "config": {"url": "https://siem.invalid/"}}
_HOOK = "admin/webhooks/<str:webhook_id>"
_HOOKED = {"name": "new", "url": "https://receiver.invalid/new", "events": ["index.ready"]}
_HELD = "admin/role-bindings/<str:role_binding_id>"

# Keys open none of these: only the tokens of service accounts do.
ROWS: Rows = {
    "GET admin/organizations": Row(ORGANIZATION_READ, 200),
    f"GET {_ORGANIZATION}": Row(ORGANIZATION_READ, 200),
    f"PATCH {_ORGANIZATION}": Row(ORGANIZATION_ADMINISTER, 200, _NEW),
    f"GET {_ORGANIZATION}/networks": Row(ORGANIZATION_READ, 200),
    f"PATCH {_ORGANIZATION}/networks": Row(ORGANIZATION_ADMINISTER, 200, {"people": []}),
    f"GET {_ORGANIZATION}/retention": Row(ORGANIZATION_READ, 200),
    f"PATCH {_ORGANIZATION}/retention": Row(ORGANIZATION_ADMINISTER, 200, {"metrics": None}),
    f"POST {_ORGANIZATION}/evidence": Row(ORGANIZATION_ADMINISTER, 200),
    f"GET {_ORGANIZATION}/support-access": Row(ORGANIZATION_READ, 200),
    f"POST {_ORGANIZATION}/support-access": Row(
        ORGANIZATION_ADMINISTER, 400, {"reason": "ticket", "hours": 25}
    ),
    f"DELETE {_ORGANIZATION}/support-access": Row(ORGANIZATION_ADMINISTER, 204),
    f"DELETE {_ORGANIZATION}": Row(ORGANIZATION_ADMINISTER, 412),
    # Everybody sees what their roles reach, and may be that is nothing.
    "GET admin/projects": Row(SIGNED_IN, 200),
    "POST admin/projects": Row(PROJECT_CREATE, 200, _NEW),
    f"GET {_PROJECT}": Row(PROJECT_READ, 200),
    f"PATCH {_PROJECT}": Row(SETTINGS_WRITE, 200, _NEW),
    f"DELETE {_PROJECT}": Row(SETTINGS_WRITE, 412),  # it has an index
    f"GET {_PROJECT}/networks": Row(PROJECT_READ, 200),
    f"PATCH {_PROJECT}/networks": Row(SETTINGS_WRITE, 200, {"data_plane": []}),
    f"GET {_PROJECT}/api-keys": Row(SETTINGS_READ, 200),
    f"POST {_PROJECT}/api-keys": Row(SETTINGS_WRITE, 201, _NEW),
    f"GET {_PROJECT}/jobs": Row(CONTROL_READ, 200),
    f"GET {_PROJECT}/jobs/<str:job_id>": Row(CONTROL_READ, 200),
    f"POST {_PROJECT}/jobs/<str:job_id>/cancel": Row(CONTROL_WRITE, 412),  # it is done
    # It has one already, which is enabled; half a secret changes nothing.
    f"GET {_LOCK}": Row(SETTINGS_READ, 200),
    f"POST {_LOCK}": Row(SETTINGS_WRITE, 409, {"kind": "vault", "settings": {}, "secret": {}}),
    f"PATCH {_LOCK}": Row(SETTINGS_WRITE, 400, {"secret": {}}),
    f"DELETE {_LOCK}": Row(SETTINGS_WRITE, 204, is_undone=True),
    f"POST {_LOCK}/disable": Row(SETTINGS_WRITE, 200, is_undone=True),
    f"POST {_LOCK}/enable": Row(SETTINGS_WRITE, 412),
    f"POST {_LOCK}/check": Row(SETTINGS_WRITE, 200, is_undone=True),
    f"GET {_LOCK}/impact": Row(SETTINGS_READ, 200),
    f"GET {_KEY}": Row(SETTINGS_READ, 200),
    f"PATCH {_KEY}": Row(SETTINGS_WRITE, 200, _NEW),
    f"DELETE {_KEY}": Row(SETTINGS_WRITE, 202),
    "GET admin/users": Row(ORGANIZATION_READ, 200),
    f"GET {_USER}": Row(ORGANIZATION_READ, 200),
    f"DELETE {_USER}": Row(ORGANIZATION_ADMINISTER, 204),
    "GET admin/invites": Row(ORGANIZATION_ADMINISTER, 200),
    "POST admin/invites": Row(ORGANIZATION_ADMINISTER, 201, _INVITE),
    f"GET {_INVITED}": Row(ORGANIZATION_ADMINISTER, 200),
    f"DELETE {_INVITED}": Row(ORGANIZATION_ADMINISTER, 204),
    f"POST {_INVITED}/resend": Row(ORGANIZATION_ADMINISTER, 200),
    "GET admin/service-accounts": Row(ORGANIZATION_ADMINISTER, 200),
    "POST admin/service-accounts": Row(ORGANIZATION_ADMINISTER, 201, _NEW),
    f"GET {_ACCOUNT}": Row(ORGANIZATION_ADMINISTER, 200),
    f"PATCH {_ACCOUNT}": Row(ORGANIZATION_ADMINISTER, 200, _NEW),
    f"DELETE {_ACCOUNT}": Row(ORGANIZATION_ADMINISTER, 204),
    f"POST {_ACCOUNT}/rotate-secret": Row(ORGANIZATION_ADMINISTER, 200),
    "GET admin/audit-streams": Row(ORGANIZATION_ADMINISTER, 200),
    "POST admin/audit-streams": Row(ORGANIZATION_ADMINISTER, 201, _STREAMING),
    f"GET {_STREAM}": Row(ORGANIZATION_ADMINISTER, 200),
    f"PATCH {_STREAM}": Row(ORGANIZATION_ADMINISTER, 200, _NEW),
    f"DELETE {_STREAM}": Row(ORGANIZATION_ADMINISTER, 204),
    f"POST {_STREAM}/test": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_STREAM}/rewind": Row(ORGANIZATION_ADMINISTER, 400, {"from_sequence": 0}),
    f"GET {_STREAM}/deliveries": Row(ORGANIZATION_ADMINISTER, 200),
    "GET admin/webhooks": Row(ORGANIZATION_ADMINISTER, 200),
    "POST admin/webhooks": Row(ORGANIZATION_ADMINISTER, 201, _HOOKED),
    f"GET {_HOOK}": Row(ORGANIZATION_ADMINISTER, 200),
    f"PATCH {_HOOK}": Row(ORGANIZATION_ADMINISTER, 200, _NEW),
    f"DELETE {_HOOK}": Row(ORGANIZATION_ADMINISTER, 204),
    f"POST {_HOOK}/rotate-secret": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_HOOK}/test": Row(ORGANIZATION_ADMINISTER, 200),
    f"GET {_HOOK}/deliveries": Row(ORGANIZATION_ADMINISTER, 200),
    f"POST {_HOOK}/deliveries/<str:delivery_id>/redeliver": Row(ORGANIZATION_ADMINISTER, 404),
    "GET admin/role-bindings": Row(ORGANIZATION_READ, 200),
    "POST admin/role-bindings": Row(ORGANIZATION_ADMINISTER, 404, _BINDING),
    f"GET {_HELD}": Row(ORGANIZATION_READ, 200),
    f"DELETE {_HELD}": Row(ORGANIZATION_ADMINISTER, 204),
}
