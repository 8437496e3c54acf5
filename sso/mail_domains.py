"""Which names can be one organization's mail domain: not suffixes under which anybody registers,
and not those of free mail."""

from functools import lru_cache
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from kit.errors import InvalidArgument
from sso.addresses import domain_of
from sso.errors import SignOnRefused

_FREE_MAIL = Path(__file__).with_name("free_mail.txt")
_MAX_LENGTH = 253


def checked_domain(text: str) -> str:
    """The exact ASCII form; raises `InvalidArgument` with the reason."""
    name = text.strip().removeprefix("@")
    try:
        domain = domain_of(f"somebody@{name}")
    except SignOnRefused:
        raise _refused(f"{text[:100]!r} is not a domain.") from None
    if "." not in domain or len(domain) > _MAX_LENGTH or not _is_host_name(domain):
        raise _refused(f"{text[:100]!r} is not a domain.")
    suffixes = _suffixes()
    if suffixes.privatesuffix(domain) is None:
        raise _refused(f"{domain} is a public suffix: anybody may register a name below it.")
    if domain in _free_mail() or suffixes.privatesuffix(domain) in _free_mail():
        raise _refused(f"{domain} gives addresses to everybody: it cannot be one organization's.")
    return domain


def _refused(message: str) -> InvalidArgument:
    return InvalidArgument(message, field="domain")


def _is_host_name(domain: str) -> bool:
    labels = domain.split(".")
    return (
        all(
            label and label[0] != "-" and label[-1] != "-" and label.replace("-", "").isalnum()
            for label in labels
        )
        and not labels[-1].isdigit()
    )


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


@lru_cache(maxsize=1)
def _free_mail() -> frozenset[str]:
    return frozenset(_FREE_MAIL.read_text().split())
