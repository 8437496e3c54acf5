"""Upserts one record after the other and reads it again with an earlier one, whatever becomes of
the service, until it is asked to end; says in a line what was acknowledged, read or refused.

Ends in failure where a record that was acknowledged is not found, or is another one.
"""

import json
import random
import signal
import sys
import threading

from pinecone import Pinecone
from pinecone.errors import ApiError, PineconeConnectionError, PineconeTimeoutError

name, transport, prefix = sys.argv[1:4]
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
index = Pinecone(timeout=15).index(name, grpc=transport == "grpc")
acknowledged = {}


def say(**told):
    print(json.dumps(told), flush=True)  # noqa: T201 - the test reads it


def refused(error):
    status = getattr(error, "status_code", None)
    say(refused=type(error).__name__, status=status, message=str(error))
    over.wait(0.1)


def write(number):
    record_id, values = f"{prefix}-{number}", [1.0, 2.0, 3.0, float(number)]
    index.upsert(vectors=[{"id": record_id, "values": values}])
    acknowledged[record_id] = values
    say(acknowledged=record_id)
    return record_id


def read(record_id):
    wanted = {record_id, random.choice(list(acknowledged))}
    found = index.fetch(ids=sorted(wanted)).vectors
    for one in wanted:
        assert one in found, f"{one} was acknowledged and is not there"
        assert list(found[one].values) == acknowledged[one], f"{one} is {found[one].values}"
    say(read=record_id)


number = 0
while not over.is_set():
    number += 1
    try:
        read(write(number))
    except (ApiError, PineconeConnectionError, PineconeTimeoutError) as error:
        refused(error)
