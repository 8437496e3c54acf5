"""Invitations, and the roles that wait in them."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    dependencies = [("orgs", "0003_suspension")]

    operations = [
        migrations.AlterField(
            "rolebinding",
            "principal_type",
            models.CharField(
                choices=[
                    ("user", "User"),
                    ("service_account", "Service Account"),
                    ("invite", "Invite"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            "Invitation",
            [
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.CharField(max_length=254)),
                ("public_id", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField()),
                ("pepper_id", models.SmallIntegerField()),
                ("invited_by", models.CharField(max_length=254)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("processed_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("processed_at", None)),
                        fields=("organization", "email"),
                        name="orgs_invitation_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "InvitationMail",
            [
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sent_at", models.DateTimeField()),
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
        migrations.RunSQL(tenant_policies("orgs_invitation"), migrations.RunSQL.noop),
        migrations.RunSQL(
            tenant_policies("orgs_invitationmail", system=""), migrations.RunSQL.noop
        ),
    ]
