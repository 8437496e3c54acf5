"""The application role may delete an organization: the verb asks for one without projects."""

from django.db import migrations

from access.row_security import grants


class Migration(migrations.Migration):
    dependencies = [("orgs", "0005_service_account_secrets")]

    operations = [
        migrations.RunSQL(grants("orgs_organization", app="DELETE"), migrations.RunSQL.noop)
    ]
