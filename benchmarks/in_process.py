"""The engine's search on an installation's segments, without any process or wire between.

`benchmarks.million` runs it in the environment of the stack's engine. It takes the only index over:
afterwards the stack's engine has to open it again.
"""

import json
import time
from uuid import UUID

from benchmarks.packages50k import load
from benchmarks.real_data import TOP_K
from dataplane.engine import messages
from dataplane.engine.opening import Storage
from keyring.local import LocalKeyring
from kit.environment import environment
from storage.database import LastingConnection, connect
from storage.objects import open_object_store


def only_index(url: str) -> UUID:
    with connect(url, name="benchmark") as connection:
        found = connection.execute("SELECT index_id FROM dataplane_index").fetchall()
    (row,) = found
    return UUID(str(row[0]))


def main() -> None:
    settings = environment()
    url = settings.database_system_url.get_secret_value()
    storage = Storage(
        LastingConnection(url, "benchmark"),
        open_object_store(settings.object_store_url),
        LocalKeyring(settings.keyring_dir),
        node_name=settings.node_name,
        engine=0,
        holder=f"{settings.node_name}/0/benchmark",
    )
    index_id = only_index(url)
    begin = time.perf_counter()
    index = storage.open_index(index_id)
    opened_s = time.perf_counter() - begin
    (space,) = index.namespaces.values()
    requests = [
        messages.Query(index_id=index_id, top_k=TOP_K, vector=query.tobytes())
        for query in load(1000).queries
    ]
    for request in requests[:100]:
        space.memory.query(request)
    begin = time.perf_counter()
    for request in requests:
        space.memory.query(request)
    one = len(requests) / (time.perf_counter() - begin)
    begin = time.perf_counter()
    for start in range(0, len(requests), 16):
        space.memory.query_all(requests[start : start + 16])
    together = len(requests) / (time.perf_counter() - begin)
    print(json.dumps({"opened_s": opened_s, "one": one, "sixteen": together}))


if __name__ == "__main__":
    main()
