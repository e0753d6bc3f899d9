"""Damage to files as machines and hands do it: cut off, bits flipped, headers swapped, sizes that cannot be."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

KINDS = ("cut", "flip", "many flips", "zeros", "noise", "huge", "swap", "double", "insert", "text")
HEADS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"RIFF\xff\xff\xff\xffWEBP",
    b"PK\x03\x04",
    b"\x1aE\xdf\xa3",
    b"MATLAB 5.0",
    b"GIF89a",
)
NUMBERS = (0x7FFFFFFF, 0xFFFFFFFF, 0x40000000, 0, 1)


@dataclass(frozen=True)
class Mutation:
    """One kind of damage.

    Attributes:
        kind: of ``KINDS``.
        place: where, 0..1 of the file.
        seed: of what is random in it.
        head: whether it happens in the first 256 bytes, where most formats say what follows.
    """

    kind: str
    place: float
    seed: int
    head: bool

    def of(self, data: bytes) -> bytes:
        """The damaged bytes."""
        rng = np.random.default_rng(self.seed)
        size = min(len(data), 256) if self.head else len(data)
        at = min(int(self.place * size), max(len(data) - 1, 0))
        out = bytearray(data)
        match self.kind:
            case "cut":
                return data[:at]
            case "flip":
                out[at] ^= 1 << int(rng.integers(8))
            case "many flips":
                for i in rng.integers(0, size, 12):
                    out[i] ^= 1 << int(rng.integers(8))
            case "zeros":
                out[at : at + 16] = bytes(len(out[at : at + 16]))
            case "noise":
                out[at : at + 32] = rng.bytes(len(out[at : at + 32]))
            case "huge":
                number = struct.pack(("<I", ">I")[rng.integers(2)], NUMBERS[rng.integers(len(NUMBERS))])
                out[at : at + 4] = number[: len(out[at : at + 4])]
            case "swap":
                head = HEADS[rng.integers(len(HEADS))]
                out[: len(head)] = head
            case "double":
                out[at:at] = out[at : at + 64]
            case "insert":
                out[at:at] = rng.bytes(5)
            case "text":
                words = (b"-1", b"1e999", b"nan", b"null", b"[]", b"{", b'"', b"\n", b": ", b"- ", b"\xff\xfe", b"999999999999")
                word = words[rng.integers(len(words))]
                out[at : at + len(word)] = word
        return bytes(out)


MUTATIONS = st.builds(Mutation, st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 2**32 - 1), st.booleans())
