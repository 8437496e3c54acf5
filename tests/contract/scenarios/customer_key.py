"""A project that requires a key of the customer's own, through the official clients; what they do
not know of (attaching the key, disabling it) by plain requests."""

import sys
import time

import httpx
from pinecone import Admin, Pinecone
from pinecone.errors import ApiError

name, host, client_id, client_secret, address, token = sys.argv[1:]


def asked(method, path, body=None):
    reply = httpx.request(
        method, f"{host}/admin/projects/{project.id}/encryption-key{path}", json=body, timeout=30,
        headers={"Authorization": f"Bearer {access_token}", "X-Pinecone-Api-Version": "2026-07"},
    )  # fmt: skip
    assert reply.is_success, reply.text
    return reply.json()


def token_of():
    body = {"grant_type": "client_credentials", "client_id": client_id,
            "client_secret": client_secret}  # fmt: skip
    return httpx.post(f"{host}/oauth/token", json=body, timeout=30).json()["access_token"]


def refused(act, **arguments):
    try:
        act(**arguments)
    except ApiError as error:
        return error.status_code
    raise AssertionError("it was allowed")


def until(check):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it took too long")


def is_deleted():
    """The project; its indexes go by and by."""
    try:
        admin.projects.delete(project_id=project.id)
    except ApiError as error:
        assert error.status_code == 412, error
        return False
    return True


def is_closed():
    try:
        index.query(vector=[1.0, 0.0, 0.0, 0.0], top_k=1)
    except ApiError as error:
        return error.status_code == 412
    return False


def found_ids():
    try:
        matches = index.query(vector=[1.0, 0.0, 0.0, 0.0], top_k=10).matches
    except ApiError:
        return None
    return sorted(match.id for match in matches)


access_token = token_of()
admin = Admin(
    client_id=client_id, client_secret=client_secret, host=host, oauth_url=f"{host}/oauth/token"
)
project = admin.projects.create(name=name, force_encryption_with_cmek=True)
assert project.force_encryption_with_cmek
key = admin.api_keys.create(project_id=project.id, name="first")
pc = Pinecone(api_key=key.value, host=host)
wish = {
    "name": name,
    "schema": {"fields": {"_values": {
        "type": "dense_vector", "dimension": 4, "metric": "cosine",
    }}},
    "deployment": {"deployment_type": "managed", "cloud": "aws", "region": "us-east-1"},
}  # fmt: skip
assert refused(pc.indexes.create, **wish) == 412, "no index without a key"

settings = {"address": address, "key": "stonepine"}
attached = asked("POST", "", {"kind": "vault", "settings": settings, "secret": {"token": token}})
assert refused(pc.indexes.create, **wish, cmek_id=project.id) == 400, "no key of this project"
made = pc.indexes.create(**wish, cmek_id=attached["id"])
assert made.cmek_id == attached["id"]
assert [one.cmek_id for one in pc.indexes.list()] == [attached["id"]]
assert (
    refused(admin.projects.update, project_id=project.id, force_encryption_with_cmek=False) == 400
)

index = pc.index(name)
index.upsert(vectors=[("a", [1.0, 0.0, 0.0, 0.0]), ("b", [0.0, 1.0, 0.0, 0.0])])
backup = pc.create_backup(index_name=name, backup_name="locked")
until(lambda: pc.describe_backup(backup_id=backup.backup_id).status == "Ready")

impact = asked("GET", "/impact")
assert (impact["indexes"], impact["index_names"], impact["backups"]) == (1, [name], 1)
asked("POST", "/disable")
until(is_closed)
assert refused(pc.create_backup, index_name=name, backup_name="late") == 412
asked("POST", "/enable")
until(lambda: found_ids() == ["a", "b"])

restored = f"{name}-r"
pc.create_index_from_backup(backup_id=backup.backup_id, name=restored)
until(lambda: pc.describe_index(restored).status.ready)
assert pc.describe_index(restored).cmek_id == attached["id"]
again = pc.index(restored)
assert sorted(again.fetch(ids=["a", "b"]).vectors) == ["a", "b"]

for one in (name, restored):
    pc.delete_index(one)
pc.delete_backup(backup_id=backup.backup_id)
until(is_deleted)
