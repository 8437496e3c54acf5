"""How SAML messages travel: deflated and signed in a query (HTTP-Redirect), or in a form (POST).

SAML 2.0 bindings (OASIS, 2005), sections 3.4 and 3.5.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence
from urllib.parse import quote, unquote_plus, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from sso.errors import Fault, SignOnRefused
from sso.markup import MAX_ENCODED_BYTES
from sso.parties import KeyPair

_MAX_INFLATED_BYTES = 256 * 1024
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_HASHES: dict[str, HashAlgorithm] = {
    f"http://www.w3.org/2001/04/xmldsig-more#{family}-sha{bits}": algorithm
    for family in ("rsa", "ecdsa")
    for bits, algorithm in ((256, SHA256()), (384, SHA384()), (512, SHA512()))
}


def inflated(encoded: str) -> bytes:
    """The XML of a redirect's parameter; a message that unpacks to more than 256 KiB is refused
    before it does."""
    if len(encoded) > MAX_ENCODED_BYTES:
        raise SignOnRefused(Fault.TOO_LARGE, "The message is larger than 256 KiB.")
    try:
        packed = base64.b64decode(encoded, validate=True)
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        xml = engine.decompress(packed, _MAX_INFLATED_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise SignOnRefused(Fault.ENCODING, "The message is not deflated base64.") from None
    if engine.unconsumed_tail:
        raise SignOnRefused(Fault.TOO_LARGE, "The message is larger than 256 KiB.")
    if not engine.eof or engine.unused_data:
        raise SignOnRefused(Fault.ENCODING, "The message is cut off, or more follows it.")
    return xml


def deflated(xml: bytes) -> str:
    """What goes into a redirect's parameter, before it is percent-encoded."""
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(engine.compress(xml) + engine.flush()).decode()


def signed_query(parameter: str, xml: bytes, *, relay_state: str, key: KeyPair) -> str:
    """A redirect's query, signed with RSA-SHA256; `parameter` is SAMLRequest or SAMLResponse."""
    fields = [(parameter, deflated(xml))]
    if relay_state:
        fields.append(("RelayState", relay_state))
    fields.append(("SigAlg", _RSA_SHA256))
    signed = urlencode(fields, quote_via=quote, safe="")
    private = load_pem_private_key(key.private_key.encode(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("the service provider signs with RSA keys")
    signature = private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{signed}&Signature={quote(base64.b64encode(signature), safe='')}"


def verified_query(raw_query: str, parameter: str, certificates: Sequence[str]) -> str:
    """The parameter's value, still deflated, once the signature over the query was checked.

    `raw_query` is the query as it came: what was signed are its very bytes. Each parameter may
    come once. Raises `SignOnRefused`.
    """
    raw = _raw_fields(raw_query)
    for name in (parameter, "SigAlg", "Signature"):
        if name not in raw:
            raise SignOnRefused(Fault.SIGNATURE_MISSING, f"The message comes without {name}.")
    algorithm = unquote_plus(raw["SigAlg"])
    if algorithm not in _HASHES:
        raise SignOnRefused(
            Fault.ALGORITHM_REFUSED, f"The signature algorithm {algorithm[:120]} is not allowed."
        )
    covered = [name for name in (parameter, "RelayState", "SigAlg") if name in raw]
    signed = "&".join(f"{name}={raw[name]}" for name in covered).encode()
    try:
        signature = base64.b64decode(unquote_plus(raw["Signature"]), validate=True)
    except (binascii.Error, ValueError):
        raise SignOnRefused(Fault.ENCODING, "The signature is not base64.") from None
    if not any(_fits(one, algorithm, signature, signed) for one in certificates):
        raise SignOnRefused(
            Fault.SIGNATURE_INVALID,
            "The signature does not fit any certificate of the identity provider.",
        )
    return unquote_plus(raw[parameter])


def _raw_fields(raw_query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in raw_query.split("&"):
        name, _, value = field.partition("=")
        if unquote_plus(name) != name:
            # Others would read it as a name that the signature does not cover.
            raise SignOnRefused(Fault.ENCODING, "A parameter of the message has an odd name.")
        if name in found:
            raise SignOnRefused(Fault.ENCODING, "A parameter of the message comes twice.")
        found[name] = value
    return found


def _fits(certificate: str, algorithm: str, signature: bytes, signed: bytes) -> bool:
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    digest = _HASHES[algorithm]
    try:
        if isinstance(key, rsa.RSAPublicKey) and "#rsa-" in algorithm:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and "#ecdsa-" in algorithm:
            key.verify(signature, signed, ec.ECDSA(digest))
            return True
    except InvalidSignature:
        return False
    return False
