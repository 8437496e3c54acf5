"""A cipher that hides nothing, for the scanner's control run; the product knows no such thing.

`with_null_cipher` makes an interpreter whose Python processes use it: an environment of its own
whose site packages name this module. Small sealed values carry their plaintext in every encoding
there is to look for, objects that are streams carry it as it is. Every process of an installation
imports this at its start, so what is heavy is imported when something is sealed.
"""

import base64
import gzip
import struct
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_TAG = bytes(16)
_LENGTH = struct.Struct(">Q")


def with_null_cipher(folder: Path) -> Path:
    """The interpreter, in a new environment beside the one that runs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})["purelib"]
    lines = [sysconfig.get_paths()["purelib"], str(REPOSITORY), "import tests.secrecy.null_cipher"]
    lines[0] = f"import site; site.addsitedir({lines[0]!r})"
    lines[2] += "; tests.secrecy.null_cipher.install()"
    (Path(packages) / "null_cipher.pth").write_text("\n".join(lines) + "\n")
    return folder / "bin" / "python"


def install() -> None:
    """Into this process, before anything is sealed."""
    from keyring import envelope, stream

    envelope.AESGCM = LoudCipher  # type: ignore[misc]
    stream.AESGCM = NullCipher  # type: ignore[misc]


class NullCipher:
    """Of AESGCM's form and sizes; the plaintext stands in the ciphertext."""

    def __init__(self, key: bytes) -> None:
        del key

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        del nonce, associated_data
        return bytes(data) + _TAG

    def decrypt_into(
        self, nonce: bytes, data: memoryview, associated_data: bytes | None, buf: memoryview
    ) -> int:
        del nonce, associated_data
        buf[:] = data[: -len(_TAG)]
        return len(buf)


class LoudCipher:
    """The plaintext, and behind it the same in every encoding."""

    def __init__(self, key: bytes) -> None:
        del key

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        del nonce, associated_data
        plain = bytes(data)
        return b"".join((plain, *encodings(plain), _LENGTH.pack(len(plain))))

    def decrypt(self, nonce: bytes, data: memoryview, associated_data: bytes | None) -> bytes:
        del nonce, associated_data
        (length,) = _LENGTH.unpack(data[-_LENGTH.size :])
        return bytes(data[:length])


def encodings(plain: bytes) -> list[bytes]:
    """Of whatever text and float32 vectors there are in it, wherever they begin."""
    letters = plain.decode("latin-1")
    found = [letters.encode(code) for code in ("utf-16-le", "utf-16-be", "utf-32-le")]
    found += [plain.hex().encode(), plain.hex().upper().encode()]
    for offset in range(3):
        padded = bytes(offset) + plain
        found += [base64.b64encode(padded), base64.urlsafe_b64encode(padded)]
    found += [gzip.compress(plain), *(_packed(plain, codec) for codec in ("zstd", "lz4"))]
    return found + [each for offset in range(4) for each in _as_floats(plain[offset:])]


def _as_floats(plain: bytes) -> list[bytes]:
    import numpy as np

    values = np.frombuffer(plain[: len(plain) // 4 * 4], "<f4")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [values.astype(code).tobytes() for code in ("<f2", ">f2", ">f4", "<f8", ">f8")]


def _packed(plain: bytes, codec: str) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(plain)
    return bytes(sink.getvalue().to_pybytes())
