"""How far an access for support is."""

from enum import StrEnum


class SupportStatus(StrEnum):
    REQUESTED = "requested"
    OPEN = "open"
    OVER = "over"
