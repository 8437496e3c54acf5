"""The service provider's own keys: made for one connection, sealed under the keyring, rotated."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from keyring.envelope import context
from keyring.roots import RootSeal, SealedValue
from kit import clock
from kit.errors import FailedPrecondition
from kit.ids import new_id
from orgs.root_key import sealed_column
from orgs.secrets import installation_keyring
from orgs.verbs import verb
from sso.models import KeyPairState, SamlConnection, SpKeyPair
from sso.parties import KeyPair
from sso.queries import locked_connection

_BITS = 2048
_VALID_FOR = timedelta(days=3 * 365)


def new_key_pair(connection: SamlConnection, state: KeyPairState) -> SpKeyPair:
    """A saved pair; part of a verb's transaction."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    ends = clock.now() + _VALID_FOR
    pair = SpKeyPair(
        id=new_id(),
        organization_id=connection.organization_id,
        connection=connection,
        certificate=_certificate(private, connection.pk),
        not_after=ends,
        state=state,
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair.sealed_key = _seal().seal(pem, context=_context(pair))
    pair.save(force_insert=True)
    return pair


def opened(pair: SpKeyPair) -> KeyPair:
    """With its private half in clear; raises `DataLoss` where the bytes are another's."""
    private = _seal().unseal(bytes(pair.sealed_key), context=_context(pair))
    return KeyPair(private.decode(), pair.certificate)


@verb(Action.SSO_KEYS_ROTATED)
def begin_key_rotation(actor: Actor, connection: SamlConnection) -> SpKeyPair:
    """Announce the next pair: our metadata names it, and it decrypts from now on."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    if found.key_pairs.filter(state=KeyPairState.NEXT).exists():
        raise FailedPrecondition("A next key pair is announced already: finish that rotation.")
    pair = new_key_pair(found, KeyPairState.NEXT)
    record(actor, Action.SSO_KEYS_ROTATED, target=found.audit_target(), step="announced")
    return pair


@verb(Action.SSO_KEYS_ROTATED)
def finish_key_rotation(actor: Actor, connection: SamlConnection) -> None:
    """The next pair signs; the old one is forgotten."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    following = found.key_pairs.filter(state=KeyPairState.NEXT).first()
    if following is None:
        raise FailedPrecondition("No next key pair is announced: begin a rotation first.")
    found.key_pairs.filter(state=KeyPairState.CURRENT).delete()
    following.state = KeyPairState.CURRENT
    following.save(update_fields=["state"])
    record(actor, Action.SSO_KEYS_ROTATED, target=found.audit_target(), step="finished")


def _certificate(private: rsa.RSAPrivateKey, connection_id: UUID) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"stonepine {connection_id}")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
        .sign(private, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def sealed_values() -> Iterator[SealedValue]:
    """All there are. Crosses tenants."""
    rows = SpKeyPair.objects.using("system")
    return sealed_column("sign-on key", _seal(), rows=rows, column="sealed_key", context=_context)


def _seal() -> RootSeal:
    return installation_keyring().root_seal("sign-on keys")


def _context(pair: SpKeyPair) -> bytes:
    return context("sign-on key", pair.organization_id, pair.connection_id, pair.pk)
