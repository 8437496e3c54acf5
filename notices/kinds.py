"""The kinds of notices: who sees each, what it says, which event webhooks hear of it."""

from dataclasses import dataclass
from enum import StrEnum

from access.permissions import Permission


class Kind(StrEnum):
    BACKUP_FAILED = "backup_failed"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    KEY_EXPIRING = "key_expiring"
    QUOTA_NEAR = "quota_near"
    SUPPORT_REQUESTED = "support_requested"
    WEBHOOK_DISABLED = "webhook_disabled"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`event` is empty where webhooks hear of it anyhow, or not at all."""

    permission: Permission
    title: str
    event: str = ""


MEANINGS: dict[Kind, Meaning] = {
    Kind.BACKUP_FAILED: Meaning(Permission.INDEX_READ, "The backup of {subject} failed"),
    Kind.CERTIFICATE_EXPIRING: Meaning(
        Permission.SSO_WRITE, "A certificate of {subject} ends", "sso.certificate_expiring"
    ),
    Kind.KEY_EXPIRING: Meaning(
        Permission.API_KEY_READ, "The API key {subject} expires", "api_key.expiring"
    ),
    Kind.QUOTA_NEAR: Meaning(Permission.BILLING_READ, "{subject}: nearly used up", "quota.near"),
    Kind.SUPPORT_REQUESTED: Meaning(
        Permission.ORGANIZATION_UPDATE, "Support asks to look at {subject}"
    ),
    Kind.WEBHOOK_DISABLED: Meaning(Permission.WEBHOOK_READ, "The webhook {subject} was turned off"),
}
