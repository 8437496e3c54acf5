"""Restore jobs keep what they have copied, so that each turn goes on where the last one ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indexes", "0017_backup_schedules")]

    operations = [
        migrations.AddField("restorejob", "prepared", models.JSONField(default=dict)),
        migrations.AddField("restorejob", "started_at", models.DateTimeField(null=True)),
    ]
