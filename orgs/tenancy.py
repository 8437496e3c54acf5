"""The tenant of a transaction: which organization's rows the application role sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

from access.row_security import TENANT_SETTING

_OPEN: ContextVar[UUID | None] = ContextVar("open_tenant", default=None)


@contextmanager
def tenant(organization_id: UUID) -> Iterator[None]:
    """One transaction that sees and changes that organization's rows, and nobody else's.

    May be nested for the same organization (a savepoint); another one inside is a bug, because
    the setting belongs to the whole transaction.
    """
    outer = _OPEN.get() if connection.in_atomic_block else None
    if outer is not None and outer != organization_id:
        raise RuntimeError("a transaction of one tenant cannot become another's")
    with transaction.atomic():
        token = _OPEN.set(organization_id)
        try:
            if outer is None:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT set_config(%s, %s, true)", [TENANT_SETTING, str(organization_id)]
                    )
            yield
        finally:
            _OPEN.reset(token)
