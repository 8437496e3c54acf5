"""An object store in a dictionary, for tests that build many small segments."""

from collections.abc import Iterable, Iterator

from kit.errors import AlreadyExists, NotFound


class MemoryObjectStore:
    """An `ObjectStore` that forgets."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, path: str, chunks: Iterable[bytes], *, is_new: bool = False) -> int:
        content = b"".join(chunks)
        if is_new and path in self.objects:
            raise AlreadyExists(f"The object {path} exists already.")
        self.objects[path] = content
        return len(content)

    def get(self, path: str) -> bytes:
        if path not in self.objects:
            raise NotFound(f"There is no object {path}.")
        return self.objects[path]

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        return self.get(path)[offset : offset + length]

    def size(self, path: str) -> int:
        return len(self.get(path))

    def delete(self, path: str) -> None:
        self.objects.pop(path, None)

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(path for path in self.objects if path.startswith(prefix)))
