"""The authority of an installation's parts, and the certificates by which they know each other."""

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from cli.certificates import Pair, read_pair
from cli.errors import SetupError
from cli.issuing import Issued, new_authority, new_leaf
from cli.private_files import private_folder, write_private
from kit.clock import now
from kit.environment import Environment
from kit.parts import PartKind, identity, is_part_name

_AUTHORITY_DAYS = 3650
_BOTH_WAYS = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
_HINT = "See docs/scale-out.md: `stonepine parts issue` makes certificates."


def make_parts_authority(folder: Path) -> None:
    """`ca.pem` and `ca-key.pem`. Raises SetupError where there is one: parts trust it already."""
    private_folder(folder)
    if (folder / "ca-key.pem").exists() or (folder / "ca.pem").exists():
        raise SetupError(
            f"There is an authority in {folder} already.",
            hint="Parts that trust it would refuse those of another one.",
        )
    made = new_authority("Stonepine parts", ends_at=now() + timedelta(days=_AUTHORITY_DAYS))
    write_private(folder / "ca-key.pem", made.key)
    write_private(folder / "ca.pem", made.certificate, mode=0o644)


def issue_part(authority: Path, kind: PartKind, name: str, folder: Path, *, days: int) -> None:
    """`ca.pem`, `cert.pem` and `key.pem` for one part; `*` is for all of that kind."""
    if name != "*":
        require_part_name(name)
    try:
        ca = Issued((authority / "ca.pem").read_bytes(), (authority / "ca-key.pem").read_bytes())
    except OSError as error:
        raise SetupError(
            f"There is no authority in {authority}: {error.strerror}.",
            hint="`stonepine parts authority` makes one, once for the installation.",
        ) from error
    called = identity(kind, name)
    ends_at = now() + timedelta(days=days)
    made = new_leaf(ca, called[:64], [x509.DNSName(called)], ends_at=ends_at, purposes=_BOTH_WAYS)
    private_folder(folder)
    write_private(folder / "key.pem", made.key)
    write_private(folder / "cert.pem", made.certificate, mode=0o644)
    write_private(folder / "ca.pem", ca.certificate, mode=0o644)


def require_part_name(name: str) -> None:
    if not is_part_name(name):
        raise SetupError(
            f"{name!r} is no name for a part.",
            hint="Lower case letters, digits and hyphens, 63 at most.",
        )


def read_part_pair(here: Environment, kind: PartKind, name: str) -> Pair:
    """This part's certificate and key. Raises SetupError where other parts would refuse them."""
    assert here.parts_ca is not None
    assert here.part_certificate is not None
    assert here.part_key is not None
    pair = read_pair(here.part_certificate, here.part_key, [])
    called = identity(kind, name)
    wildcard = f"*.{called.partition('.')[2]}"
    if not {called, wildcard} & set(pair.hosts):
        raise SetupError(
            f"The certificate in {here.part_certificate} is for {', '.join(pair.hosts)}, and this "
            f"part is {called}.", hint=_HINT,
        )  # fmt: skip
    try:
        authority = x509.load_pem_x509_certificates(here.parts_ca.read_bytes())
    except (OSError, ValueError) as error:
        raise SetupError(
            f"{here.parts_ca} holds no certificate of an authority that can be read.", hint=_HINT
        ) from error
    if not any(_is_signed_by(pair.certificate, one) for one in authority):
        raise SetupError(
            f"The certificate in {here.part_certificate} is not of the authority in "
            f"{here.parts_ca}.", hint=_HINT,
        )  # fmt: skip
    return pair


def _is_signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
