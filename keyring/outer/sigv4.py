"""Signing a request to AWS: Signature Version 4, for POST requests without a query."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one service of one region."""

    credentials: AwsCredentials
    region: str
    service: str

    def sign(self, url: str, headers: dict[str, str], body: bytes, now: datetime) -> dict[str, str]:
        """The headers that go with the request: those given, and the signature's."""
        parts = urlsplit(url)
        moment = f"{now:%Y%m%dT%H%M%SZ}"
        signed = {**headers, "X-Amz-Date": moment}
        if self.credentials.session_token:
            signed["X-Amz-Security-Token"] = self.credentials.session_token
        covered = {name.lower(): value.strip() for name, value in signed.items()}
        covered["host"] = parts.netloc
        names = ";".join(sorted(covered))
        request = "\n".join(
            ["POST", quote(parts.path or "/", safe="/-_.~"), "",
             *(f"{name}:{covered[name]}" for name in sorted(covered)),
             "", names, hashlib.sha256(body).hexdigest()]
        )  # fmt: skip
        scope = f"{moment[:8]}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = self._signature(moment[:8], f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}")
        credential = f"{self.credentials.access_key_id}/{scope}"
        signed["Authorization"] = (
            f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _signature(self, day: str, text: str) -> str:
        key = f"AWS4{self.credentials.secret_access_key}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
