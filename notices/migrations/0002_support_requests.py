"""Support that asks to look stands under the bell."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0001_notices"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("backup_failed", "backup_failed"),
                    ("certificate_expiring", "certificate_expiring"),
                    ("key_expiring", "key_expiring"),
                    ("quota_near", "quota_near"),
                    ("support_requested", "support_requested"),
                    ("webhook_disabled", "webhook_disabled"),
                ],
                max_length=24,
            ),
        ),
    ]
