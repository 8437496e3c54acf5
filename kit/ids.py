"""Identifiers: time-ordered UUIDs for rows, and the typed names the planes pass around."""

import os
import secrets
import time
from datetime import datetime
from typing import NewType
from uuid import UUID

OrganizationId = NewType("OrganizationId", UUID)
ProjectId = NewType("ProjectId", UUID)
IndexId = NewType("IndexId", UUID)
NamespaceId = NewType("NamespaceId", UUID)
NodeId = NewType("NodeId", UUID)

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def minted_at_s(minted: UUID) -> float:
    """When `new_id` made this one, in seconds since 1970 by the clock of its process."""
    return (minted.int >> 80) / 1000


def first_id_at(moment: datetime) -> UUID:
    """No id that was made from then on is smaller."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def random_base62(length: int) -> str:
    """`length` random letters and digits, 5.95 bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))
