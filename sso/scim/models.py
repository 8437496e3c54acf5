"""The directory that an identity provider keeps here, and the tokens that it comes with.

A record of the directory is not a member: `sso.scim.settlement` makes members of records.
"""

from __future__ import annotations

from uuid import UUID

from django.db import models

from accounts.models import User
from audit.record import Target
from kit import clock
from kit.ids import new_id
from orgs.models import Organization


class ScimToken(models.Model):
    """What an identity provider calls with; of the token only a keyed digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    public_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    pepper_id = models.SmallIntegerField()
    last4 = models.CharField(max_length=4)
    created_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    @property
    def shown(self) -> str:
        """How lists show the token: enough to tell it from others, nothing to open with."""
        return f"spscim_{self.public_id}_…{self.last4}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("scim_token", str(self.id), self.name, owner.id, owner.name)


class DirectoryUser(models.Model):
    """A person as the provider describes them.

    `user_key` is the userName as it is compared; `document` holds the attributes of
    `sso.scim.resources.User` in SCIM's own form. `user` is the account that the record stands for,
    from the first time it makes a member until the userName changes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="directory_users")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    user_key = models.CharField(max_length=254)
    external_id = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField()
    document = models.JSONField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    # Whether the verb at hand took an account from a former holder of its address; not a column.
    is_handed_over = False

    class Meta:
        indexes = [
            models.Index(fields=["organization", "external_id"], name="scim_user_external"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["organization", "user_key"], name="scim_user_once"),
            models.UniqueConstraint(fields=["organization", "user"], name="scim_account_once"),
        ]

    def __str__(self) -> str:
        return self.user_key

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("directory_user", str(self.id), self.user_key, owner.id, owner.name)


class FormerPerson(models.Model):
    """Whom an account stood for here until their record went, or was given another userName.

    An address may get a new holder, and the account with that address is not theirs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    record_id = models.UUIDField()
    external_id = models.CharField(max_length=255, blank=True)
    ended_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="scim_former_once"),
        ]

    def __str__(self) -> str:
        return str(self.record_id)

    def is_same(self, row: DirectoryUser) -> bool:
        """Whether the record describes the same person again."""
        has_name = bool(self.external_id) and self.external_id == row.external_id
        return has_name or self.record_id == row.pk


class DirectoryGroup(models.Model):
    """A group of the provider; `roles` are what its members hold here beyond what its name says."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="directory_groups")
    display_name = models.CharField(max_length=255)
    display_key = models.CharField(max_length=255)
    external_id = models.CharField(max_length=255, blank=True)
    roles = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "display_key"], name="scim_group_once")
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def tenant_id(self) -> UUID:
        return self.organization_id

    def audit_target(self) -> Target:
        owner = self.organization
        return Target("directory_group", str(self.id), self.display_name, owner.id, owner.name)


class GroupMember(models.Model):
    """A record of a person in a group; groups hold no groups."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    group = models.ForeignKey(DirectoryGroup, models.CASCADE, related_name="members")
    person = models.ForeignKey(DirectoryUser, models.CASCADE, related_name="groups")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "person"], name="scim_group_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.group_id}"
