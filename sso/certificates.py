"""Certificates of identity providers: which may sign, and how the next takes over."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from orgs.plans import Feature
from orgs.verbs import verb
from sso.metadata import certificate_pem
from sso.models import CertificateState, IdpCertificate, SamlConnection
from sso.queries import locked_connection

_MIN_RSA_BITS = 2048
_MIN_CURVE_BITS = 256
_MAX_CERTIFICATES = 10


@verb(Action.SSO_CERTIFICATE_ADDED)
def add_certificate(actor: Actor, connection: SamlConnection, *, text: str) -> IdpCertificate:
    """The provider's next certificate (the first one is active): it may sign from now on."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    found.organization.require_feature(Feature.SSO)
    added = keep_certificate(found, text)
    if added is None:
        raise FailedPrecondition("The connection has this certificate already.")
    target = found.audit_target()
    record(actor, Action.SSO_CERTIFICATE_ADDED, target=target, fingerprint=added.fingerprint)
    return added


@verb(Action.SSO_CERTIFICATE_RETIRED)
def retire_certificate(actor: Actor, connection: SamlConnection, certificate_id: UUID) -> None:
    """What it signs is refused from now on. The next one becomes the active one."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    living = found.certificates.exclude(state=CertificateState.RETIRED)
    certificate = living.filter(pk=certificate_id).first()
    if certificate is None:
        raise NotFound("There is no such certificate.")
    others = living.exclude(pk=certificate.pk)
    if found.is_active and not others.exists():
        raise FailedPrecondition("This is the last certificate: add the next one first.")
    certificate.state = CertificateState.RETIRED
    certificate.save(update_fields=["state"])
    others.update(state=CertificateState.ACTIVE)
    target = found.audit_target()
    record(
        actor, Action.SSO_CERTIFICATE_RETIRED, target=target, fingerprint=certificate.fingerprint
    )


def replace_certificates(connection: SamlConnection, texts: Iterable[str]) -> None:
    """Those of new metadata; on a connection in use they only come beside the old ones."""
    texts = list(texts)
    if not connection.is_active:
        fingerprints = {_read(text)[1] for text in texts}
        connection.certificates.exclude(fingerprint__in=fingerprints).delete()
    for text in texts:
        keep_certificate(connection, text)


def keep_certificate(connection: SamlConnection, text: str) -> IdpCertificate | None:
    """The new row; None where the certificate was known. Part of a verb's transaction."""
    pem, fingerprint, not_after = _read(text)
    rows = connection.certificates.all()
    if rows.filter(fingerprint=fingerprint).exists():
        return None
    living = rows.exclude(state=CertificateState.RETIRED)
    if living.count() >= _MAX_CERTIFICATES:
        raise FailedPrecondition(
            f"A connection has at most {_MAX_CERTIFICATES} certificates: retire one first."
        )
    has_active = living.filter(state=CertificateState.ACTIVE).exists()
    return IdpCertificate.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        pem=pem,
        fingerprint=fingerprint,
        not_after=not_after,
        state=CertificateState.NEXT if has_active else CertificateState.ACTIVE,
    )


def _read(text: str) -> tuple[str, str, datetime]:
    """PEM, SHA-256 and end; raises `InvalidArgument` where it may not be trusted."""
    pem = certificate_pem(text)
    certificate = load_pem_x509_certificate(pem.encode())
    key = certificate.public_key()
    is_strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_CURVE_BITS
    )
    if not is_strong:
        raise InvalidArgument(
            "The certificate's key must be RSA of 2048 bits or more, or on a curve of 256.",
            field="certificate",
        )
    ends = certificate.not_valid_after_utc.astimezone(UTC)
    if ends <= clock.now():
        raise InvalidArgument(
            f"The certificate has ended on {ends:%-d %b %Y}.", field="certificate"
        )
    return pem, certificate.fingerprint(SHA256()).hex(), ends
