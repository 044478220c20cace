"""What threads and arithmetic cost: the numbers behind the estimates of `openmp.cost`, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """In operations: what a core does in 0.1 to 0.5 nanoseconds, an addition, a multiplication, a load that hits the
    cache.

    The defaults are those of the machines people have: entering a parallel region costs 5 to 20 microseconds (Bull,
    "Measuring Synchronisation and Scheduling Overheads in OpenMP", EWOMP 1999, and any run of the EPCC benchmarks
    since). `hpc-ls doctor --calibrate` measures others. Part of every cache key, so it is hashable.
    """

    pays: float = 100_000.0  # below it a parallel region costs more than it gains
    pays_again: float = 250_000.0  # for a region that a loop enters again and again: the cost of starting adds up
    pays_two: float = 500_000.0  # where even a team of two gains: what the `if` clause of a loop that shrinks asks for
    reduction: float = 0.0  # on top of that for each reduced variable
    light: float = 10_000.0  # of an iteration, under which a thread takes several at once
    division: float = 5.0
    library: float = 1.0  # times the operations that `standards.library` gives for exp, sqrt and others


DEFAULTS = Costs()
