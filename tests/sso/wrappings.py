"""Forgeries made from a signed response: wrappings in every place, tampering with every text.

XML signature wrapping after Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be",
2012: the signed element is moved to where its signature still finds it, another takes its place.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from tests.sso.factory import PROTOCOL, SAML, copied, made, reread

ASSERTION = f"{{{SAML}}}Assertion"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
EVIL = "mallory@pine.example.com"
SIGNED = ("assertion", "response", "both")
_HOSTS = (
    "response", "extensions", "status", "object", "evil", "evil subject", "evil conditions",
    "evil attributes", "evil signature",
)  # fmt: skip


def evil_assertion(original: Any, *, keeps_signature: bool, keeps_id: bool) -> Any:
    evil = copied(original)
    for text in evil.iter():
        if text.text == "alice@pine.example.com":
            text.text = EVIL
    if not keeps_id:
        evil.set("ID", "_evil")
    if not keeps_signature:
        for signature in evil.findall(SIGNATURE):
            evil.remove(signature)
    return evil


def wrappings() -> Iterator[tuple[str, bytes]]:
    """(name, XML): an evil assertion in front, the original at one of several hosts."""
    choices = itertools.product(SIGNED, _HOSTS, (False, True), (False, True), (False, True))
    for signs, host, keeps_signature, keeps_id, is_before in choices:
        root = made(signs=signs)
        original = root.find(ASSERTION)
        evil = evil_assertion(original, keeps_signature=keeps_signature, keeps_id=keeps_id)
        place = root.index(original)
        root.remove(original)
        root.insert(place, evil)
        target = _host(host, root, evil)
        target.insert(0 if is_before else len(target), original)
        name = f"{signs}-{host}-{keeps_signature}-{keeps_id}-{is_before}"
        yield name, etree.tostring(root)


def response_wrappings() -> Iterator[tuple[str, bytes]]:
    """A whole signed response inside an evil one."""
    for signs, keeps_signature, inside in itertools.product(
        SIGNED, (False, True), ("extensions", "object", "status")
    ):
        original = made(signs=signs)
        evil = copied(original)
        assertion = evil.find(ASSERTION)
        evil.replace(
            assertion,
            evil_assertion(assertion, keeps_signature=keeps_signature, keeps_id=False),
        )
        evil.set("ID", "_evil-response")
        if not keeps_signature:
            for signature in evil.findall(SIGNATURE):
                evil.remove(signature)
        _host(inside, evil, evil.find(ASSERTION)).append(original)
        yield f"response-{signs}-{keeps_signature}-{inside}", etree.tostring(evil)


def tamperings() -> Iterator[tuple[str, bytes]]:
    """Each attribute and each text of a signed response, changed one by one in four ways."""
    for signs, is_encrypted in itertools.product(SIGNED, (False, True)):
        root = made(signs=signs, is_encrypted=is_encrypted)
        for position, node in enumerate(root.iter()):
            texts = [*node.attrib, *([None] if (node.text or "").strip() else [])]
            for name, way in itertools.product(texts, _WAYS):
                changed = reread(root)
                twin = next(itertools.islice(changed.iter(), position, None))
                new = _WAYS[way](twin.text if name is None else twin.get(name))
                if name is None:
                    twin.text = new
                else:
                    twin.set(name, new)
                yield (
                    f"tamper-{signs}-{is_encrypted}-{position}-{name}-{way}",
                    etree.tostring(changed),
                )


_WAYS: dict[str, Callable[[str], str]] = {
    "first letter": lambda text: ("B" if text[:1] == "A" else "A") + text[1:],
    "last letter": lambda text: text[:-1] + ("B" if text[-1:] == "A" else "A"),
    "longer": lambda text: text + ".evil.example",
    "empty": lambda _text: "",
}


def removals() -> Iterator[tuple[str, bytes]]:
    """Each element of a signed response, taken away one by one."""
    for signs in SIGNED:
        root = made(signs=signs)
        count = sum(1 for _ in root.iter())
        for position in range(1, count):
            changed = reread(root)
            twin = next(itertools.islice(changed.iter(), position, None))
            twin.getparent().remove(twin)
            yield f"removal-{signs}-{position}", etree.tostring(changed)


def flips(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Random bytes of a signed response, changed."""
    chance = random.Random(seed)
    shapes = {signs: etree.tostring(made(signs=signs)) for signs in SIGNED}
    for number in range(count):
        signs = chance.choice(SIGNED)
        changed = bytearray(shapes[signs])
        for _ in range(chance.choice((1, 1, 2, 8))):
            changed[chance.randrange(len(changed))] = chance.randrange(32, 127)
        yield f"flip-{signs}-{seed}-{number}", bytes(changed)


def _host(name: str, root: Any, evil: Any) -> Any:
    match name:
        case "response":
            return root
        case "extensions":
            extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
            root.insert(1, extensions)
            return extensions
        case "status":
            return etree.SubElement(
                root.find(f"{{{PROTOCOL}}}Status"), f"{{{PROTOCOL}}}StatusDetail"
            )
        case "object":
            signature = next(root.iter(SIGNATURE), None)
            holder = root if signature is None else signature
            return etree.SubElement(holder, "{http://www.w3.org/2000/09/xmldsig#}Object")
        case "evil":
            return evil
        case "evil signature":
            signature = evil.find(SIGNATURE)
            return evil if signature is None else signature
        case _:
            part = {"subject": "Subject", "conditions": "Conditions"}
            tag = part.get(name.partition(" ")[2], "AttributeStatement")
            return evil.find(f"{{{SAML}}}{tag}")
