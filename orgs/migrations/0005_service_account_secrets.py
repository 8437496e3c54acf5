"""Service accounts hold several secrets, and get access tokens for them."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import tenant_policies


def _belongs_to(related_name: str, to: str) -> Any:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to=to
    )


class Migration(migrations.Migration):
    dependencies = [("orgs", "0004_invitations")]

    operations = [
        migrations.AddField("serviceaccount", "last_used_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "serviceaccountsecret", "service_account", _belongs_to("secrets", "orgs.serviceaccount")
        ),
        migrations.AddField(
            "serviceaccountsecret", "last4", models.CharField(default="", max_length=4)
        ),
        migrations.AddField("serviceaccountsecret", "expires_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "serviceaccountsecret", "last_used_at", models.DateTimeField(null=True)
        ),
        migrations.CreateModel(
            "AccessToken",
            [
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("public_id", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField()),
                ("pepper_id", models.SmallIntegerField()),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("organization", _belongs_to("+", "orgs.organization")),
                ("secret", _belongs_to("tokens", "orgs.serviceaccountsecret")),
                ("service_account", _belongs_to("tokens", "orgs.serviceaccount")),
            ],
        ),
        migrations.RunSQL(
            tenant_policies("orgs_accesstoken", system="SELECT, DELETE"), migrations.RunSQL.noop
        ),
    ]
