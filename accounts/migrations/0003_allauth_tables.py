"""The tables that allauth brings belong to people, not to tenants; the application role uses them.

Accounts that exist were made by the operator or the first owner's link: their addresses count as
proven.
"""

from django.db import migrations

from access.row_security import READ_WRITE, grants

_TABLES = (
    "account_emailaddress", "account_emailconfirmation", "mfa_authenticator",
    "usersessions_usersession",
)  # fmt: skip
_PROVEN = """
    INSERT INTO account_emailaddress (user_id, email, verified, "primary")
    SELECT id, email, true, true FROM accounts_user
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_rights"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "\n".join(grants(table, app=READ_WRITE) for table in _TABLES), migrations.RunSQL.noop
        ),
        migrations.RunSQL(_PROVEN, migrations.RunSQL.noop),
    ]
