"""Messages are taken once: their ids are burnt in a row that can exist only once."""

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction

from sso.errors import Fault, SignOnRefused
from sso.models import SamlConnection, SeenMessage


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def burn(connection: SamlConnection, message_id: str, *, until: datetime) -> None:
    """Within the tenant's transaction: of many that try at once, one gets through."""
    try:
        with transaction.atomic():
            SeenMessage.objects.create(
                organization_id=connection.organization_id,
                connection=connection,
                digest=digest_of(message_id),
                remember_until=until,
            )
    except IntegrityError:
        raise SignOnRefused(
            Fault.REPLAYED, "This message was used before: begin again at the sign-in page."
        ) from None
