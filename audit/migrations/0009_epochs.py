"""A chain that goes on from a copy of the database counts that as an epoch of its own."""

from django.db import migrations, models

from access.row_security import grants


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_streams_end_with_their_organization")]

    operations = [
        migrations.AddField("chain", "epoch", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.RunSQL(grants("audit_chain", system="UPDATE (epoch)"), migrations.RunSQL.noop),
    ]
