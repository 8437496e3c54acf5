"""Secrets of webhooks: sealed under a key of the keyring, bound to organization and webhook."""

from datetime import datetime
from uuid import UUID

from keyring.envelope import context, seal, unseal
from orgs.secrets import installation_keyring
from webhooks.models import Webhook


def sealed_secret(secret: str, *, organization_id: UUID, webhook_id: UUID) -> bytes:
    return seal(_key(), secret.encode(), context=_context(organization_id, webhook_id))


def opened_secrets(webhook: Webhook, *, at: datetime) -> list[str]:
    """Those that sign at that moment, the newest first. Raises `DataLoss` where the bytes belong
    to another webhook."""
    sealed = [webhook.sealed_secret]
    if webhook.has_two_secrets(at) and webhook.sealed_previous_secret is not None:
        sealed.append(webhook.sealed_previous_secret)
    bound = _context(webhook.organization_id, webhook.pk)
    return [unseal(_key(), bytes(one), context=bound).decode() for one in sealed]


def _key() -> bytes:
    return installation_keyring().derive("webhooks")


def _context(organization_id: UUID, webhook_id: UUID) -> bytes:
    return context("webhook secret", organization_id, webhook_id)
