"""The words about a loop. Deterministic, plain text, in the order verdict, variables, what would help, OpenMP.

Readers see the first line in a hover and the rest when they care; the same text is printed by `hpc-ls explain`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence

from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.surroundings import DEFINED
from analyzers.explain.patterns import remedy
from analyzers.ir.expressions import Name
from analyzers.ir.statements import Assign, Loop
from analyzers.ir.verdicts import Assumption, Dependence, Reason, Role, Verdict, Witness
from analyzers.openmp.offload import Offload
from analyzers.openmp.pipelines import Pipeline
from analyzers.openmp.synthesis import Proposal
from analyzers.openmp.teams import Team
from analyzers.standards import openmp
from analyzers.words import counted, listed, plain, quoted

_NAMES = ("library", "definition")  # kinds of assumptions: a function is the one that its name says
WIDTH = 88  # what a terminal of a hundred columns has left beside the margin
LENS = 110  # characters of a code lens: more would run out of the window
_ORDER = ("conflict", "shared-distinct", "reduction", "private", "firstprivate", "lastprivate", "linear")
_SUMS = {
    "+": "a sum",
    "*": "a product",
    "max": "a maximum",
    "min": "a minimum",
    "&&": "a logical and",
    "||": "a logical or",
    "&": "a bitwise and",
    "|": "a bitwise or",
    "^": "an exclusive or",
}


def summary(facts: LoopFacts, proposal: Proposal) -> str:
    """The code lens, without its action: one short line."""
    return textwrap.shorten(_summary(facts, proposal), LENS, placeholder=" …")


def _summary(facts: LoopFacts, proposal: Proposal) -> str:
    verdict = facts.verdict
    if verdict.status == "dependent":
        return f"not parallel: {_short_reason(verdict)}"
    if facts.verdict.counts_as_parallel:
        assumed = _assumed(verdict)
        head = f"parallel if {plain(assumed)}" if assumed else "parallel"
        if facts.governed_by is not None or facts.inside_parallel:
            return head
        if proposal.profitable:
            return " · ".join([head, " ".join(proposal.clauses)]) if proposal.clauses else head
        advice = proposal.advice.partition(":")[0]
        return f"{head} · {advice}" if advice else head
    if verdict.assumptions:
        return f"parallel only if {plain(_assumed(verdict))}"
    return f"cannot decide: {plain(_short_reason(verdict))}"


def explanation(
    facts: LoopFacts,
    proposal: Proposal,
    parameters: Collection[str] = (),
    device: Offload | None = None,
    team: Team | None = None,
) -> str:
    """The hover. `parameters`: the names of the function's parameters that could say `restrict` and do not. `device`:
    what a device could do, where somebody asked for it. `team`: what one team of threads could do for several loops."""
    blocks = [_first_line(facts), _variables(facts, parameters)]
    if not facts.verdict.counts_as_parallel and proposal.pipeline is None and team is None:
        blocks.append(_way_out(facts))
    blocks += [_openmp(facts, proposal), _in_a_team(team), _on_a_device(device)]
    return "\n".join(block for block in blocks if block)


# The verdict


def _first_line(facts: LoopFacts) -> str:
    """The verdict in one line, however long: clients set it as a paragraph above the table."""
    verdict = facts.verdict
    if facts.verdict.counts_as_parallel:
        assumed = _assumed(verdict)
        condition = f", assuming that {assumed}" if assumed else ""
        return f"This loop can run in parallel{condition}: {_because(facts.roles)}."
    if verdict.status == "dependent":
        return _dependence_line(verdict)
    line = f"Cannot decide: {_sentence(_main_reason(verdict))}"
    return f"{line} If {_assumed(verdict)}, the loop is parallel." if verdict.assumptions else line


def _assumed(verdict: Verdict) -> str:
    """What was assumed, pairs that do not overlap put together. That a function is the one of the library, or of a
    file, by that name is not worth a clause here: the table below says it."""
    apart = _apart(verdict)
    texts = [f"{listed(quoted(apart))} do not overlap"] if apart else []
    return listed([*texts, *(a.text for a in verdict.assumptions if a.kind not in _NAMES and not _is_pair(a))])


def _apart(verdict: Verdict) -> list[str]:
    """The names in pairs that were assumed not to overlap."""
    return sorted({name for a in verdict.assumptions if _is_pair(a) for name in a.subjects})


def _is_pair(assumption: Assumption) -> bool:
    return assumption.kind == "no-alias" and len(assumption.subjects) == 2


def _because(roles: Sequence[Role]) -> str:
    reduced = [role.name for role in roles if role.kind == "reduction"]
    distinct = any(role.kind == "shared-distinct" for role in roles)
    if reduced and distinct:
        return f"apart from the reduction of {listed(quoted(reduced))}, no two iterations touch the same element"
    if reduced:
        return f"its iterations meet only in the reduction of {listed(quoted(reduced))}"
    if distinct:
        return "no two iterations touch the same element"
    return "no iteration needs anything from another one"


def _dependence_line(verdict: Verdict) -> str:
    if not verdict.dependences:
        return f"This loop cannot run in parallel: {_sentence(_main_reason(verdict))}"
    dependence = verdict.dependences[0]
    distance = f", distance {dependence.distance}" if dependence.distance is not None else ""
    return f"This loop carries a dependence: {collision(dependence)} ({dependence.kind}{distance})."


def collision(dependence: Dependence) -> str:
    """The two iterations and the element they share, in words."""
    witness = dependence.witness
    if witness is None:
        match dependence.kind:
            case "flow":
                return f"{dependence.sink_text} reads what {dependence.source_text} wrote in an earlier iteration"
            case "anti":
                return f"{dependence.source_text} must be read before {dependence.sink_text} overwrites it"
            case _:
                return f"{dependence.source_text} and {dependence.sink_text} write the same element"
    first, second, element = _iteration(witness.first), _iteration(witness.second), witness.element
    given = _given(witness)
    match dependence.kind:
        case "flow":
            return f"{given}iteration {second} reads {element}, which iteration {first} writes"
        case "anti":
            return f"{given}iteration {second} overwrites {element}, which iteration {first} has to read first"
        case _:
            return f"{given}iterations {first} and {second} both write {element}"


def _iteration(indices: tuple[tuple[str, int], ...]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in indices)
    return f"({text})" if len(indices) > 1 else text


def _given(witness: Witness) -> str:
    if not witness.parameters:
        return ""
    return f"with {', '.join(f'{name}={value}' for name, value in witness.parameters)}, "


def _short_reason(verdict: Verdict) -> str:
    for dependence in verdict.dependences:
        source, sink = dependence.source_text, dependence.sink_text
        if source == sink:
            return f"iterations share {sink}" if "[" in sink else f"{sink} is carried from one iteration to the next"
        match dependence.kind:
            case "flow":
                return f"{source} needs {sink}"
            case "anti":
                return f"{source} is overwritten by {sink}"
            case _:
                return f"{source} and {sink} write the same element"
    return _main_reason(verdict)


def _main_reason(verdict: Verdict) -> str:
    return verdict.reasons[0].text if verdict.reasons else "the analysis found no reason to allow it"


# The variables


def _variables(facts: LoopFacts, parameters: Collection[str]) -> str:
    """One row for each text, so that five private scalars share theirs."""
    verdict = facts.verdict
    told = {d.variable for d in verdict.dependences[:1]}  # by the first line
    rows: dict[str, list[str]] = {}
    for kind in _ORDER:
        for role in facts.roles:
            if role.kind == kind and not (kind == "conflict" and (role.name in told or not verdict.dependences)):
                rows.setdefault(_role_text(role), []).append(role.name)
    table = [(", ".join(dict.fromkeys(names)), text) for text, names in rows.items()]
    apart = _apart(verdict)
    if apart:
        table.append((", ".join(apart), _may_overlap(apart, parameters)))
    if facts.verdict.counts_as_parallel:
        lonely = [a for a in verdict.assumptions if a.kind not in _NAMES and not _is_pair(a)]
        table += [(", ".join(a.subjects), f"assumed: {a.text}. If not, this is wrong.") for a in lonely]
    read = [role.name for role in facts.roles if role.kind == "shared-read" and role.name not in apart]
    if read:
        table.append((", ".join(read), "only read: shared"))
    library = [name for a in verdict.assumptions if a.kind == "library" for name in a.subjects]
    if library:
        which = "function of that name" if len(library) == 1 else "functions of those names"
        table.append((", ".join(library), f"taken for the library {which}"))
    table += _elsewhere(verdict)
    return _table(table)


def _elsewhere(verdict: Verdict) -> list[tuple[str, str]]:
    """The functions of other files, those of one file together."""
    rows: dict[str, list[str]] = {}
    for assumption in verdict.assumptions:
        if assumption.kind == "definition":
            rows.setdefault(f"taken for {assumption.text.partition(' is ')[2]}", []).extend(assumption.subjects)
    for reason in verdict.reasons:
        if reason.code == DEFINED and reason.subject is not None:
            rows.setdefault(reason.text.partition(" is ")[2], []).append(reason.subject)
    return [
        (", ".join(names), text if len(names) == 1 else text.replace("the function ", "the functions "))
        for text, names in rows.items()
    ]


def _role_text(role: Role) -> str:
    match role.kind:
        case "reduction":
            item = role.clause_item or role.name
            return f"{_SUMS.get(role.op or '', 'a reduction')}: reduction({role.op}:{item})"
        case "private" | "firstprivate" | "lastprivate" | "linear":
            return role.why if role.why.endswith(role.kind) else f"{role.why}: {role.kind}"
        case _:
            return role.why


def _may_overlap(names: Sequence[str], parameters: Collection[str]) -> str:
    if all(name in parameters for name in names):
        why = "they are both parameters" if len(names) == 2 else "they are parameters"
        why += " without `restrict`"
    else:
        why = "their types allow it"
    return f"may overlap: {why}. Assumed distinct; if they ever overlap, this is wrong."


def _table(rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    width = min(max(len(name) for name, _ in rows), 24)
    lines = []
    for name, text in rows:
        indent = " " * (width + 5)
        head = f"  {name:<{width}}   "
        if len(name) > width:
            lines.append(f"  {name}")
            head = indent
        lines.append(_wrap(text, head, indent))
    return "\n".join(lines)


# The way out


def _way_out(facts: LoopFacts) -> str:
    verdict = facts.verdict
    help_ = remedy(facts)
    lines = [_wrap(f"What would help: {help_}")] if help_ else []
    told = {d.variable for d in verdict.dependences[:1]}
    # That an index which cannot be counted is needed from one iteration to the next goes without saying.
    counting = {s.target.symbol.name for s in facts.loop.step if isinstance(s, Assign) and isinstance(s.target, Name)}
    shown = [
        reason
        for reason in _distinct(verdict.reasons)
        if reason.subject not in told
        and reason.code != DEFINED
        and (verdict.dependences or reason.text != _main_reason(verdict))
        and not (verdict.dependences and reason.code in ("carried-dependence", "scalar-carried"))
        and not (reason.code == "running-value" and reason.subject in counting)
    ]
    if shown:
        lines.append("Also in the way:")
        lines += [_wrap(f"- {_sentence(r.text)}", "  ", "    ") for r in shown[:4]]
        if len(shown) > 4:
            lines.append(f"  and {len(shown) - 4} more")
    return "\n".join(lines)


def _distinct(reasons: Iterable[Reason]) -> list[Reason]:
    return list({reason.text: reason for reason in reasons}.values())


# OpenMP


def _openmp(facts: LoopFacts, proposal: Proposal) -> str:
    if proposal.pipeline is not None:
        return _pipeline(proposal.pipeline)
    line = proposal.pragma or proposal.conditional
    if line is None:
        return _wrap(f"{proposal.advice[:1].upper()}{proposal.advice[1:]}.") if proposal.advice else ""
    lines = [f"  {line}", _wrap(f"{_sections(line)}", "  ", "  ")]
    if facts.governed_by is not None:
        lines.insert(0, "With these clauses its pragma is right:")
    elif proposal.conditional:
        lines.insert(0, "Then this is right:")
    elif not proposal.profitable:
        lines.insert(0, _wrap(f"Right, but not offered here: {proposal.advice}."))
    notes = []
    if proposal.schedule:
        notes.append(f"{proposal.schedule}: {proposal.schedule_reason}.")
    if proposal.threshold:
        notes.append(f"if({proposal.threshold}): with less to do one thread is faster.")
    if any(reduction.floating and reduction.op in ("+", "*") for reduction in facts.reductions):
        notes.append("Floating-point sums may differ in the last digits from the serial order.")
    if proposal.profitable and not proposal.threshold and proposal.advice.startswith("pays from"):
        notes.append(f"{proposal.advice[:1].upper()}{proposal.advice[1:]}.")
    lines += [_wrap(note, "  ", "  ") for note in notes]
    if proposal.simd:
        lines += ["On one core:", f"  {proposal.simd}", f"  {_sections(proposal.simd)}"]
    return "\n".join(lines)


def _in_a_team(team: Team | None) -> str:
    if team is None:
        return ""
    many = counted(sum(isinstance(part, Loop) for part, _ in team.lines), "loop")
    head = f"Inside it {many} can share a team" if team.whole else f"It can share a team with its neighbours, {many}"
    lines = [_wrap(f"{head}: {team.advice}."), f"  {team.pragma}"]
    lines += [f"    {line}" for _, line in team.lines]
    lines.append("  OpenMP 5.2: parallel §10.1, for §11.5.1" + (", nowait §15.6" if team.goes_on else ""))
    return "\n".join(lines)


def _pipeline(pipeline: Pipeline) -> str:
    lines = [_wrap(f"It can run as {pipeline.advice}."), f"  {pipeline.pragma}", f"  {_sections(pipeline.pragma)}"]
    lines.append("At the beginning and at the end of each iteration of the loop inside it:")
    lines += [f"  {pipeline.wait}", f"  {pipeline.post}", "  OpenMP 5.2: doacross loop nests §15.9.6"]
    if pipeline.assumptions:
        lines.append(_wrap(f"Assuming that {listed([a.text for a in pipeline.assumptions])}."))
    return "\n".join(lines)


def _on_a_device(device: Offload | None) -> str:
    if device is None:
        return ""
    if device.pragma is None:
        return _wrap(f"On a device: {device.advice}.")
    head = "On a device:" if device.pays else "On a device, which does not pay by itself:"
    told = (_sections(device.pragma), f"{device.advice[:1].upper()}{device.advice[1:]}.")
    return "\n".join((head, f"  {device.pragma}", *(_wrap(text, "  ", "  ") for text in told)))


def _sections(line: str) -> str:
    """Where OpenMP 5.2 defines the directive and the clauses of a pragma line."""
    body = line.partition("omp ")[2]
    words = body.partition("(")[0].split()
    names = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    name = next((name for name in names if openmp.directive(name) is not None), "")
    rules = [(name, openmp.directive(name))]
    clauses = ("collapse", "private", "firstprivate", "lastprivate", "linear", "reduction", "schedule", "if", "map")
    named = [(clause, openmp.clause(clause)) for clause in clauses if f" {clause}(" in body]
    found = [f"{word} §{rule.section}" for word, rule in (*rules, *named) if rule is not None]
    return f"OpenMP 5.2: {', '.join(found)}"


# Sentences


def _wrap(text: str, first: str = "", rest: str = "  ") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
