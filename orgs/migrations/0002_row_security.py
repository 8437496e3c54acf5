"""Every table of an organization shows the application role its own rows only."""

from django.db import migrations

from access.row_security import tenant_policies

_TABLES = (
    "orgs_membership",
    "orgs_rolebinding",
    "orgs_serviceaccount",
    "orgs_serviceaccountsecret",
    "orgs_setuplink",
)


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_organizations")]

    operations = [
        migrations.RunSQL(
            tenant_policies("orgs_organization", column="id", app="SELECT, INSERT, UPDATE"),
            migrations.RunSQL.noop,
        ),
        *[migrations.RunSQL(tenant_policies(table), migrations.RunSQL.noop) for table in _TABLES],
    ]
