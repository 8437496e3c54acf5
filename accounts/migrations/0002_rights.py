"""People and sessions belong to no tenant: a person may be in many, a session starts before any."""

from django.db import migrations

from access.row_security import READ_WRITE, grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_users"), ("sessions", "0001_initial")]

    operations = [
        migrations.RunSQL(
            grants("accounts_user", app="SELECT, INSERT, UPDATE", system="SELECT"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(grants("django_session", app=READ_WRITE), migrations.RunSQL.noop),
    ]
