"""The domain of an e-mail address as one exact text, or a refusal: nothing is guessed."""

from sso.errors import Fault, SignOnRefused

_MAX_LENGTH = 254


def domain_of(address: str) -> str:
    """The ASCII (IDNA) form of the domain, in lower case.

    Exactly one `@`, no spaces or controls; a domain whose letters only look like another's, or
    become another's when they are normalized, is refused.
    """
    local, at, domain = address.strip().partition("@")
    folded = domain.casefold()
    is_sound = (
        bool(local and at and folded)
        and "@" not in domain
        and len(address) <= _MAX_LENGTH
        and address.strip().isprintable()
        and not any(letter.isspace() for letter in address.strip())
    )
    if not is_sound:
        raise _malformed()
    try:
        ascii_form = folded.encode("idna").decode("ascii")
        back = ascii_form.encode("ascii").decode("idna")
    except UnicodeError:
        raise _malformed() from None
    if folded not in (ascii_form, back) or ".." in ascii_form or ascii_form.endswith("."):
        raise _malformed()
    return ascii_form


def _malformed() -> SignOnRefused:
    return SignOnRefused(Fault.ADDRESS_MALFORMED, "The e-mail address cannot be one.")
