"""How long organizations keep what they need not keep."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0010_support_access")]

    operations = [
        migrations.AddField("organization", "retention_days", models.JSONField(default=dict)),
        migrations.AddField("organization", "restorable_from", models.DateTimeField(null=True)),
    ]
