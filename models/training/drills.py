"""Short questions whose answers are copied from the facts: what a network of this size learns last, and with short
questions soonest. They are the form of the prompts without the code, and cost no analysis.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from models import vocabulary
from models.training import corpus, programs
from models.training.corpus import Example

_CARRIED = ("scalar-carried", "carried-dependence", "scan", "varies", "scalar-reached", "early-exit", "index-modified")
_UNSEEN = ("unknown-call", "indirect-subscript", "pointer-varies", "not-affine")
_OPERATORS = ("+", "+", "+", "+", "*", "max", "min", "&&", "||", "|", "&", "^")
_CODE = ("for", "(", "v0", "=", "0", ";", "v0", "<", "v1", ";", "v0", "++", ")")


def examples(count: int, seed: int = 0) -> Iterator[Example]:
    """`count` drills, three quarters about loops, the others about calls in pieces of programs."""
    rng = random.Random(f"drills {seed}")
    made = number = 0
    while made < count:
        if rng.random() < 0.75:
            made += 1
            yield _loop(rng)
            continue
        number += 1
        text = programs.piece(seed * 10_000_000 + number)
        for example in corpus.of_program(text, "c", rng, 2, f"d{number}"):
            made += 1
            yield example


def _loop(rng: random.Random) -> Example:
    """Facts of a loop that was never written, and the directive that follows from them."""
    variables = rng.sample(range(1, rng.choice((6, 10, 16, 30))), rng.randint(0, 5)) if rng.random() < 0.8 else []
    cut = rng.randint(0, len(variables))
    private = [f"v{n}" for n in sorted(variables[:cut])]
    reduced = [f"v{n}" for n in sorted(variables[cut:][:2])]
    if rng.random() < 0.15:
        private.insert(0, f"a{rng.randrange(6)}")
    operator = rng.choice(_OPERATORS)
    arrays = [f"a{n}" for n in range(8)]
    carried = rng.random() < 0.35
    facts: list[str]
    if carried:
        facts = ["is-dependent", "is-proved"] if rng.random() < 0.5 else ["is-unknown", "is-possible"]
        facts += rng.sample(_CARRIED, rng.choice((1, 1, 2)))
    elif rng.random() < 0.5:
        facts = ["is-parallel", "is-proved"]
    elif rng.random() < 0.3:
        facts = ["is-unknown", "is-likely", "no-alias"]
    else:
        facts = ["is-unknown", "is-possible", rng.choice(_UNSEEN), "independent-call"]
    read, written = sorted(rng.sample(arrays, 2)), sorted(rng.sample(arrays, rng.choice((1, 2))))
    facts += ["index", "(", "v0", ")", *_list("shared-read", read), *_list("shared-distinct", written)]
    if carried:
        facts += _list("conflict", [rng.choice((f"v{rng.randrange(1, 9)}", f"a{rng.randrange(8)}"))])
    facts += [*_list("private", private), *_list("reduction", reduced, operator)]
    whole = ["parallel", "for", *_list("private", private), *_list("reduction", reduced, operator)]
    cut = rng.choice((0, 0, 0, 1, 2, rng.randrange(len(whole) + 1)))
    task = "<pragma>" if cut == 0 else "<rest>" if cut <= 2 else "<choice>"
    typed, answer = whole[:cut], whole[cut:]
    if carried:
        answer = ["<none>"]
    prompt = ("<begin>", rng.choice(("<c>", "<cpp>")), task, "<code>", *_CODE, "<facts>", *facts, "<ask>", *typed)
    assert all(word in vocabulary.IDS for word in prompt)
    return Example(prompt, (*answer, "<end>"), f"drill {'dependent' if carried else 'parallel'}", "drill")


def _list(name: str, items: list[str], operator: str = "") -> list[str]:
    """A list as clauses and facts write it; nothing where it would be empty."""
    inside = [word for item in items for word in (item, ",")][:-1]
    return [name, "(", *((operator, ":") if operator else ()), *inside, ")"] if items else []
