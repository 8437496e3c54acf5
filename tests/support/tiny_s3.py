"""A tiny S3 on the loopback: lists a folder, hands out ranges, and remembers who asked for what."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_PAGE = 3


@dataclass
class TinyS3:
    """The bucket is `bucket`, its objects are the files below `root`; path-style only."""

    root: Path
    url: str = ""
    access_key_id: str = "AKIDEXAMPLE"
    asked: list[str] = field(default_factory=list)

    def is_signed(self, authorization: str) -> bool:
        """By the right account; signatures are the library's business."""
        return f"Credential={self.access_key_id}/" in authorization

    def listing(self, prefix: str, token: str) -> bytes:
        found = sorted(
            str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()
        )
        keys = [key for key in found if key.startswith(prefix) and key > token]
        page, rest = keys[:_PAGE], keys[_PAGE:]
        entries = "".join(map(self._entry, page))
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        truncated = str(bool(rest)).lower()
        return (
            '<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>'
            f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{truncated}</IsTruncated>"
            f"{more}{entries}</ListBucketResult>"
        ).encode()

    def e_tag(self, key: str) -> str:
        return f'"{hashlib.sha256((self.root / key).read_bytes()).hexdigest()}"'

    def _entry(self, key: str) -> str:
        size = (self.root / key).stat().st_size
        return (
            f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size>"
            f"<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(self.e_tag(key))}</ETag></Contents>"
        )


class _Handler(BaseHTTPRequestHandler):
    s3: TinyS3

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix("/bucket").strip("/")
        self.s3.asked.append(key)
        if not self.s3.is_signed(self.headers.get("authorization", "")):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif not parts.path.startswith("/bucket"):
            self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif not key:
            query = parse_qs(parts.query)
            prefix, token = query.get("prefix", [""])[0], query.get("continuation-token", [""])[0]
            self._answer(200, self.s3.listing(prefix, token))
        else:
            self._object(key)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _object(self, key: str) -> None:
        wanted = self.headers.get("if-match")
        if wanted is not None and wanted != self.s3.e_tag(key):
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        content = (self.s3.root / key).read_bytes()
        start, _, end = self.headers["range"].removeprefix("bytes=").partition("-")
        last = min(int(end), len(content) - 1)
        extra = {
            "Content-Range": f"bytes {start}-{last}/{len(content)}",
            "ETag": self.s3.e_tag(key),
        }
        self._answer(206, content[int(start) : last + 1], **extra)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_tiny_s3(root: Path) -> Iterator[TinyS3]:
    s3 = TinyS3(root)
    handler = type("Handler", (_Handler,), {"s3": s3})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        s3.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield s3
        finally:
            server.shutdown()
            thread.join()
