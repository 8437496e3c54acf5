"""PATCH requests as Okta and Entra ID send them, read into operations; no state, no database.

The library knows `op` in any case, booleans as text, and removal by value. What is left: both send
read-only attributes along with those that they change, and Entra ID may write value paths as the
keys of one value without a path.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from scim2_models import Context, PatchOp, Resource

from kit.errors import InvalidArgument
from sso.scim.complaints import complaints_translated
from sso.scim.errors import invalid_value
from sso.scim.resources import POLICY

R = TypeVar("R", bound=Resource[Any])
MAX_OPERATIONS = 1_000
_MAX_PATH = 2_048
_READ_ONLY = {"id", "schemas", "meta", "groups"}


def patched(resource: R, body: Mapping[str, Any]) -> R:
    """A copy with all operations of the request applied, or an error and no copy."""
    operations = _operations(body)
    if not operations:
        return resource
    wanted: Any = PatchOp
    with complaints_translated(), POLICY:
        patch = wanted[type(resource)].model_validate(
            {"schemas": body.get("schemas"), "Operations": operations},
            scim_ctx=Context.RESOURCE_PATCH_REQUEST,
        )
        changed = resource.model_copy(deep=True)
        patch.patch(changed)
        # Read again as a whole: operations write one value at a time.
        return type(resource).model_validate(changed.model_dump(scim_ctx=Context.DEFAULT))


def _operations(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of the request that write something."""
    key = next((one for one in body if one.lower() == "operations"), "Operations")
    sent = body.get(key)
    if not isinstance(sent, list) or not sent or not all(isinstance(one, dict) for one in sent):
        raise invalid_value("Operations must be a list of one or more operations.")
    named = ({name.lower(): value for name, value in one.items()} for one in sent)
    spread = [part for one in named for part in _spread(one)]
    if len(spread) > MAX_OPERATIONS:
        raise invalid_value(f"One request holds at most {MAX_OPERATIONS} operations.")
    if any(len(str(one.get("path", ""))) > _MAX_PATH for one in spread):
        raise InvalidArgument(f"A path is over {_MAX_PATH} characters.", scim_type="invalidPath")
    return spread


def _spread(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The operation without what cannot be written; value paths among its keys each on its own."""
    path, value = operation.get("path"), operation.get("value")
    if path or not isinstance(value, dict):
        if "value" in operation and str(path).lower() == "members":
            operation = {**operation, "value": _nameless(value)}
        yield operation
        return
    plain = {
        name: _nameless(item) if name.lower() == "members" else item
        for name, item in value.items()
        if "[" not in name and name.lower() not in _READ_ONLY
    }
    if plain:
        yield {**operation, "value": plain}
    for name, item in value.items():
        if "[" in name:
            yield {**operation, "path": name, "value": item}


def _nameless(members: Any) -> Any:
    """Members without their names, which are ours to say."""
    if not isinstance(members, list):
        return members
    return [
        {name: part for name, part in one.items() if name.lower() != "display"}
        if isinstance(one, dict)
        else one
        for one in members
    ]
