"""Pagination tokens: opaque to clients, they carry the last id or name of the page before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from kit.errors import InvalidArgument

_MAX_TOKEN_LENGTH = 1024
# Tells a token of ours from a stray string, and this form from later ones.
_FORM = b"\x01"


def mint_token(after: str) -> str:
    return urlsafe_b64encode(_FORM + after.encode()).decode().rstrip("=")


def read_token(token: str | None) -> str | None:
    """What `mint_token` was given; None for no token."""
    if not token:
        return None
    refusal = InvalidArgument(
        "paginationToken is not valid. Pass pagination.next of the page before, or leave it out."
    )
    if len(token) > _MAX_TOKEN_LENGTH:
        raise refusal
    try:
        content = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        after = content[len(_FORM) :].decode()
    except (Base64Error, UnicodeError):
        raise refusal from None
    if not content.startswith(_FORM) or not after:
        raise refusal
    return after
