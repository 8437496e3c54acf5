"""The write log's tables, as the storage package describes them; the system role alone has rights."""

from django.db import migrations

from access.row_security import database_roles
from storage import schema


class Migration(migrations.Migration):
    dependencies = [("indexes", "0002_row_security")]

    operations = [
        migrations.RunSQL(schema.sql_text(), schema.drop_text()),
        migrations.RunSQL(schema.grants(database_roles().system), migrations.RunSQL.noop),
    ]
