"""An organization is deleted without projects, so without deployments: nothing has to cascade."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indexes", "0007_pods_for_nodes")]

    operations = [
        migrations.AlterField(
            "deployment",
            "organization",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orgs.organization",
            ),
        ),
    ]
