"""Errors as replies."""

from dataplane.engine import messages
from kit.errors import StonepineError


def failure(error: StonepineError) -> messages.Failure:
    return messages.Failure(
        code=str(error.code), message=error.message, retry_after_s=error.retry_after_s
    )
