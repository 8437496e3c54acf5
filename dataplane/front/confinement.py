"""What a key of chosen namespaces may ask the engine: nothing that tells of others."""

import msgspec

from access.reach import Reach
from dataplane.engine import messages
from kit.errors import PermissionDenied

# No namespace can have this name: reading it is reading one that does not exist.
_NOWHERE = "\0"


def confined(request: messages.Request, reach: Reach, *, is_write: bool) -> messages.Request:
    """The request, narrowed to what is within reach.

    Reads elsewhere are answered as if nothing were there, and writes are refused, whether there is
    something or not.
    """
    if not reach.namespaces:
        return request
    if isinstance(request, messages.DescribeStats | messages.ListNamespaces):
        return msgspec.structs.replace(request, only=sorted(reach.namespaces))
    if reach.has_namespace(request.namespace):
        return request
    if is_write:
        raise PermissionDenied("This API key may write to namespaces of its own only.")
    return msgspec.structs.replace(request, namespace=_NOWHERE)
