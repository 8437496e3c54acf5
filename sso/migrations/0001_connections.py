"""Connections to identity providers, and what passes through them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import access.permissions
import kit.clock
import kit.ids
from access.row_security import tenant_policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0008_email_domains"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SamlConnection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("preset", models.CharField(max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("tested", "Tested"),
                            ("active", "Active"),
                            ("disabled", "Disabled"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("idp_entity_id", models.CharField(blank=True, max_length=1024)),
                ("sso_url", models.CharField(blank=True, max_length=2048)),
                ("slo_url", models.CharField(blank=True, max_length=2048)),
                (
                    "binding",
                    models.CharField(
                        choices=[("redirect", "Redirect"), ("post", "Post")],
                        default="redirect",
                        max_length=8,
                    ),
                ),
                ("metadata_url", models.CharField(blank=True, max_length=2048)),
                ("metadata_read_at", models.DateTimeField(null=True)),
                ("metadata_error", models.CharField(blank=True, max_length=300)),
                ("email_attribute", models.CharField(blank=True, max_length=256)),
                ("name_attribute", models.CharField(blank=True, max_length=256)),
                ("roles_attribute", models.CharField(default="roles", max_length=256)),
                ("groups_attribute", models.CharField(blank=True, max_length=256)),
                ("group_roles", models.JSONField(default=dict)),
                (
                    "default_role",
                    models.CharField(
                        choices=[
                            (
                                access.permissions.Role["ORG_BILLING_ADMIN"],
                                access.permissions.Role["ORG_BILLING_ADMIN"],
                            ),
                            (
                                access.permissions.Role["ORG_MANAGER"],
                                access.permissions.Role["ORG_MANAGER"],
                            ),
                            (
                                access.permissions.Role["ORG_MEMBER"],
                                access.permissions.Role["ORG_MEMBER"],
                            ),
                            (
                                access.permissions.Role["ORG_OWNER"],
                                access.permissions.Role["ORG_OWNER"],
                            ),
                        ],
                        default=access.permissions.Role["ORG_MEMBER"],
                        max_length=32,
                    ),
                ),
                ("may_join", models.BooleanField(default=True)),
                ("may_start_at_idp", models.BooleanField(default=False)),
                ("must_encrypt", models.BooleanField(default=False)),
                ("signs_requests", models.BooleanField(default=True)),
                ("tested_at", models.DateTimeField(null=True)),
                ("tested_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
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
            name="IdpCertificate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("pem", models.TextField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("not_after", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("next", "Next"), ("retired", "Retired")],
                        max_length=8,
                    ),
                ),
                ("noticed_days", models.PositiveSmallIntegerField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="sso.samlconnection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name_id", models.CharField(max_length=1024)),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("last_seen_at", models.DateTimeField(default=kit.clock.now)),
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
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to="sso.samlconnection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("saml_id", models.CharField(blank=True, max_length=64)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("sign_in", "Sign In"), ("test", "Test")], max_length=8
                    ),
                ),
                ("said", models.JSONField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.organization",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sso.samlconnection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeenMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("remember_until", models.DateTimeField(db_index=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sso.samlconnection",
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
            ],
        ),
        migrations.CreateModel(
            name="SignOnRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("saml_id", models.CharField(max_length=64, unique=True)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("sign_in", "Sign In"), ("test", "Test")], max_length=8
                    ),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sso.samlconnection",
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
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SpKeyPair",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("certificate", models.TextField()),
                ("sealed_key", models.BinaryField()),
                ("not_after", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("current", "Current"), ("next", "Next"), ("retired", "Retired")],
                        max_length=8,
                    ),
                ),
                ("noticed_days", models.PositiveSmallIntegerField(null=True)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="key_pairs",
                        to="sso.samlconnection",
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
            ],
        ),
        migrations.CreateModel(
            name="SsoSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("session_index", models.CharField(blank=True, max_length=1024)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "identity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="sso.identity",
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
            ],
        ),
        migrations.CreateModel(
            name="TestSignOn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("fault", models.CharField(blank=True, max_length=40)),
                ("message", models.CharField(blank=True, max_length=500)),
                ("arrived", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tests",
                        to="sso.samlconnection",
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
            ],
        ),
        migrations.AddConstraint(
            model_name="samlconnection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active")),
                fields=("organization",),
                name="sso_connection_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="idpcertificate",
            constraint=models.UniqueConstraint(
                fields=("connection", "fingerprint"), name="sso_certificate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(
                fields=("connection", "digest"), name="sso_identity_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="seenmessage",
            constraint=models.UniqueConstraint(
                fields=("connection", "digest"), name="sso_message_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="spkeypair",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["current", "next"])),
                fields=("connection", "state"),
                name="sso_key_pair_one_of_each",
            ),
        ),
        migrations.RunSQL(
            tenant_policies("sso_samlconnection")
            + tenant_policies("sso_idpcertificate")
            + tenant_policies("sso_spkeypair")
            + tenant_policies("sso_signonrequest", system="SELECT, DELETE")
            + tenant_policies("sso_identity")
            + tenant_policies("sso_seenmessage", system="SELECT, DELETE")
            + tenant_policies("sso_arrival", system="SELECT, DELETE")
            + tenant_policies("sso_ssosession", system="SELECT, DELETE")
            + tenant_policies("sso_testsignon", system=""),
            migrations.RunSQL.noop,
        ),
    ]
