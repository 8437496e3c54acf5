"""What pods or dedicated read capacity come to: what was wished for, and what there is."""

from dataclasses import dataclass

from indexes.models import Index, IndexState
from indexes.specification import engines_wanted, is_paused, shards_wanted


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """`state` is Pinecone's: Ready, Scaling while a worker is at it, Error where the wish is more
    than there is; the index serves with what there is."""

    state: str
    replicas: int
    shards: int
    error: str = ""


def is_disabled(index: Index) -> bool:
    """Whether it is paused: no engine serves it, as was wished."""
    placed = getattr(index, "deployment", None)
    return is_paused(index.spec) and placed is not None and not placed.engines


def shown_state(index: Index) -> str:
    """The index's state as Pinecone names it: one of pods says which way it is being scaled."""
    if index.state == IndexState.READY and is_disabled(index):
        return "Disabled"
    if index.state != IndexState.READY or "pod" not in index.spec:
        return str(index.state)
    found = read_status(index)
    if found.state != "Scaling":
        return str(index.state)
    is_growing = found.replicas * found.shards < engines_wanted(index.spec)
    return "ScalingUp" if is_growing else "ScalingDown"


def read_status(index: Index) -> ReadStatus:
    """Wants the index with its deployment and node."""
    placed = getattr(index, "deployment", None)
    if placed is None:
        return ReadStatus("Scaling", 0, 0)
    engines, wanted = len(placed.engines), engines_wanted(index.spec)
    shards = min(shards_wanted(index.spec), engines)
    replicas = engines // shards if shards else 0
    if engines == wanted:
        return ReadStatus("Ready", replicas, shards)
    if wanted <= placed.node.engines:
        return ReadStatus("Scaling", replicas, shards)
    error = (
        f"{wanted} engines are needed, one for each shard of each replica, and the node has "
        f"{placed.node.engines}: raise STONEPINE_ENGINES."
    )
    return ReadStatus("Error", replicas, shards, error)
