"""Bodies of the Admin API as types; settings read them, so nothing here needs Django."""

from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from api.schemas.bodies import Strict, Tolerant


class CreateProject(Tolerant):
    name: str
    max_pods: int = 0
    force_encryption_with_cmek: bool = False


class UpdateProject(Tolerant):
    name: str | None = None
    max_pods: int | None = None
    force_encryption_with_cmek: bool | None = None


class UpdateProjectNetworks(Strict):
    """What is left out stays; an empty list lets everybody in. `force` also what would shut the
    caller out."""

    data_plane: list[str] | None = None
    control_plane: list[str] | None = None
    private_endpoint: str | None = None
    force: bool = False


class UpdateOrganizationNetworks(Strict):
    people: list[str] | None = None
    service_accounts: list[str] | None = None
    force: bool = False


class UpdateRetention(Strict):
    """Days. What is left out stays; null is what is usual. `force` also where backups would go."""

    backups: int | UnsetType | None = UNSET
    restore_window: int | UnsetType | None = UNSET
    finished_jobs: int | UnsetType | None = UNSET
    webhook_deliveries: int | UnsetType | None = UNSET
    metrics: int | UnsetType | None = UNSET
    force: bool = False

    @property
    def days(self) -> dict[str, int | None]:
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name != "force"}
        return {name: days for name, days in told.items() if days is not UNSET}


class GrantSupportAccess(Strict):
    """For 1 to 24 hours from now."""

    reason: str
    hours: int = 4


class UpdateOrganization(Tolerant):
    name: str | None = None


class CreateApiKey(Tolerant):
    name: str
    roles: list[str] | None = None


class UpdateApiKey(Tolerant):
    name: str | None = None
    roles: list[str] | None = None


class AttachEncryptionKey(Strict):
    kind: str
    settings: dict[str, str]
    secret: dict[str, str]


class UpdateEncryptionKey(Strict):
    secret: dict[str, str]
    settings: dict[str, str] | None = None


class RoleBindingInput(Strict):
    """Strict in every version: a misspelt resource must not widen what is given."""

    resource_type: str
    role: str
    resource_id: str | None = None


class CreateInvite(Tolerant):
    email: str
    role_bindings: list[RoleBindingInput]


class CreateServiceAccount(Tolerant):
    name: str
    role_bindings: list[RoleBindingInput] | None = None


class UpdateServiceAccount(Tolerant):
    name: str | None = None


class CreateRoleBinding(Strict):
    principal_type: str
    principal_id: UUID
    resource_type: str
    role: str
    resource_id: str | None = None


class CreateAuditStream(Strict):
    """`config` is that of its kind: docs/audit.md. `secret` is that of an S3 account."""

    name: str
    kind: str
    config: dict[str, Any]
    secret: str = ""


class UpdateAuditStream(Strict):
    name: str | None = None
    config: dict[str, Any] | None = None
    secret: str | None = None
    paused: bool | None = None


class RewindAuditStream(Strict):
    from_sequence: int


class CreateWebhook(Strict):
    """Without a `project_id` it is the whole organization's."""

    name: str
    url: str
    events: list[str]
    project_id: str | None = None


class UpdateWebhook(Strict):
    name: str | None = None
    url: str | None = None
    events: list[str] | None = None
    enabled: bool | None = None


class RotateWebhookSecret(Strict):
    """How long the old secret stays valid beside it."""

    overlap_hours: int = 24


BODIES = (
    AttachEncryptionKey,
    CreateApiKey, CreateAuditStream, CreateInvite, CreateProject, CreateRoleBinding,
    CreateServiceAccount, CreateWebhook, GrantSupportAccess, RewindAuditStream,
    RotateWebhookSecret, UpdateApiKey,
    UpdateAuditStream, UpdateEncryptionKey, UpdateOrganization, UpdateOrganizationNetworks,
    UpdateProject, UpdateProjectNetworks, UpdateRetention, UpdateServiceAccount, UpdateWebhook,
)  # fmt: skip
