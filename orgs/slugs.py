"""Short names for URLs, made from the names people give."""

from collections.abc import Callable

from django.utils.text import slugify

from kit.ids import random_base62

_MAX_LENGTH = 48
_RESERVED = {"new", "-"}


def free_slug(name: str, *, is_taken: Callable[[str], bool]) -> str:
    """The name as a slug; with a random tail where it is empty, reserved or taken."""
    slug = slugify(name)[:_MAX_LENGTH].strip("-")
    if slug and slug not in _RESERVED and not is_taken(slug):
        return slug
    return f"{slug or 'x'}-{random_base62(6).lower()}"
