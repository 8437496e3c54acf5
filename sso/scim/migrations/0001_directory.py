"""The directory kept by identity providers, and their tokens."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0008_email_domains"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectoryGroup",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("display_name", models.CharField(max_length=255)),
                ("display_key", models.CharField(max_length=255)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("roles", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=kit.clock.now)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="directory_groups",
                        to="orgs.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DirectoryUser",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_key", models.CharField(max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("is_active", models.BooleanField()),
                ("document", models.JSONField()),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=kit.clock.now)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="directory_users",
                        to="orgs.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="scim.directorygroup",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="scim.directoryuser",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScimToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("public_id", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField()),
                ("pepper_id", models.SmallIntegerField()),
                ("last4", models.CharField(max_length=4)),
                ("created_by", models.CharField(max_length=254)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("expires_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="directorygroup",
            constraint=models.UniqueConstraint(
                fields=("organization", "display_key"), name="scim_group_once"
            ),
        ),
        migrations.AddIndex(
            model_name="directoryuser",
            index=models.Index(fields=["organization", "external_id"], name="scim_user_external"),
        ),
        migrations.AddConstraint(
            model_name="directoryuser",
            constraint=models.UniqueConstraint(
                fields=("organization", "user_key"), name="scim_user_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="directoryuser",
            constraint=models.UniqueConstraint(
                fields=("organization", "user"), name="scim_account_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.UniqueConstraint(
                fields=("group", "person"), name="scim_group_member_once"
            ),
        ),
        migrations.RunSQL(
            tenant_policies("scim_scimtoken")
            + tenant_policies("scim_directoryuser", system="")
            + tenant_policies("scim_directorygroup", system="")
            + tenant_policies("scim_groupmember", system=""),
            migrations.RunSQL.noop,
        ),
    ]
