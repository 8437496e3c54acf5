"""A deleted organization takes its streams and their secrets along, whoever deletes it."""

from django.db import migrations

_CASCADE = """
    ALTER TABLE audit_stream ADD CONSTRAINT audit_stream_of_organization
        FOREIGN KEY (organization_id) REFERENCES orgs_organization (id) ON DELETE CASCADE;
    ALTER TABLE audit_delivery ADD CONSTRAINT audit_delivery_of_stream
        FOREIGN KEY (stream_id) REFERENCES audit_stream (id) ON DELETE CASCADE;
"""
_BACK = """
    ALTER TABLE audit_delivery DROP CONSTRAINT audit_delivery_of_stream;
    ALTER TABLE audit_stream DROP CONSTRAINT audit_stream_of_organization;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_events_of_people"), ("orgs", "0001_organizations")]

    operations = [migrations.RunSQL(_CASCADE, _BACK)]
