"""What the library complains about in a request, as errors of ours.

Apart from `sso.scim.errors`: the library takes half a second to import, which workers and commands
do without.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    StonepineError,
)

_MAX_DETAIL = 500
# By status; whatever else the library finds is a wrong request.
_KINDS: dict[int, type[StonepineError]] = {
    404: NotFound,
    409: AlreadyExists,
    412: FailedPrecondition,
}


@contextmanager
def complaints_translated() -> Iterator[None]:
    """Around what reads a request: the library's complaints become errors of ours."""
    try:
        yield
    except ValidationError as error:
        raise _translated(Error.from_validation_errors(error)[0]) from None
    except SCIMException as error:
        raise _translated(error.to_error()) from None


def _translated(error: Error) -> StonepineError:
    kind = _KINDS.get(error.status or 0, InvalidArgument)
    message = _readable(error.detail or "The request cannot be understood.")
    return kind(message, scim_type=error.scim_type) if error.scim_type else kind(message)


def _readable(detail: str) -> str:
    """In one line, without the addresses of the library's documentation."""
    lines = [line.strip() for line in detail.splitlines() if "https://" not in line]
    return " ".join(line for line in lines if line)[:_MAX_DETAIL]
