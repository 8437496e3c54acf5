"""Collections over REST, and indexes made of them in the dialect that has a word for it."""

from indexes.backup_models import Backup, RestoreJob
from indexes.deployment.backups import take_backup
from indexes.models import Index
from tests.api.conftest import Caller
from tests.support.world import World

OLD = "2025-10"
PODS = {"environment": "us-east1-gcp", "pod_type": "p1.x1", "source_collection": "kept"}


def test_a_collection_becomes_an_index_of_pods(world: World) -> None:
    world.index()
    caller = Caller(world.key()[1], OLD)
    made = caller.call("POST", "/collections", {"name": "kept", "source": "movies"})
    assert (made.status_code, made.json()) == (
        201,
        {
            "name": "kept",
            "status": "Initializing",
            "environment": "us-east-1-aws",
            "dimension": 4,
        },
    )
    wish = {"name": "again", "dimension": 4, "spec": {"pod": PODS}}
    assert caller.call("POST", "/indexes", wish).status_code == 412
    (collection,) = Backup.objects.using("system").all()
    take_backup(collection.pk)
    (shown,) = caller.call("GET", "/collections").json()["collections"]
    assert (shown["status"], shown["size"], shown["vector_count"]) == ("Ready", 0, 0)
    index = caller.call("POST", "/indexes", wish)
    assert index.status_code == 201
    assert index.json()["spec"]["pod"]["source_collection"] == "kept"
    assert index.json()["status"] == {"ready": False, "state": "Initializing"}
    (job,) = RestoreJob.objects.using("system").all()
    assert Index.objects.using("system").filter(pk=job.target_index_id, name="again").exists()
    assert caller.call("DELETE", "/collections/kept").status_code == 412
    missing = {**wish, "name": "third", "spec": {"pod": {**PODS, "source_collection": "absent"}}}
    assert caller.call("POST", "/indexes", missing).status_code == 404
