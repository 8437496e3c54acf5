"""Organizations may be suspended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_row_security")]

    operations = [
        migrations.AddField("organization", "suspended_at", models.DateTimeField(null=True)),
    ]
