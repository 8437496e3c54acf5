"""What an index's dedicated read capacity comes to: what was wished for, and what there is."""

from dataclasses import dataclass

from indexes.models import Index
from indexes.specification import replicas_wanted, shards_wanted


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
    replicas, wanted = len(placed.engines), replicas_wanted(index.spec)
    if shards_wanted(index.spec) > 1:
        error = "An index of this installation is served as one shard, whatever its size."
        return ReadStatus("Error", replicas, 1, error)
    if replicas == wanted:
        return ReadStatus("Ready", replicas, 1)
    if wanted > placed.node.engines:
        error = (
            f"{wanted} replicas need as many engines, and the node has {placed.node.engines}: "
            "raise STONEPINE_ENGINES."
        )
        return ReadStatus("Error", replicas, 1, error)
    return ReadStatus("Scaling", replicas, 1)
