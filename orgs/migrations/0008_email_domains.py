"""Mail domains of organizations, and where their people's roles are decided."""

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_founders"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="user_management",
            field=models.CharField(
                choices=[("console", "Console"), ("saml", "Saml"), ("scim", "Scim")],
                default="console",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="EmailDomain",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("domain", models.CharField(max_length=253)),
                ("token", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("verified_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("missing_since", models.DateTimeField(null=True)),
                ("sso_required_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="email_domains",
                        to="orgs.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "domain"), name="orgs_email_domain_claimed_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("verified_at__isnull", False)),
                        fields=("domain",),
                        name="orgs_email_domain_verified_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sso_required_at", None),
                            ("verified_at__isnull", False),
                            _connector="OR",
                        ),
                        name="orgs_email_domain_requires_when_verified",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            tenant_policies("orgs_emaildomain"),
            migrations.RunSQL.noop,
        ),
    ]
