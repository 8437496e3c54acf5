"""Backups through the official client: taken while writes go on, listed, restored, deleted."""

import sys
import threading
import time

from pinecone import Pinecone, ServerlessSpec
from pinecone.errors import ApiError

name = sys.argv[1]
pc = Pinecone()
pc.create_index(
    name=name, dimension=4, metric="cosine", spec=ServerlessSpec(cloud="aws", region="us-east-1")
)
index = pc.index(name)
for batch in range(5):
    vectors = [(f"{batch}-{row}", [batch, row, 1.0, 1.0], {"row": row}) for row in range(100)]
    index.upsert(vectors=vectors, namespace=f"n{batch % 2}")


def refused(act):
    try:
        act()
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


is_over = threading.Event()
written = []


def write():
    """One record after the other, in turns into two namespaces."""
    while not is_over.is_set():
        row = len(written)
        index.upsert(vectors=[(f"late-{row}", [1.0, row, 0.0, 0.0])], namespace=f"n{row % 2}")
        written.append(row)


def ready(backup_id):
    found = pc.describe_backup(backup_id=backup_id)
    return found if found.status != "Initializing" else None


writer = threading.Thread(target=write)
writer.start()
until(lambda: len(written) > 10)
made = pc.create_backup(index_name=name, backup_name="nightly", description="before the move")
backup = until(lambda: ready(made.backup_id))
until(lambda: len(written) > 20)
is_over.set()
writer.join()
assert (backup.status, backup.name, backup.description) == ("Ready", "nightly", "before the move")
assert (backup.source_index_name, backup.namespace_count) == (name, 2)
assert 510 < backup.record_count <= 500 + len(written), backup

target = f"{name}-b"
restored = pc.create_index_from_backup(name=target, backup_id=backup.backup_id, timeout=60)
assert restored.status.ready
copy = pc.index(target)
held = copy.describe_index_stats()
assert held.total_vector_count == backup.record_count, (held, backup)
late = [
    number
    for number in written
    if copy.fetch(ids=[f"late-{number}"], namespace=f"n{number % 2}").vectors
]
assert late == list(range(len(late))), "one cut through both namespaces"
assert 10 < len(late) <= len(written)
fetched = copy.fetch(ids=["4-99"], namespace="n0").vectors["4-99"]
assert list(fetched.values) == [4.0, 99.0, 1.0, 1.0]
assert fetched.metadata == {"row": 99}
copy.upsert(vectors=[("new", [1.0, 2.0, 3.0, 4.0])], namespace="n0")
assert copy.fetch(ids=["new"], namespace="n0").vectors

(job,) = [one for one in pc.list_restore_jobs() if one.target_index_name == target]
assert (job.status, job.percent_complete, job.backup_id) == ("Completed", 100, backup.backup_id)
assert pc.describe_restore_job(job_id=job.restore_job_id).target_index_id == job.target_index_id
assert [one.backup_id for one in pc.list_backups(index_name=name)] == [backup.backup_id]
assert backup.backup_id in [one.backup_id for one in pc.list_backups()]
assert refused(lambda: pc.create_backup(index_name="absent")) == 404
assert refused(lambda: pc.describe_backup(backup_id="absent")) == 404
taken = {"name": target, "backup_id": backup.backup_id, "timeout": -1}
assert refused(lambda: pc.create_index_from_backup(**taken)) == 409

pc.create_collection(name=f"{name}-kept", source=name)
until(lambda: pc.describe_collection(f"{name}-kept").status == "Ready")
(kept,) = pc.list_collections()
assert (kept.name, kept.dimension) == (f"{name}-kept", 4)
assert kept.vector_count >= backup.record_count
assert refused(lambda: pc.create_collection(name="other", source="absent")) == 404
pc.delete_collection(f"{name}-kept")
assert refused(lambda: pc.describe_collection(f"{name}-kept")) == 404

schedules = pc.backup_schedules
planned = schedules.create(index_name=name, name="nightly", frequency="daily", retention_days=7)
assert (planned.enabled, planned.retention_expire_after_days) == (True, 7)
assert planned.next_scheduled_run > planned.created_at
second = {"index_name": name, "name": "second", "frequency": "weekly", "retention_days": 1}
assert refused(lambda: schedules.create(**second)) == 409
assert [one.schedule_id for one in schedules.list(index_name=name)] == [planned.schedule_id]
paused = schedules.update(schedule_id=planned.schedule_id, enabled=False)
assert (paused.enabled, paused.next_scheduled_run) == (False, None)
kept = schedules.create(**second)
schedules.delete(schedule_id=planned.schedule_id)
assert refused(lambda: schedules.describe(schedule_id=planned.schedule_id)) == 404
assert list(schedules.history(schedule_id=kept.schedule_id)) == []

pc.delete_index(name)
assert refused(lambda: schedules.describe(schedule_id=kept.schedule_id)) == 404
assert refused(lambda: list(pc.list_backups(index_name=name))) == 404
kept = pc.list_backups(index_name=name, include_deleted=True)
assert [one.backup_id for one in kept] == [backup.backup_id]
again = f"{name}-c"
pc.create_index_from_backup(name=again, backup_id=backup.backup_id, timeout=60)
found = pc.index(again).describe_index_stats().total_vector_count
assert found == backup.record_count
for one in (target, again):
    pc.delete_index(one)
pc.delete_backup(backup_id=backup.backup_id)
assert refused(lambda: pc.describe_backup(backup_id=backup.backup_id)) == 404
