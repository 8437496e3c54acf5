"""Finding what was done to the whole installation, its restore drills too, without reading all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0009_epochs")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["-id"],
                condition=models.Q(target_type="installation"),
                name="audit_event_installation",
            ),
        ),
    ]
