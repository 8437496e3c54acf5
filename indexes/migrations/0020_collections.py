"""Collections are backups under a name of their project's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indexes", "0019_backup_verifications")]

    operations = [
        migrations.AddField(
            "backup",
            "collection_name",
            models.CharField(blank=True, default="", max_length=45),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "backup",
            models.UniqueConstraint(
                condition=models.Q(("collection_name", ""), _negated=True),
                fields=("project", "collection_name"),
                name="indexes_backup_collection_once",
            ),
        ),
    ]
