"""Where the people and the service accounts of an organization have to come from."""

import django.contrib.postgres.fields
from django.db import migrations, models


def _networks() -> models.Field:  # type: ignore[type-arg]
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=49), default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("orgs", "0008_email_domains")]

    operations = [
        migrations.AddField("organization", "people_networks", _networks()),
        migrations.AddField("organization", "service_account_networks", _networks()),
    ]
