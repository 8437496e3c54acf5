"""What an index's dedicated read capacity comes to: what was wished for, and what there is."""

from dataclasses import dataclass

from indexes.models import Index
from indexes.specification import engines_wanted, shards_wanted


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """`state` is Pinecone's: Ready, Scaling while a worker is at it, Error where the wish is more
    than there is; the index serves with what there is."""

    state: str
    replicas: int
    shards: int
    error: str = ""


def read_status(index: Index) -> ReadStatus:
    """Wants the index with its deployment and node."""
    placed = getattr(index, "deployment", None)
    if placed is None:
        return ReadStatus("Scaling", 0, 0)
    engines, wanted = len(placed.engines), engines_wanted(index.spec)
    shards = min(shards_wanted(index.spec), engines)
    replicas = engines // shards
    if engines == wanted:
        return ReadStatus("Ready", replicas, shards)
    if wanted <= placed.node.engines:
        return ReadStatus("Scaling", replicas, shards)
    error = (
        f"{wanted} engines are needed, one for each shard of each replica, and the node has "
        f"{placed.node.engines}: raise STONEPINE_ENGINES."
    )
    return ReadStatus("Error", replicas, shards, error)
