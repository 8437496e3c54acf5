"""What fuzzing shares: how much of it, how requests are tried, and bytes gone wrong."""

import os
import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"


def examples(*, usual: int, nightly: int) -> int:
    return nightly if IS_NIGHTLY else usual


def seeded(usual: int) -> random.Random:
    """The same in every run of the small profile; the nightly one tells its seed when it fails."""
    return _Told(random.SystemRandom().getrandbits(32) if IS_NIGHTLY else usual)


class _Told(random.Random):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __repr__(self) -> str:
        return f"random.Random({self.number})"


def try_all(strategy: Any, send: Callable[[Any], None], *, count: int) -> None:
    """Send so many generated requests, the same ones in every run of the small profile."""

    @seed(0 if not IS_NIGHTLY else random.SystemRandom().getrandbits(32))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(case: Any) -> None:
        send(case)

    run()


def mutated(content: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """The bytes with one to four things done to them."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        what = chance.randrange(6)
        if what == 0 and changed:
            changed[at % len(changed)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del changed[at : at + chance.randint(1, 8)]
        elif what == 2:
            changed[at:at] = chance.randbytes(chance.randint(1, 8))
        elif what == 3:
            changed[at:at] = changed[at : at + chance.randint(1, 64)] * chance.randint(1, 4)
        elif what == 4:
            changed[at:] = chance.choice(others)[at:]
        elif changed:
            changed[at % len(changed)] = chance.choice([0, 0x7F, 0x80, 0xFF])
    return bytes(changed)
