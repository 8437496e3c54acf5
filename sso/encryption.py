"""Which encryption of an assertion is opened at all (ADR 9).

XML Encryption's CBC modes and RSA 1.5 key transport can be turned into oracles that decrypt or
forge (Jager and Somorovsky, "How to Break XML Encryption", 2011; Jager, Schinzel and Somorovsky,
"Bleichenbacher's Attack Strikes Again", 2012).
"""

from sso.errors import Fault, SignOnRefused
from sso.markup import Element

_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_GCM = {f"{_XENC11}aes{bits}-gcm" for bits in (128, 192, 256)}
_CBC = {f"{_XENC}aes{bits}-cbc" for bits in (128, 192, 256)}
_TRANSPORT = {f"{_XENC}rsa-oaep-mgf1p", f"{_XENC11}rsa-oaep"}
_NAMES = {"xenc": _XENC}


def require_sound_sealing(root: Element, *, is_signed_outside: bool) -> None:
    """AES-GCM under RSA-OAEP. AES-CBC only inside a response whose own signature was verified:
    then nobody but the provider chooses what we decrypt."""
    keys = root.xpath("//xenc:EncryptedKey", namespaces=_NAMES)
    bodies = root.xpath("//xenc:EncryptedData", namespaces=_NAMES)
    if len(keys) != 1 or len(bodies) != 1:
        raise SignOnRefused(
            Fault.DECRYPTION, "The encrypted assertion must hold one body and one key."
        )
    _require(keys[0], _TRANSPORT, "RSA-OAEP")
    body = _GCM | _CBC if is_signed_outside else _GCM
    _require(bodies[0], body, "AES-GCM, or AES-CBC in a signed response")


def _require(element: Element, allowed: set[str], wanted: str) -> None:
    methods = element.xpath("xenc:EncryptionMethod/@Algorithm", namespaces=_NAMES)
    if len(methods) != 1 or methods[0] not in allowed:
        named = str(methods[0])[:120] if methods else "none"
        raise SignOnRefused(
            Fault.ALGORITHM_REFUSED,
            f"The assertion is encrypted by {named}, which is not allowed: use {wanted}.",
        )
