"""What a signature must look like before it is checked, and the check against known certificates.

The rules are those that XML signature wrapping breaks (Somorovsky et al., "On Breaking SAML: Be
Whoever You Want to Be", 2012): the one assertion that is read is the one that was signed.
"""

from collections import Counter
from collections.abc import Sequence

from onelogin.saml2.utils import OneLogin_Saml2_Utils as Library

from sso.errors import Fault, SignOnRefused
from sso.markup import PROTOCOL, SAML, Element, children

_METHODS = {
    *(f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{bits}" for bits in (256, 384, 512)),
    *(f"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha{bits}" for bits in (256, 384, 512)),
}
_DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}
_CANONICAL = {
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
}
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_PARTS = ("SignedInfo", "SignatureValue", "KeyInfo")
_RESPONSE, _ASSERTION = f"{{{PROTOCOL}}}Response", f"{{{SAML}}}Assertion"
_LOGOUT = f"{{{PROTOCOL}}}LogoutRequest"
_XPATHS = {
    _RESPONSE: Library.RESPONSE_SIGNATURE_XPATH,
    _ASSERTION: Library.ASSERTION_SIGNATURE_XPATH,
    _LOGOUT: "/samlp:LogoutRequest/ds:Signature",
}


def require_unique_ids(root: Element) -> None:
    """No two elements share an id, whatever the attribute's case: a reference means one thing."""
    found = Counter(root.xpath("//@*[local-name()='ID' or local-name()='Id' or local-name()='id']"))
    if any(count > 1 for count in found.values()):
        raise SignOnRefused(Fault.DUPLICATE_ID, "Two elements of the message share one ID.")


def signed_elements(root: Element) -> list[str]:
    """Tags of the signed elements, after the form of each signature was checked."""
    found = []
    for signature in root.xpath("//*[local-name()='Signature']"):
        parent = signature.getparent()
        tag = None if parent is None else parent.tag
        if tag not in _XPATHS or tag in found:
            raise SignOnRefused(
                Fault.SIGNATURE_MISPLACED,
                "A signature stands elsewhere than once in the response or once in the assertion.",
            )
        _require_form(signature, parent)
        found.append(tag)
    return found


def require_logout_signature(root: Element, certificates: Sequence[str]) -> None:
    """The logout request as a whole carries one valid signature."""
    require_unique_ids(root)
    signed = signed_elements(root)
    if signed != [_LOGOUT]:
        raise SignOnRefused(Fault.SIGNATURE_MISSING, "The logout request is not signed.")
    verify(root, signed, certificates)


def verify(root: Element, tags: Sequence[str], certificates: Sequence[str]) -> None:
    """Check each named signature of the tree against the certificates (PEM), any of which may fit.

    Keys inside the message are never believed.
    """
    for tag in tags:
        try:
            is_valid = Library.validate_sign(
                root, xpath=_XPATHS[tag], multicerts=list(certificates), raise_exceptions=False
            )
        except Exception:  # noqa: BLE001 - whatever the library trips over proves nothing
            is_valid = False
        if not is_valid:
            raise SignOnRefused(
                Fault.SIGNATURE_INVALID,
                "The signature does not fit any certificate of the identity provider.",
            )


def _require_form(signature: Element, parent: Element) -> None:
    names = [child.tag.rpartition("}")[2] for child in signature]
    references = children(signature, "ds:SignedInfo", "ds:Reference")
    if set(names) - set(_PARTS) or names.count("SignedInfo") != 1 or len(references) != 1:
        raise SignOnRefused(
            Fault.SIGNATURE_MISPLACED, "A signature must have one reference and nothing beside it."
        )
    if not parent.get("ID") or references[0].get("URI") != f"#{parent.get('ID')}":
        raise SignOnRefused(
            Fault.SIGNATURE_MISPLACED, "A signature does not refer to the element it stands in."
        )
    _require_algorithms(signature)


def _require_algorithms(signature: Element) -> None:
    info = "ds:SignedInfo"
    used = {
        "method": children(signature, info, "ds:SignatureMethod"),
        "canonicalization": children(signature, info, "ds:CanonicalizationMethod"),
        "digest": children(signature, info, "ds:Reference", "ds:DigestMethod"),
        "transform": children(signature, info, "ds:Reference", "ds:Transforms", "ds:Transform"),
    }
    allowed = {
        "method": _METHODS,
        "canonicalization": _CANONICAL,
        "digest": _DIGESTS,
        "transform": _CANONICAL | {_ENVELOPED},
    }
    for kind, elements in used.items():
        for element in elements:
            if element.get("Algorithm") not in allowed[kind]:
                raise SignOnRefused(
                    Fault.ALGORITHM_REFUSED,
                    f"The signature's {kind} {str(element.get('Algorithm'))[:120]} is not allowed: "
                    "use RSA or ECDSA with SHA-256, SHA-384 or SHA-512.",
                )
