"""Kubernetes quantities as numbers.

Rule: exact, and never an error: what is no quantity is no number.
"""

import re
from fractions import Fraction

_QUANTITY = re.compile(r"([+-]?[0-9.]+)(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?")
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse_quantity(quantity: object) -> Fraction | None:
    """Return a Kubernetes quantity as an exact number; None for what is none."""
    match = _QUANTITY.fullmatch(str(quantity))
    try:
        number = Fraction(match[1]) if match else None
    except ValueError:
        return None
    if match is None or number is None:
        return None
    if match[2] in _BINARY:
        return number * _BINARY[match[2]]
    return number * Fraction(10) ** int(match[3] or _DECIMAL.get(match[2], 0))
