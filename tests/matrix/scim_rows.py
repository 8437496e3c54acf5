"""The matrix' rows of SCIM: what each method of each route needs of a provider's token."""

from tests.matrix.reference import DIRECTORY
from tests.matrix.rows import Row, Rows

_BASE = "scim/v2/<str:organization_id>"
_USER = f"{_BASE}/Users/<str:resource_id>"
_GROUP = f"{_BASE}/Groups/<str:resource_id>"
_PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "externalId", "value": "x"}],
}
_PERSON = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "nobody@nowhere.example",
}
_STAFF = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": " "}
_SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}

# Tokens of the organization alone open these. The probes name nobody who is there.
ROWS: Rows = {
    f"GET {_BASE}/ServiceProviderConfig": Row(DIRECTORY, 200),
    f"GET {_BASE}/ResourceTypes": Row(DIRECTORY, 200),
    f"GET {_BASE}/ResourceTypes/<str:resource_id>": Row(DIRECTORY, 404),
    f"GET {_BASE}/Schemas": Row(DIRECTORY, 200),
    f"GET {_BASE}/Schemas/<str:resource_id>": Row(DIRECTORY, 404),
    f"POST {_BASE}/.search": Row(DIRECTORY, 200, _SEARCH),
    f"POST {_BASE}/Users/.search": Row(DIRECTORY, 200, _SEARCH),
    f"POST {_BASE}/Groups/.search": Row(DIRECTORY, 200, _SEARCH),
    f"GET {_BASE}/Users": Row(DIRECTORY, 200),
    f"POST {_BASE}/Users": Row(DIRECTORY, 400, _PERSON),
    f"GET {_USER}": Row(DIRECTORY, 404),
    f"PUT {_USER}": Row(DIRECTORY, 404, _PERSON),
    f"PATCH {_USER}": Row(DIRECTORY, 404, _PATCH),
    f"DELETE {_USER}": Row(DIRECTORY, 404),
    f"GET {_BASE}/Groups": Row(DIRECTORY, 200),
    f"POST {_BASE}/Groups": Row(DIRECTORY, 400, _STAFF),
    f"GET {_GROUP}": Row(DIRECTORY, 404),
    f"PUT {_GROUP}": Row(DIRECTORY, 404, _STAFF),
    f"PATCH {_GROUP}": Row(DIRECTORY, 404, _PATCH),
    f"DELETE {_GROUP}": Row(DIRECTORY, 404),
    # Refused to whoever calls, by name.
    f"POST {_BASE}/Bulk": Row(DIRECTORY, 501),
    f"GET {_BASE}/Me": Row(DIRECTORY, 501),
}
