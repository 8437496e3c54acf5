"""Calling the API as a client does, without a server between."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client


@dataclass
class Caller:
    """One API key and one version; every call returns Django's response."""

    key: str | None = None
    version: str | None = "2026-07"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """`body` is JSON unless it is bytes already."""
        sent = dict(headers)
        if self.key is not None:
            sent.setdefault("Api-Key", self.key)
        if self.version is not None:
            sent.setdefault("X-Pinecone-Api-Version", self.version)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            method,
            path,
            b"" if body is None else content,
            content_type="application/json",
            headers=sent,
        )


@pytest.fixture
def caller() -> type[Caller]:
    return Caller
