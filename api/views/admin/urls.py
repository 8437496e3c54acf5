"""Routes of the Admin API."""

from django.urls import path

from api.views.admin.api_keys import ApiKeysView, ApiKeyView
from api.views.admin.audit_streams import (
    AuditStreamsView,
    AuditStreamView,
    BatchesView,
    RewindView,
    TestAuditStreamView,
)
from api.views.admin.encryption_keys import (
    CheckEncryptionKeyView,
    DisableEncryptionKeyView,
    EnableEncryptionKeyView,
    EncryptionKeyImpactView,
    EncryptionKeyView,
)
from api.views.admin.evidence import EvidenceView
from api.views.admin.invites import InvitesView, InviteView, ResendInviteView
from api.views.admin.jobs import CancelJobView, JobsView, JobView
from api.views.admin.networks import OrganizationNetworksView, ProjectNetworksView
from api.views.admin.organizations import OrganizationsView, OrganizationView
from api.views.admin.projects import ProjectsView, ProjectView
from api.views.admin.retention import RetentionView
from api.views.admin.role_bindings import RoleBindingsView, RoleBindingView
from api.views.admin.service_accounts import (
    RotateSecretView,
    ServiceAccountsView,
    ServiceAccountView,
)
from api.views.admin.support import SupportAccessView
from api.views.admin.users import UsersView, UserView
from api.views.admin.webhooks import (
    DeliveriesView,
    RedeliverView,
    RotateWebhookSecretView,
    TestWebhookView,
    WebhooksView,
    WebhookView,
)

_ENCRYPTION_KEY = "projects/<str:project_id>/encryption-key"
_ROUTES = {
    "organizations": OrganizationsView,
    "organizations/<str:organization_id>": OrganizationView,
    "organizations/<str:organization_id>/networks": OrganizationNetworksView,
    "organizations/<str:organization_id>/retention": RetentionView,
    "organizations/<str:organization_id>/evidence": EvidenceView,
    "organizations/<str:organization_id>/support-access": SupportAccessView,
    "projects": ProjectsView,
    "projects/<str:project_id>": ProjectView,
    "projects/<str:project_id>/networks": ProjectNetworksView,
    "projects/<str:project_id>/api-keys": ApiKeysView,
    "projects/<str:project_id>/jobs": JobsView,
    "projects/<str:project_id>/jobs/<str:job_id>": JobView,
    "projects/<str:project_id>/jobs/<str:job_id>/cancel": CancelJobView,
    f"{_ENCRYPTION_KEY}": EncryptionKeyView,
    f"{_ENCRYPTION_KEY}/disable": DisableEncryptionKeyView,
    f"{_ENCRYPTION_KEY}/enable": EnableEncryptionKeyView,
    f"{_ENCRYPTION_KEY}/check": CheckEncryptionKeyView,
    f"{_ENCRYPTION_KEY}/impact": EncryptionKeyImpactView,
    "api-keys/<str:api_key_id>": ApiKeyView,
    "users": UsersView,
    "users/<str:user_id>": UserView,
    "invites": InvitesView,
    "invites/<str:invite_id>": InviteView,
    "invites/<str:invite_id>/resend": ResendInviteView,
    "service-accounts": ServiceAccountsView,
    "service-accounts/<str:service_account_id>": ServiceAccountView,
    "service-accounts/<str:service_account_id>/rotate-secret": RotateSecretView,
    "audit-streams": AuditStreamsView,
    "audit-streams/<str:stream_id>": AuditStreamView,
    "audit-streams/<str:stream_id>/test": TestAuditStreamView,
    "audit-streams/<str:stream_id>/rewind": RewindView,
    "audit-streams/<str:stream_id>/deliveries": BatchesView,
    "webhooks": WebhooksView,
    "webhooks/<str:webhook_id>": WebhookView,
    "webhooks/<str:webhook_id>/rotate-secret": RotateWebhookSecretView,
    "webhooks/<str:webhook_id>/test": TestWebhookView,
    "webhooks/<str:webhook_id>/deliveries": DeliveriesView,
    "webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver": RedeliverView,
    "role-bindings": RoleBindingsView,
    "role-bindings/<str:role_binding_id>": RoleBindingView,
}
urlpatterns = [path(f"admin/{route}", view.as_view()) for route, view in _ROUTES.items()]
