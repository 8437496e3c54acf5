"""The versions of the public API that the data plane knows, and how a request names one."""

from enum import IntEnum

from kit.errors import InvalidArgument


class ApiVersion(IntEnum):
    """In order of age, so that `version >= ApiVersion.V2025_04` reads as it should."""

    V2024_07 = 202407
    V2024_10 = 202410
    V2025_01 = 202501
    V2025_04 = 202504
    V2025_10 = 202510
    V2026_01_ALPHA = 202601
    V2026_04 = 202604
    V2026_07 = 202607
    UNSTABLE = 999999


NEWEST_STABLE = ApiVersion.V2026_07

_BY_NAME = {
    "2024-07": ApiVersion.V2024_07,
    "2024-10": ApiVersion.V2024_10,
    "2025-01": ApiVersion.V2025_01,
    "2025-04": ApiVersion.V2025_04,
    "2025-10": ApiVersion.V2025_10,
    "2026-01.alpha": ApiVersion.V2026_01_ALPHA,
    "2026-04": ApiVersion.V2026_04,
    "2026-07": ApiVersion.V2026_07,
    "unstable": ApiVersion.UNSTABLE,
}
NAMES = {version: name for name, version in _BY_NAME.items()}


def parse_version(name: str | None) -> ApiVersion:
    """The version of that name; the newest stable one where none is given."""
    if not name:
        return NEWEST_STABLE
    version = _BY_NAME.get(name)
    if version is None:
        known = ", ".join(_BY_NAME)
        raise InvalidArgument(f"Unknown API version {name[:40]!r}. Known versions are {known}.")
    return version
