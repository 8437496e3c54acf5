"""Letters wait in a table until the mail server has taken them."""

from django.db import migrations, models

import kit.clock
import kit.ids
from access.row_security import READ_WRITE, grants


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_operators")]

    operations = [
        migrations.CreateModel(
            name="PendingLetter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("letter", models.CharField(max_length=32)),
                ("to", models.CharField(max_length=254)),
                ("facts", models.JSONField(default=dict)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=kit.clock.now, editable=False)),
                ("next_attempt_at", models.DateTimeField(db_index=True, default=kit.clock.now)),
            ],
        ),
        migrations.RunSQL(
            grants("accounts_pendingletter", app="INSERT", system=READ_WRITE),
            migrations.RunSQL.noop,
        ),
    ]
