"""People of the control plane start and cancel imports, too."""

from django.db import migrations

from access.row_security import grants


class Migration(migrations.Migration):
    dependencies = [("indexes", "0013_shards")]

    operations = [
        migrations.RunSQL(
            grants("indexes_import", app="SELECT, INSERT, UPDATE"), migrations.RunSQL.noop
        ),
    ]
