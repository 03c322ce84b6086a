"""Deterministic noise: hashes of integers and the draws made of them. Same numbers on every machine and Python."""

import hashlib
import math
from statistics import NormalDist

MASK = (1 << 64) - 1
_TABLE_BITS = 12
_TABLE_MASK = (1 << _TABLE_BITS) - 1
_QUANTILES = [(index + 0.5) / (1 << _TABLE_BITS) for index in range(1 << _TABLE_BITS)]
_NORMAL = tuple(NormalDist().inv_cdf(quantile) for quantile in _QUANTILES)
_EXPONENTIAL = tuple(-math.log(quantile) for quantile in _QUANTILES)


def seed_key(*parts: object) -> int:
    """Return a 64-bit key of a seed and names."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def mix(value: int) -> int:
    """Return 64 well mixed bits of an integer (the finalizer of SplitMix64, Steele et al. 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def normal(bits: int) -> float:
    """Return a standard normal draw of the low 12 bits."""
    return _NORMAL[bits & _TABLE_MASK]


def exponential(bits: int) -> float:
    """Return an exponential draw of mean 1 of the low 12 bits."""
    return _EXPONENTIAL[bits & _TABLE_MASK]


def uniform(bits: int) -> float:
    """Return a draw from [0, 1) of the low 12 bits."""
    return (bits & _TABLE_MASK) / (1 << _TABLE_BITS)
