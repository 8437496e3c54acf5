"""The builder's command: one run for one namespace, one line of JSON about it."""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from dataplane.builder.run import Outcome, Site, build_next, merge_next
from dataplane.builder.tiers import MergePolicy
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from keyring.envelope import DataKey
from kit.clock import monotonic_s
from kit.environment import Environment, environment
from kit.errors import NotFound, StonepineError
from kit.logs import configure_logs
from storage.catalog import IndexRow, load_index
from storage.database import Connection, connect
from storage.objects import open_object_store
from storage.outer_keys import open_keyring
from storage.project_keys import project_key

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """0 where a segment was made or nothing was left to do, 1 where it failed."""
    options = _parse(arguments)
    started = monotonic_s()
    try:
        with open_site(environment(), options.index, options.namespace) as site:
            outcome = run(site, environment(), is_merge=options.merge, backlog=options.backlog)
        _report({**asdict(outcome), "seconds": round(monotonic_s() - started, 3)})
    except StonepineError as error:
        _report({"status": "failed", "code": str(error.code), "message": error.message})
        return 1
    except Exception as error:  # noqa: BLE001 - the caller reads one line of JSON, whatever happens
        _log.exception("the build failed")
        _report({"status": "failed", "code": "INTERNAL", "message": type(error).__name__})
        return 1
    return 0


@contextmanager
def open_site(settings: Environment, index_id: UUID, namespace_id: UUID) -> Iterator[Site]:
    """That namespace in this installation."""
    url = settings.database_system_url.get_secret_value()
    with closing(connect(url, name="builder")) as connection:
        index = load_index(connection, index_id)
        if index is None:
            raise NotFound(f"There is no index {index_id}.")
        yield Site(
            connection=connection,
            store=open_object_store(settings.object_store_url),
            key=_data_key(connection, settings, index),
            spec=spec_of(index),
            index_id=index_id,
            namespace_id=namespace_id,
        )


def run(site: Site, settings: Environment, *, is_merge: bool, backlog: int = 0) -> Outcome:
    """Build the next segment, or merge some."""
    policy = MergePolicy(max_records=settings.merge_max_records)
    if is_merge:
        return merge_next(site, policy=policy)
    return build_next(site, max_records=segment_records(settings, backlog), policy=policy)


def segment_records(settings: Environment, backlog: int) -> int:
    """How many records the next segment takes. Of a long backlog a quarter at once, as far as it
    would be merged later: what is large from the beginning needs no merging."""
    return max(settings.segment_max_records, min(backlog // 4, settings.merge_max_records // 2))


def spec_of(index: IndexRow) -> IndexSpec:
    return IndexSpec(index.dimension, Metric(index.metric), VectorType(index.vector_type))


def _data_key(connection: Connection, settings: Environment, index: IndexRow) -> DataKey:
    key = project_key(connection, open_keyring(settings), index.project_id)
    if key is None:
        raise NotFound(f"The project {index.project_id} has no data key.")
    return key


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dataplane.builder", description=__doc__)
    parser.add_argument("--index", type=UUID, required=True, help="the index's id")
    parser.add_argument("--namespace", type=UUID, required=True, help="the namespace's id")
    parser.add_argument("--backlog", type=int, default=0, help="how many records wait in the log")
    parser.add_argument("--merge", action="store_true", help="merge segments instead")
    return parser.parse_args(arguments)


def _report(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logs("builder", file=sys.stderr)
    sys.exit(main())
