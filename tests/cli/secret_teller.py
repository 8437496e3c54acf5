"""A web server's application that tells the secret key it was started with."""

import os
from collections.abc import Callable, Iterable
from typing import Any


def application(_environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["STONEPINE_SECRET_KEY"].encode()]
