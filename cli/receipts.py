"""That an installation was restored completely: a file that only its keyring can have made."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from cli.errors import SetupError
from cli.private_files import write_private
from keyring.local import LocalKeyring

NAME = "restored.json"
_PURPOSE = "restore receipt"


def write_receipt(home: Path, keyring: LocalKeyring, **told: Any) -> None:
    document = told | {"proof": _proof(keyring.derive(_PURPOSE), told)}
    write_private(home / NAME, json.dumps(document, indent=1).encode())


def read_receipt(file: Path, keyring: LocalKeyring) -> dict[str, Any]:
    """Raises SetupError for one of another installation, and for one that was changed."""
    try:
        told = dict(json.loads(file.read_bytes()))
        proof = str(told.pop("proof"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SetupError(f"{file} is no receipt of a restore.") from error
    keys = keyring.derived(_PURPOSE)
    if not any(hmac.compare_digest(proof, _proof(key, told)) for key in keys):
        raise SetupError(
            f"{file} is not genuine.", hint="It is another installation's, or it was changed."
        )
    return told


def _proof(key: bytes, told: dict[str, Any]) -> str:
    message = json.dumps(told, sort_keys=True).encode()
    return hmac.digest(key, message, hashlib.sha256).hex()
