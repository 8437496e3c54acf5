"""What an index may be asked to be: names, kinds, tags, places."""

import re
from typing import Any

from indexes.models import Metric, VectorType
from kit.errors import InvalidArgument, NotFound

MAX_NAME = 45
MAX_DIMENSION = 20_000
MAX_TAGS = 20
_MAX_TAG_KEY, _MAX_TAG_VALUE = 80, 120
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_TAG_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
CLOUDS = ("aws", "gcp", "azure")
_POD_SIZES = (1, 2, 4, 8)
_POD_TYPE = re.compile(rf"(s1|p1|p2)\.x({'|'.join(map(str, _POD_SIZES))})")
_NODE_TYPES = ("b1", "t1")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def checked_name(name: str, *, of: str = "An index") -> str:
    """The name of an index, or of what is called by the same rule."""
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidArgument(f"{of} name has 1 to {MAX_NAME} characters.", field="name")
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            "Name must consist of lower case alphanumeric characters or '-', and must start and "
            "end with an alphanumeric character.",
            field="name",
        )
    return name


def checked_kind(
    *, vector_type: str, dimension: int | None, metric: str | None
) -> tuple[VectorType, int | None, Metric]:
    """The kind of vectors with its defaults filled in."""
    if vector_type not in VectorType.values:
        raise InvalidArgument(
            f"vector_type {vector_type[:40]!r} is not 'dense' or 'sparse'.", field="vector_type"
        )
    if metric is not None and metric not in Metric.values:
        raise InvalidArgument(
            f"metric {metric[:40]!r} is not one of {', '.join(Metric.values)}.", field="metric"
        )
    if vector_type == VectorType.SPARSE:
        return _checked_sparse(dimension, metric)
    if dimension is None:
        raise InvalidArgument("A dense index needs a dimension.", field="dimension")
    if not 1 <= dimension <= MAX_DIMENSION:
        raise InvalidArgument(
            f"dimension {dimension} is not between 1 and {MAX_DIMENSION}.", field="dimension"
        )
    return VectorType.DENSE, dimension, Metric(metric or Metric.COSINE)


def _checked_sparse(
    dimension: int | None, metric: str | None
) -> tuple[VectorType, int | None, Metric]:
    if dimension is not None:
        raise InvalidArgument("A sparse index has no dimension.", field="dimension")
    if metric not in {None, Metric.DOTPRODUCT}:
        raise InvalidArgument("A sparse index has the metric 'dotproduct'.", field="metric")
    return VectorType.SPARSE, None, Metric.DOTPRODUCT


def checked_place(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec, where its cloud and region can exist. Every place is this installation."""
    serverless = spec.get("serverless")
    if serverless is not None:
        if serverless["cloud"] not in CLOUDS:
            raise NotFound(
                f"Cloud {serverless['cloud'][:40]!r} not found: use one of {', '.join(CLOUDS)}."
            )
        if not _REGION.fullmatch(serverless["region"]):
            raise NotFound(f"Region {serverless['region'][:80]!r} not found.")
    return spec


def checked_pods(part: dict[str, Any]) -> dict[str, Any]:
    """The spec of pods, where there can be such, with their number."""
    if part["replicas"] < 1 or part["shards"] < 1:
        raise InvalidArgument("spec.pod needs at least 1 replica and 1 shard.", field="spec.pod")
    _pods(part["pod_type"])
    return {**part, "pods": part["replicas"] * part["shards"]}


def resized(
    spec: dict[str, Any], *, replicas: int | None, pod_type: str | None, shards: int | None
) -> dict[str, Any]:
    """The spec with other pods; what is None stays. Replicas are free, pods grow and never shrink,
    their type and the number of shards are for good."""
    part = spec.get("pod")
    if part is None:
        raise InvalidArgument("Only an index of pods has pods to change.", field="spec.pod")
    if shards not in {None, part["shards"]}:
        raise InvalidArgument("The number of shards cannot be changed.", field="shards")
    (kind, size), (wanted, wanted_size) = (
        _pods(part["pod_type"]),
        _pods(pod_type or part["pod_type"]),
    )
    if wanted != kind:
        raise InvalidArgument(
            f"The pods are of type {kind}, which cannot be changed.", field="pod_type"
        )
    if wanted_size < size:
        raise InvalidArgument(f"The pods are x{size}: they only grow.", field="pod_type")
    wanted_replicas = part["replicas"] if replicas is None else replicas
    larger = {"pod_type": f"{kind}.x{wanted_size}"}
    return {"pod": checked_pods({**part, **larger, "replicas": wanted_replicas})}


def pod_types_from(pod_type: str) -> list[str]:
    """What pods of that type may become, the type itself first."""
    kind, size = _pods(pod_type)
    return [f"{kind}.x{larger}" for larger in _POD_SIZES if larger >= size]


def _pods(pod_type: str) -> tuple[str, int]:
    """Type and size of the pods that the text names."""
    found = _POD_TYPE.fullmatch(pod_type)
    if found is None:
        raise InvalidArgument(
            f"pod_type {pod_type[:40]!r} is not one of s1, p1 and p2 with .x1, .x2, .x4 or .x8.",
            field="pod_type",
        )
    return found[1], int(found[2])


def with_capacity(spec: dict[str, Any], capacity: dict[str, Any] | None) -> dict[str, Any]:
    """The spec, with another read capacity where one is given: what it leaves out of a dedicated
    one stays."""
    if capacity is None:
        return spec
    ((kind, part),) = spec.items()
    if kind == "pod":
        raise InvalidArgument("An index of pods has no read_capacity.", field="read_capacity")
    before = part.get("read_capacity") or {}
    return {kind: {**part, "read_capacity": _changed_capacity(before, capacity)}}


def checked_capacity(capacity: dict[str, Any]) -> dict[str, Any]:
    """Read capacity with all its parts, where there can be such."""
    if capacity == {"mode": "OnDemand"}:
        return capacity
    wanted = capacity.get("dedicated") or {}
    if capacity["mode"] != "Dedicated" or not wanted:
        raise InvalidArgument(
            "read_capacity.mode must be OnDemand, or Dedicated with `dedicated`.",
            field="read_capacity",
        )
    if wanted.get("node_type") not in _NODE_TYPES or wanted.get("scaling") != "Manual":
        raise InvalidArgument(
            "read_capacity.dedicated needs node_type b1 or t1, scaling Manual.",
            field="read_capacity",
        )
    manual = wanted.get("manual") or {}
    if manual.get("shards", 0) < 1 or manual.get("replicas", -1) < 0:
        raise InvalidArgument(
            "read_capacity.dedicated.manual needs at least 1 shard and no negative replicas.",
            field="read_capacity",
        )
    return capacity


def _changed_capacity(before: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    mode, change = wanted.get("mode") or before.get("mode"), wanted.get("dedicated")
    if change is None:
        is_same = mode == before.get("mode")
        return before if is_same else checked_capacity({"mode": mode or "OnDemand"})
    if ("scaling" in change) != ("manual" in change):
        raise InvalidArgument(
            "read_capacity.dedicated takes scaling and manual together.", field="read_capacity"
        )
    former = before.get("dedicated") or {}
    manual = {**former.get("manual", {}), **change.get("manual", {})}
    dedicated = {**former, **change, "manual": manual}
    return checked_capacity({"mode": mode or "Dedicated", "dedicated": dedicated})


def engines_wanted(spec: dict[str, Any]) -> int:
    """How many engines are to serve an index."""
    return replicas_wanted(spec) * shards_wanted(spec)


def replicas_wanted(spec: dict[str, Any]) -> int:
    """By how many engines, or groups of engines, a query can be answered."""
    ((kind, part),) = spec.items()
    if kind == "pod":
        return int(part["replicas"])
    capacity = part.get("read_capacity") or {}
    if capacity.get("mode") != "Dedicated":
        return 1
    return int(capacity["dedicated"]["manual"]["replicas"])


def is_paused(spec: dict[str, Any]) -> bool:
    """Whether no engine is to serve the index: its records stay where they are meanwhile."""
    return replicas_wanted(spec) == 0


def shards_wanted(spec: dict[str, Any]) -> int:
    """How many engines are to answer a query together."""
    ((kind, part),) = spec.items()
    if kind == "pod":
        return int(part["shards"])
    capacity = part.get("read_capacity") or {}
    return int(capacity["dedicated"]["manual"]["shards"]) if "dedicated" in capacity else 1


def merged_tags(existing: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    """Changes over existing tags; an empty value removes the tag."""
    merged = {**existing, **changes}
    for key, value in changes.items():
        _check_tag(key, value)
        if value == "":
            del merged[key]
    if len(merged) > MAX_TAGS:
        raise InvalidArgument(f"An index has at most {MAX_TAGS} tags.", field="tags")
    return merged


def _check_tag(key: str, value: str) -> None:
    if len(key) > _MAX_TAG_KEY or not _TAG_KEY.fullmatch(key):
        raise InvalidArgument(
            f"Tag key {key[:90]!r} must have 1 to {_MAX_TAG_KEY} characters out of letters, "
            "digits, '_' and '-'.",
            field="tags",
        )
    if len(value) > _MAX_TAG_VALUE or not _PRINTABLE.fullmatch(value):
        raise InvalidArgument(
            f"The value of tag {key!r} must have at most {_MAX_TAG_VALUE} printable ASCII "
            "characters.",
            field="tags",
        )
