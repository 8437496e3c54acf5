"""Versions of the API, named by `X-Pinecone-Api-Version`; each request names one."""

from enum import IntEnum

from django.http import HttpRequest

from kit.errors import InvalidArgument

HEADER = "X-Pinecone-Api-Version"


class Version(IntEnum):
    """In the order of their bodies: comparisons say "that version or newer"."""

    V2025_01 = 1
    V2025_04 = 2
    V2025_10 = 3
    V2026_04 = 4
    V2026_01_ALPHA = 5
    V2026_07 = 6
    UNSTABLE = 7


_NAMES = {
    "2025-01": Version.V2025_01,
    "2025-04": Version.V2025_04,
    "2025-10": Version.V2025_10,
    "2026-01.alpha": Version.V2026_01_ALPHA,
    "2026-04": Version.V2026_04,
    "2026-07": Version.V2026_07,
    "unstable": Version.UNSTABLE,
}
NEWEST_STABLE = "2026-07"


def requested_version(request: HttpRequest) -> Version:
    """The version a request speaks; absent means the newest stable one."""
    name = request.headers.get(HEADER, NEWEST_STABLE)
    version = _NAMES.get(name)
    if version is None:
        raise InvalidArgument(
            f"Unknown API version {name[:40]!r}. Send {HEADER} with one of: {', '.join(_NAMES)}."
        )
    return version
