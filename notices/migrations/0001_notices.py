"""Notices, who put which away, and who wants them by mail."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, tenant_policies

_POLICIES = (
    tenant_policies("notices_notice", app="SELECT, DELETE", system=READ_WRITE)
    + tenant_policies("notices_dismissal", system=READ_WRITE)
    + tenant_policies("notices_mailwish", system=READ_WRITE)
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0008_email_domains"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("project_id", models.UUIDField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("backup_failed", "backup_failed"),
                            ("certificate_expiring", "certificate_expiring"),
                            ("key_expiring", "key_expiring"),
                            ("quota_near", "quota_near"),
                            ("webhook_disabled", "webhook_disabled"),
                        ],
                        max_length=24,
                    ),
                ),
                ("subject_id", models.CharField(max_length=64)),
                ("subject_name", models.CharField(max_length=120)),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("ends_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("resolved_at", models.DateTimeField(null=True)),
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
        migrations.CreateModel(
            name="Dismissal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dismissals",
                        to="notices.notice",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MailWish",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "user"), name="notices_mail_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("organization", "kind", "subject_id"),
                name="notices_notice_stands_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="dismissal",
            constraint=models.UniqueConstraint(
                fields=("notice", "user"), name="notices_dismissal_once"
            ),
        ),
        migrations.RunSQL(_POLICIES, migrations.RunSQL.noop),
    ]
