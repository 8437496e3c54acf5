"""The end of a key is wished for by its own tenant only."""

from django.db import migrations, models

from access.row_security import tenant_policies

# Wishes that wait were written by deletions of projects that are gone, and with them their owner:
# the nil organization is nobody's, and the system role still finds the row.
_NOBODY = "00000000-0000-0000-0000-000000000000"


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_row_security")]

    operations = [
        migrations.AddField(
            model_name="keydestruction",
            name="organization_id",
            field=models.UUIDField(default=_NOBODY),
            preserve_default=False,
        ),
        migrations.RunSQL(
            tenant_policies(
                "projects_keydestruction", app="SELECT, INSERT", system="SELECT, DELETE"
            ),
            migrations.RunSQL.noop,
        ),
    ]
