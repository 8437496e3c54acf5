"""Addresses of webhooks are sealed; those there are get sealed by the sweep."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_webhooks")]

    operations = [
        migrations.AddField(
            model_name="webhook", name="sealed_url", field=models.BinaryField(null=True)
        ),
        migrations.AlterField(
            model_name="webhook",
            name="url",
            field=models.CharField(blank=True, default="", max_length=2000),
        ),
    ]
