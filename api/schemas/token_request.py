"""What is sent to the token endpoint: JSON or a form, with or without HTTP Basic (RFC 6749)."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from api.oauth import InvalidScope, UnsupportedGrantType
from kit.environment import environment
from kit.errors import InvalidArgument, Unauthenticated

_GRANT = "client_credentials"
_PINECONE = "https://api.pinecone.io"
_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 20


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who asks for a token; that everything else is in order was checked."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"TokenRequest({self.client_id}, …)"


def parse_token_request(raw: bytes, *, content_type: str, authorization: str) -> TokenRequest:
    """Raises errors that `api.oauth` knows the names of."""
    is_form = content_type.split(";", maxsplit=1)[0].strip().lower() == _FORM
    sent = _form_fields(raw) if is_form else _json_fields(raw)
    _require_grant(sent)
    basic = _basic_credentials(authorization)
    if basic is None:
        return TokenRequest(_required(sent, "client_id"), _required(sent, "client_secret"))
    if "client_secret" in sent or sent.get("client_id", basic.client_id) != basic.client_id:
        raise InvalidArgument("Send the client's credentials once: in the header or in the body.")
    return basic


def _require_grant(sent: dict[str, str]) -> None:
    if _required(sent, "grant_type") != _GRANT:
        raise UnsupportedGrantType(f"grant_type must be {_GRANT!r}.")
    audiences = (_PINECONE, environment().base_url)
    if sent.get("audience", _PINECONE).rstrip("/") not in audiences:
        raise InvalidArgument(f"audience must be one of: {', '.join(f'{a}/' for a in audiences)}.")
    if sent.get("scope"):
        raise InvalidScope("There are no scopes: a token carries the roles of its account.")


def _required(sent: dict[str, str], name: str) -> str:
    if not sent.get(name):
        raise InvalidArgument(f"{name} is required.")
    return sent[name]


def _form_fields(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise InvalidArgument("The body is not a form in UTF-8.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidArgument("A parameter was sent twice.")
    return dict(pairs)


def _json_fields(raw: bytes) -> dict[str, str]:
    try:
        sent: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        raw.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidArgument(f"The body must be a JSON object, or a form ({_FORM}).") from None
    given = {name: value for name, value in sent.items() if value is not None}
    if not all(isinstance(value, str) for value in given.values()):
        raise InvalidArgument("Every parameter must be a string.")
    return given


def _basic_credentials(authorization: str) -> TokenRequest | None:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = (
            base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise Unauthenticated("The Authorization header cannot be read.")
    return TokenRequest(unquote_plus(client_id), unquote_plus(secret))
