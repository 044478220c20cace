"""Comments that ask for a directive, with the directive that they ask for."""

from __future__ import annotations

import random

from models.training.loops import Generated, directive

_ASKING = (
    "parallelize this", "parallelize this loop", "parallel loop", "run this loop in parallel",
    "make this loop parallel",
    "parallelise the loop with openmp", "openmp parallel for", "share the iterations among the threads",
    "distribute iterations over threads", "divide the work between threads", "multithread this", "use all cores",
    "compute the elements in parallel", "each iteration is independent", "run the iterations on many threads",
)  # fmt: skip
_HELD_ASKING = ("let several threads share this loop", "spawn threads for the iterations here", "omp for over the rows")
_SCHEDULES = {
    "schedule(dynamic)": (
        "with a dynamic schedule", "dynamic scheduling", "iterations have uneven cost", "schedule dynamic",
        "the work per iteration varies, balance it", "load balanced", "iterations cost different times",
    ),
    "schedule(static)": (
        "with a static schedule", "static scheduling", "equal parts for each thread", "schedule static",
    ),
    "schedule(guided)": ("with a guided schedule", "guided scheduling", "schedule guided"),
    "schedule(runtime)": ("schedule at run time", "schedule runtime"),
}  # fmt: skip
_CHUNKED = ("chunks of {}", "chunk size {}", "{} iterations at a time", "with chunk {}")
_THREADS = ("on {} threads", "using {} threads", "with {} threads", "num_threads {}")
_SUMS = ("sum into {}", "reduction on {}", "accumulate {}", "reduce {}", "each thread sums its own {}")
_OWN = ("{} is private", "each thread has its own {}", "private {}")
_VECTOR = ("vectorize this loop", "simd", "use vector instructions", "vectorise it")
_BOTH = ("and vectorize it", "with simd", "and use simd")


def asked(loop: Generated, rng: random.Random, held: bool = False) -> tuple[str, str | None]:
    """A comment above the loop, and the directive that it asks for; None where the loop must not have it."""
    said, more, first = [rng.choice(_HELD_ASKING if held else _ASKING)], [], "parallel for"
    form = rng.random()
    if form < 0.12:
        said, first = [rng.choice(_VECTOR)], "simd"
    elif form < 0.22:
        said.append(rng.choice(_BOTH))
        first = "parallel for simd"
    if first != "simd" and rng.random() < 0.55:
        schedule = rng.choice((*_SCHEDULES, "schedule(dynamic)"))
        said.append(rng.choice(_SCHEDULES[schedule]))
        if rng.random() < 0.35 and "runtime" not in schedule:
            chunk = rng.choice((1, 2, 4, 8, 10, 16, 32, 64, 100))
            said.append(rng.choice(_CHUNKED).format(chunk))
            schedule = schedule.replace(")", f", {chunk})")
        more.append(schedule)
    elif loop.more and first != "simd":
        more.append(loop.more)
    if first != "simd" and rng.random() < 0.25:
        threads = rng.choice((2, 4, 6, 8, 12, 16, 32))
        said.append(rng.choice(_THREADS).format(threads))
        more.append(f"num_threads({threads})")
    if loop.reductions and rng.random() < 0.5:
        said.append(rng.choice(_SUMS).format(rng.choice(loop.reductions)[1]))
    if loop.private and rng.random() < 0.3:
        said.append(rng.choice(_OWN).format(rng.choice(loop.private)))
    rng.shuffle(said)
    comment = rng.choice((", ", " ", "; ", " and ")).join(said)
    if loop.dependent:
        return comment, None
    return comment, directive(loop.private, loop.reductions, " ".join(more), first)
