"""Fresh ids from a seed and a counter, so that a replayed journal makes the same ones."""

from functools import cache
from hashlib import blake2b

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"


class Ids:
    """A source of ids. ``count`` is its whole state; equal seeds and counts give equal ids."""

    __slots__ = ("count", "seed")

    def __init__(self, seed: int = 0, count: int = 0) -> None:
        self.seed = seed
        self.count = count

    def _digest(self) -> bytes:
        self.count += 1
        return blake2b(f"{self.seed}:{self.count}".encode(), digest_size=16).digest()

    def uuid(self) -> str:
        """A UUID in the usual 8-4-4-4-12 form, marked as version 4."""
        digits = self._digest().hex()
        variant = "89ab"[int(digits[16], 16) % 4]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def hex(self, length: int) -> str:
        """Up to 32 hexadecimal digits, as in ``i-0123456789abcdef0``."""
        return self._digest().hex()[:length]

    def letters(self, length: int, alphabet: str = UPPER) -> str:
        """Up to 16 characters of an alphabet, as in the random end of a physical id."""
        return self._digest()[:length].translate(_letters_of(alphabet)).decode()


@cache
def _letters_of(alphabet: str) -> bytes:
    """The letter that each byte stands for."""
    return "".join(alphabet[byte % len(alphabet)] for byte in range(256)).encode()
