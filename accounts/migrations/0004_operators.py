"""Some accounts run the installation."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_allauth_tables")]

    operations = [
        migrations.AddField("user", "is_operator", models.BooleanField(default=False)),
    ]
