"""The classical subscript tests that need no solver (Goff, Kennedy & Tseng, PLDI 1991).

Each proves independence without looking at loop bounds; all else is left to the polyhedral test.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from analyzers.dependence.domains import Linear, Variable


def independent(difference: Sequence[Linear], first: Variable, second: Variable, step: int | None) -> bool:
    """Can no two different iterations agree in all subscripts?

    `difference`: for each subscript, that of the first access minus that of the second, == 0 in a conflict. `first`,
    `second`: the loop's index in the two iterations, `step` what it advances by, where constant.
    """
    distances: set[int] = set()
    for linear in difference:
        constant = linear.get(None, 0)
        terms = {v: f for v, f in linear.items() if f and v is not None}
        if not terms:
            if constant:
                return True  # ZIV
            continue
        divisor = 0
        for factor in terms.values():
            divisor = gcd(divisor, factor)
        if constant % divisor:
            return True  # GCD test
        if len(terms) == 2 and first in terms and terms.get(second) == -terms[first]:
            # Strong SIV: factor * (first - second) + constant == 0
            distance = constant // terms[first]
            if distance == 0 or (step is not None and distance % step):
                return True
            distances.add(distance)
    return len(distances) > 1
