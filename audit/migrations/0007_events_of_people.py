"""Finding what one person did, and what happened to their account, without reading all events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_streams")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["target_id", "-id"],
                condition=models.Q(target_type="user"),
                name="audit_event_account",
            ),
        ),
    ]
