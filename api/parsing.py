"""Reading a request: its body whole or not at all, its Accept header not at all."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.http.request import UnreadablePostError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kit.errors import InvalidArgument, PayloadTooLarge

MAX_BODY_BYTES = 1024 * 1024


def body_of(request: HttpRequest) -> bytes:
    """The bytes, whatever their content type is called; a body over the limit is not read on."""
    try:
        body: bytes = request.read(MAX_BODY_BYTES + 1)
    except UnreadablePostError:
        raise InvalidArgument("The body ended too early.") from None
    if len(body) > MAX_BODY_BYTES:
        raise PayloadTooLarge(f"The request body is over {MAX_BODY_BYTES} bytes.")
    return body


class AnswersWhateverIsAccepted(BaseContentNegotiation):
    """There is one renderer: an unusual Accept header is no reason to refuse."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        del request
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
