"""Secrets and addresses of webhooks: sealed under a key of the keyring, bound to organization and
webhook."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from keyring.envelope import context
from keyring.roots import RootSeal, SealedValue
from orgs.root_key import sealed_column
from orgs.secrets import installation_keyring
from webhooks.models import Webhook


def sealed_secret(secret: str, *, organization_id: UUID, webhook_id: UUID) -> bytes:
    return _seal().seal(secret.encode(), context=_context(organization_id, webhook_id))


def opened_secrets(webhook: Webhook, *, at: datetime) -> list[str]:
    """Those that sign at that moment, the newest first. Raises `DataLoss` where the bytes belong
    to another webhook."""
    sealed = [webhook.sealed_secret]
    if webhook.has_two_secrets(at) and webhook.sealed_previous_secret is not None:
        sealed.append(webhook.sealed_previous_secret)
    bound = _context(webhook.organization_id, webhook.pk)
    return [_seal().unseal(bytes(one), context=bound).decode() for one in sealed]


def sealed_url(url: str, *, organization_id: UUID, webhook_id: UUID) -> bytes:
    return _seal().seal(url.encode(), context=_url_context(organization_id, webhook_id))


def url_of(webhook: Webhook) -> str:
    """Where it is told. Raises `DataLoss` where the bytes belong to another webhook."""
    if webhook.sealed_url is None:
        return webhook.url
    bound = _url_context(webhook.organization_id, webhook.pk)
    return _seal().unseal(bytes(webhook.sealed_url), context=bound).decode()


def seal_addresses() -> int:
    """Seal those that lie in clear, from before they were sealed; how many. Crosses tenants."""
    rows, done = Webhook.objects.using("system"), 0
    for webhook in rows.exclude(url=""):
        sealed = sealed_url(
            webhook.url, organization_id=webhook.organization_id, webhook_id=webhook.pk
        )
        unchanged = rows.filter(pk=webhook.pk, url=webhook.url)
        done += unchanged.update(sealed_url=sealed, url="")
    return done


def sealed_values() -> Iterator[SealedValue]:
    """All there are, those before too. Crosses tenants."""
    rows = Webhook.objects.using("system")
    for column in ("sealed_secret", "sealed_previous_secret"):
        yield from sealed_column(
            "webhook", _seal(), rows=rows.exclude(**{column: None}), column=column,
            context=lambda webhook: _context(webhook.organization_id, webhook.pk),
        )  # fmt: skip
    yield from sealed_column(
        "webhook", _seal(), rows=rows.exclude(sealed_url=None), column="sealed_url",
        context=lambda webhook: _url_context(webhook.organization_id, webhook.pk),
    )  # fmt: skip


def _seal() -> RootSeal:
    return installation_keyring().root_seal("webhooks")


def _context(organization_id: UUID, webhook_id: UUID) -> bytes:
    return context("webhook secret", organization_id, webhook_id)


def _url_context(organization_id: UUID, webhook_id: UUID) -> bytes:
    return context("webhook address", organization_id, webhook_id)
