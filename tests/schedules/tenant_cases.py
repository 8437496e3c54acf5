"""Work for people and organizations: letters, deliveries, notices, sign-on, keys, upkeep."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.core import mail

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Chain, Delivery, DeliveryStatus, Event, Stream
from billing.models import UsageReporter
from indexes.metrics.models import Activity
from indexes.metrics.retention import KEPT
from kit import clock
from kit.ids import new_id
from notices.models import MailWish, Notice
from orgs.access_tokens import issue_access_token
from orgs.audit_streams import create_stream
from orgs.members import create_member
from orgs.models import AccessToken
from orgs.passwords import request_reset
from orgs.secrets import installation_keyring
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from projects.api_keys import create_api_key
from projects.models import EncryptionKey, KeyDestruction
from sso.connections import create_connection, set_provider
from sso.metadata_upkeep import set_metadata_url
from sso.models import IdpCertificate, SamlConnection, SeenMessage
from storage.activity import Span
from tests.audit.encryption_key_cases import attached
from tests.indexes.metrics.test_retention import activity
from tests.schedules.scene import Case, Planted, Scene
from tests.sso.test_connections import PROVIDER
from tests.sso.test_upkeep import described
from tests.support.world import PASSWORD
from tests.webhooks.hooks import hook, outbox
from webhooks.models import Delivery as Told

LONG_AGO = timedelta(days=500)


def letters_to(address: str) -> int:
    return sum(one.recipients() == [address] for one in mail.outbox)


def a_letter_is_sent(scene: Scene) -> Planted:
    address = f"{scene.name('person')}@example.com"
    create_member(
        OPERATOR, scene.world.organization, email=address, name="A Person",
        password=PASSWORD, role=Role.ORG_MEMBER,
    )  # fmt: skip
    request_reset(address)
    return Planted(lambda: letters_to(address), 1)


def a_stream_is_delivered(scene: Scene) -> Planted:
    """The whole chain from its start, each event in one batch that was taken."""
    receiver, organization = scene.receiver(), scene.world.organization
    stream = create_stream(
        OPERATOR, organization, name=scene.name("siem"), kind="http", config={"url": receiver.url}
    ).stream
    for _ in range(3):
        create_api_key(
            OPERATOR, scene.world.project, name=scene.name("key"), roles=[Role.PROJECT_EDITOR]
        )

    def state() -> object:
        """How far the chain is of what came; what of the ledger is open, twice or left out."""
        last = Chain.objects.using("system").get(organization_id=organization.pk).sequence
        row = Stream.objects.using("system").get(pk=stream.pk)
        ledger = Delivery.objects.using("system").filter(stream=stream).order_by("first_sequence")
        pending = ledger.exclude(status=DeliveryStatus.DELIVERED).count()
        covered = [
            place for one in ledger for place in range(one.first_sequence, one.last_sequence + 1)
        ]
        came = set(receiver.sequences())
        whole = list(range(row.starts_after + 1, last + 1))
        return last - row.cursor, pending, covered == whole, came == set(whole)

    return Planted(state, (0, 0, True, True))


def a_webhook_is_told(scene: Scene) -> Planted:
    """Of two acts, each under one id; what it was told long ago is forgotten."""
    receiver, project = scene.receiver(), scene.project()
    webhook = hook(project, receiver.url).webhook
    for _ in range(3):
        create_api_key(OPERATOR, project, name=scene.name("key"), roles=[Role.PROJECT_EDITOR])
    old = outbox(webhook)[0]
    rows = Told.objects.using("system").filter(pk=old.pk)
    rows.update(created_at=clock.now() - LONG_AGO, status="delivered")

    def state() -> object:
        told = [(one.status, one.attempts > 0) for one in outbox(webhook)]
        return told, len({one.headers["webhook-id"] for one in receiver.requests})

    return Planted(state, ([("delivered", True)] * 2, 2))


def a_notice_stands(scene: Scene) -> Planted:
    project, user = scene.project(), scene.world.people["alice"]
    with tenant(scene.world.organization.pk):
        MailWish.objects.get_or_create(organization=scene.world.organization, user=user)
    soon = clock.now() + timedelta(days=6)
    key, _ = create_api_key(
        OPERATOR, project, name=scene.name("key"), roles=[Role.PROJECT_EDITOR], expires_at=soon
    )

    def state() -> object:
        standing = Notice.objects.using("system").filter(subject_id=str(key.pk))
        told = sum(f" {key.name} " in f"{one.subject} {one.body}" for one in mail.outbox)
        return standing.count(), told

    return Planted(state, (1, 1))


def heads_are_signed(scene: Scene) -> Planted:
    scene.project()

    def state() -> object:
        chain = Chain.objects.using("system").get(organization_id=scene.world.organization.pk)
        return chain.sequence - chain.signed_sequence

    return Planted(state, 0)


def metadata_is_read(scene: Scene) -> Planted:
    path = f"/{scene.name('metadata')}"
    scene.metadata.answers[path] = (200, described("idp", "next"))
    connection = create_connection(OPERATOR, scene.world.organization, name=scene.name("Okta"))
    set_metadata_url(OPERATOR, connection, url=scene.metadata.base + path)

    def state() -> object:
        row = SamlConnection.objects.using("system").get(pk=connection.pk)
        read = Event.objects.using("system").filter(
            action="sso.metadata_read", target_id=str(connection.pk)
        )
        found = IdpCertificate.objects.using("system").filter(connection=connection).count()
        return row.metadata_error, read.count(), found

    return Planted(state, ("", 1, 2))


def sign_on_is_kept_up(scene: Scene) -> Planted:
    """Owners hear of a certificate that ends; what was seen long ago is forgotten."""
    organization = scene.world.organization
    connection = create_connection(OPERATOR, organization, name=scene.name("Okta"))
    set_provider(OPERATOR, connection, provider=PROVIDER)
    with tenant(organization.pk):
        certificates = IdpCertificate.objects.filter(connection=connection)
        certificates.update(not_after=clock.now() + timedelta(days=20))
        seen = SeenMessage.objects.create(
            organization=organization, connection=connection, digest=new_id().hex,
            remember_until=clock.now() - LONG_AGO,
        )  # fmt: skip

    def state() -> object:
        told = sum(f"connection {connection.name} ends" in str(one.body) for one in mail.outbox)
        return told, SeenMessage.objects.using("system").filter(pk=seen.pk).exists()

    return Planted(state, (1, False))


def an_encryption_key_is_checked(scene: Scene) -> Planted:
    key = attached(scene.world, project=scene.project())
    rows = EncryptionKey.objects.using("system").filter(pk=key.pk)
    rows.update(checked_at=None, succeeded_at=None, failure="not asked yet")

    def state() -> object:
        row = rows.get()
        return row.failure, row.checked_at is not None, row.checked_at == row.succeeded_at

    return Planted(state, ("", True, True))


def keys_of_a_deleted_project_are_destroyed(scene: Scene) -> Planted:
    """As where its deletion was committed by a process that died."""
    project_id, organization = new_id(), scene.world.organization
    installation_keyring().create_key(project_id)
    with tenant(organization.pk):
        KeyDestruction.objects.create(project_id=project_id, organization_id=organization.pk)

    def state() -> object:
        wishes = KeyDestruction.objects.using("system").filter(project_id=project_id)
        return wishes.exists(), installation_keyring().has_key(project_id)

    return Planted(state, (False, False))


def what_is_over_is_forgotten(scene: Scene) -> Planted:
    """Tokens, sessions, metrics and reporters, each with one beside it that stays."""
    organization, index = scene.world.organization, scene.index()
    account, plain = create_service_account(OPERATOR, organization, name=scene.name("robot"))
    for _ in range(2):
        issue_access_token(account.client_id, plain.value)
    tokens = AccessToken.objects.using("system").filter(service_account=account)
    with tenant(organization.pk):
        first = AccessToken.objects.filter(service_account=account).order_by("pk")[0]
        AccessToken.objects.filter(pk=first.pk).update(expires_at=clock.now() - LONG_AGO)
    sessions = [
        Session.objects.create(session_key=new_id().hex, session_data="", expire_date=moment).pk
        for moment in (clock.now() - LONG_AGO, clock.now() + LONG_AGO)
    ]
    for moment in (clock.now() - LONG_AGO, clock.now()):
        UsageReporter.objects.using("system").create(id=new_id(), last_report=1, reported_at=moment)
    for age in (KEPT[Span.DAY] + timedelta(days=1), timedelta(days=1)):
        activity(index, Span.DAY, age)

    def state() -> object:
        return (
            tokens.count(),
            Session.objects.filter(pk__in=sessions).count(),
            UsageReporter.objects.using("system").filter(reported_at__lt=clock.now() - LONG_AGO / 2)
            .exists(),
            Activity.objects.using("system").filter(index_id=index.pk).count(),
        )  # fmt: skip

    return Planted(state, (1, 1, False, 1))


TENANT_CASES = (
    Case(frozenset({"accounts.send_letter", "accounts.send_letters"}), a_letter_is_sent),
    Case(frozenset({"audit.deliver", "audit.sweep_streams"}), a_stream_is_delivered),
    Case(
        frozenset({"webhooks.deliver", "webhooks.sweep", "webhooks.forget_old_deliveries"}),
        a_webhook_is_told,
    ),
    Case(frozenset({"notices.settle"}), a_notice_stands),
    Case(frozenset({"audit.sign_heads"}), heads_are_signed),
    Case(frozenset({"sso.read_metadata", "sso.sweep"}), metadata_is_read),
    Case(frozenset({"sso.keep_up"}), sign_on_is_kept_up),
    Case(frozenset({"projects.check_encryption_keys"}), an_encryption_key_is_checked),
    Case(frozenset({"indexes.sweep"}), keys_of_a_deleted_project_are_destroyed),
    Case(
        frozenset({"orgs.forget_expired_tokens", "accounts.sweep_sessions", "metrics.forget_old",
                   "billing.keep_up"}),
        what_is_over_is_forgotten,
    ),
)  # fmt: skip
