"""E-mail addresses: one spelling per mailbox, and a plain check of their form."""

import re

from kit.errors import InvalidArgument

_MAX_LENGTH = 254  # RFC 5321
# Without what mail programs take for frames and comments: they would make many addresses of one.
_PART = r"[^@\s\x00-\x1f<>()\[\]:;,\"\\]"
_FORM = re.compile(rf"{_PART}+@(?!\.)((?!\.\.){_PART})+(?<!\.)")


def normalized_email(address: str) -> str:
    """The address as it is stored and looked up."""
    return address.strip().casefold()


def is_address(address: str) -> bool:
    """Whether it has the form of an address; nobody knows more before a message arrives."""
    email = normalized_email(address)
    return len(email) <= _MAX_LENGTH and email.isprintable() and bool(_FORM.fullmatch(email))


def checked_email(address: str) -> str:
    """The normalized address; raises `InvalidArgument` where it cannot be one."""
    if not is_address(address):
        raise InvalidArgument("This is not an e-mail address.", field="email")
    return normalized_email(address)


def domain_of_email(address: str) -> str:
    """What stands after the '@', in the ASCII form of domain names; "" where it has none."""
    domain = normalized_email(address).rpartition("@")[2]
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
