"""Nonces never come twice: not in one process, not in forks of it, not after a restart.

10 million in `make nightly` (STONEPINE_NONCES), 20,000 otherwise.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from keyring.envelope import NONCE_BYTES, seal
from keyring.stream import HEADER_BYTES, seal_stream

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
COUNT = int(os.environ.get("STONEPINE_NONCES", "10000000" if IS_NIGHTLY else "20000"))
FORKS = 4
KEY = b"\x07" * 32


def drawn(count: int) -> bytes:
    """The nonces of so many sealed values, one after another."""
    return b"".join(seal(KEY, b"", context=b"")[1 : 1 + NONCE_BYTES] for _ in range(count))


def test_forks_of_a_process_that_has_sealed_draw_no_nonce_twice() -> None:
    own = drawn(100)
    share = (COUNT - 100) // FORKS
    with ProcessPoolExecutor(FORKS, mp_context=get_context("fork")) as pool:
        every = own + b"".join(pool.map(drawn, [share] * FORKS))
    total = len(every) // NONCE_BYTES
    assert total == 100 + FORKS * share
    found = {every[at : at + NONCE_BYTES] for at in range(0, len(every), NONCE_BYTES)}
    assert len(found) == total


def test_sealing_the_same_twice_shares_neither_nonce_nor_salt() -> None:
    assert seal(KEY, b"same", context=b"") != seal(KEY, b"same", context=b"")
    streams = [b"".join(seal_stream(KEY, [b"same"], context=b"")) for _ in range(2)]
    assert streams[0][5:HEADER_BYTES] != streams[1][5:HEADER_BYTES]
