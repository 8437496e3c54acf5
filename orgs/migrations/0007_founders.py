"""Who founded an organization."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0006_organization_deletion")]

    operations = [
        migrations.AddField(
            "organization",
            "founder_email",
            models.CharField(max_length=254, null=True, unique=True),
        ),
    ]
