"""Connections to identity providers, the keys of both sides, and what has passed through them."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from access.permissions import ORGANIZATION_ROLES, Role
from accounts.models import User
from audit.record import Target
from kit import clock
from kit.ids import new_id
from orgs.models import Organization


class Status(models.TextChoices):
    """Only an active connection lets people in; a tested one may become it."""

    DRAFT = "draft"
    TESTED = "tested"
    ACTIVE = "active"
    DISABLED = "disabled"


class Binding(models.TextChoices):
    """How our requests travel to the identity provider."""

    REDIRECT = "redirect"
    POST = "post"


class SamlConnection(models.Model):
    """One organization's link to one identity provider; its id is in our URLs and our entity id.

    `group_roles` maps a group of the provider to a role in the form of the `roles` attribute.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    preset = models.CharField(max_length=16)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    idp_entity_id = models.CharField(max_length=1024, blank=True)
    sso_url = models.CharField(max_length=2048, blank=True)
    slo_url = models.CharField(max_length=2048, blank=True)
    binding = models.CharField(max_length=8, choices=Binding.choices, default=Binding.REDIRECT)
    metadata_url = models.CharField(max_length=2048, blank=True)
    metadata_read_at = models.DateTimeField(null=True)
    metadata_error = models.CharField(max_length=300, blank=True)
    email_attribute = models.CharField(max_length=256, blank=True)
    name_attribute = models.CharField(max_length=256, blank=True)
    roles_attribute = models.CharField(max_length=256, default="roles")
    groups_attribute = models.CharField(max_length=256, blank=True)
    group_roles = models.JSONField(default=dict)
    default_role = models.CharField(
        max_length=32,
        choices=[(role, role) for role in sorted(ORGANIZATION_ROLES)],
        default=Role.ORG_MEMBER,
    )
    may_join = models.BooleanField(default=True)
    may_start_at_idp = models.BooleanField(default=False)
    must_encrypt = models.BooleanField(default=False)
    signs_requests = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True)
    tested_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(status="active"),
                name="sso_connection_one_active",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def is_active(self) -> bool:
        return self.status == Status.ACTIVE

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("sso_connection", str(self.id), self.name, owner.id, owner.name)


class CertificateState(models.TextChoices):
    """Those of the first two states may sign."""

    ACTIVE = "active"
    NEXT = "next"
    RETIRED = "retired"


class IdpCertificate(models.Model):
    """A key of the identity provider; `noticed_days`: the last notice of its end that was sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="certificates")
    pem = models.TextField()
    fingerprint = models.CharField(max_length=64)
    not_after = models.DateTimeField()
    state = models.CharField(max_length=8, choices=CertificateState.choices)
    noticed_days = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "fingerprint"], name="sso_certificate_once"
            )
        ]

    def __str__(self) -> str:
        return self.fingerprint[:16]


class KeyPairState(models.TextChoices):
    """Both current and next decrypt; the current one signs."""

    CURRENT = "current"
    NEXT = "next"
    RETIRED = "retired"


class SpKeyPair(models.Model):
    """A key of ours for one connection; the private half is sealed under the keyring."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="key_pairs")
    certificate = models.TextField()
    sealed_key = models.BinaryField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=8, choices=KeyPairState.choices)
    noticed_days = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "state"],
                condition=models.Q(state__in=["current", "next"]),
                name="sso_key_pair_one_of_each",
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} key pair of {self.connection_id}"


class Purpose(models.TextChoices):
    SIGN_IN = "sign_in"
    TEST = "test"


class SignOnRequest(models.Model):
    """An AuthnRequest under way; `saml_id` is its ID. The browser that holds it is another's word:
    the session names it as well."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="+")
    saml_id = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    started_by = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.saml_id


class Identity(models.Model):
    """Who somebody is to a connection: the NameID, and nothing else. An address is no identity."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="identities")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    name_id = models.CharField(max_length=1024)
    # Of the NameID, which is longer than an index takes.
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "digest"], name="sso_identity_once")
        ]

    def __str__(self) -> str:
        return self.name_id


class SeenMessage(models.Model):
    """The id of a message that was taken, so that it is not taken again; kept while it could be."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    remember_until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "digest"], name="sso_message_once")
        ]

    def __str__(self) -> str:
        return self.digest[:16]


class Arrival(models.Model):
    """A proven sign-on on its way from the provider's form to a page of ours, where the browser's
    session can be seen: taken once, within two minutes, by whoever holds the token."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    saml_id = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    said = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"arrival at {self.connection_id}"


class SsoSession(models.Model):
    """A session that a sign-on began: what single logout looks for."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    session_index = models.CharField(max_length=1024, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"session of {self.identity_id}"


class TestSignOn(models.Model):
    """What came of a test: what arrived, and the fault it would be refused for, if any."""

    __test__ = False
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    connection = models.ForeignKey(SamlConnection, models.CASCADE, related_name="tests")
    user_id = models.UUIDField()
    fault = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=500, blank=True)
    arrived = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.fault or "passed"
