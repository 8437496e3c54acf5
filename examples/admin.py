"""The Admin API by the official client: a project, its key, and a machine that may only read.

    export PINECONE_CONTROLLER_HOST=http://127.0.0.1:8080
    export PINECONE_CLIENT_ID=… PINECONE_CLIENT_SECRET=…   # of `stonepine bootstrap --json`
    python examples/admin.py                               # needs pinecone 10.2 or newer

It deletes again what it made.
"""

import os

from pinecone import Admin

host = os.environ["PINECONE_CONTROLLER_HOST"].rstrip("/")
admin = Admin(oauth_url=f"{host}/oauth/token")

(organization,) = admin.organizations.list()
print(f"{organization.name}, plan {organization.plan}")

project = admin.projects.create(name="chatbot")
key = admin.api_keys.create(project_id=project.id, name="reader", roles=["ProjectViewer"])
print(f"project {project.name}, key {key.value[:13]}…")

machine = admin.service_accounts.create(
    name="ci",
    role_bindings=[
        {"resource_type": "project", "resource_id": project.id, "role": "ProjectViewer"}
    ],
)
theirs = Admin(
    client_id=machine.service_account.client_id,
    client_secret=machine.client_secret,
    oauth_url=f"{host}/oauth/token",
)
print(f"{machine.service_account.name} sees: {[one.name for one in theirs.projects.list()]}")

admin.service_accounts.delete(service_account_id=machine.service_account.id)
admin.projects.delete(project_id=project.id)
