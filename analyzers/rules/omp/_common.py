"""What the rules on directives share: every directive of a function or file with what surrounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from analyzers.ir.directives import Directive
from analyzers.ir.statements import Construct, Function, Loop, SourceFile, Stmt, substatements
from analyzers.ir.verdicts import Assumption, Confidence, Edit, Finding, Fix, Related
from analyzers.rules.registry import Context, Rule, Site
from analyzers.text import Span
from analyzers.words import nearest


def sites(context: Context) -> Sequence[Site]:
    """Every directive of a function, in textual order."""
    if not context.sites:
        context.sites.extend(_sites(context.facts.function))
    return context.sites


def _sites(function: Function) -> Iterator[Site]:
    yield from (Site(d) for d in function.directives)
    stack: list[tuple[Stmt, tuple[Construct, ...], tuple[Loop, ...]]] = [(function.body, (), ())]
    while stack:
        stmt, outside, loops = stack.pop()
        if isinstance(stmt, Construct):
            yield Site(stmt.directive, stmt, outside, loops)
            outside = (*outside, stmt)
        elif isinstance(stmt, Loop):
            loops = (*loops, stmt)
        stack.extend((s, outside, loops) for s in reversed(substatements(stmt)))


def file_sites(file: SourceFile) -> Iterator[Site]:
    return (Site(d) for d in file.directives)


def everywhere(
    check: Callable[[Site], Iterator[Finding]],
) -> tuple[Callable[[Context], Iterator[Finding]], Callable[[SourceFile], Iterator[Finding]]]:
    """`check` and `check_file` of a rule that looks at each directive by itself, wherever it stands."""

    def in_function(context: Context) -> Iterator[Finding]:
        return (found for site in sites(context) for found in check(site))

    def in_file(file: SourceFile) -> Iterator[Finding]:
        return (found for site in file_sites(file) for found in check(site))

    return in_function, in_file


def may_be_macro(directive: Directive, word: str, known: Iterable[str]) -> bool:
    """Could a word that means nothing be a macro of a header that was not read? Not where it looks like a slip."""
    return directive.may_hold_macros and nearest(word, known, alike=0.8) is None


def finding(
    rule: Rule,
    span: Span,
    message: str,
    label: str = "",
    why: str = "",
    fixes: tuple[Fix, ...] = (),
    related: tuple[Related, ...] = (),
    confidence: Confidence = "proved",
    help: str = "",
    assumptions: tuple[Assumption, ...] = (),
    **facts: str,
) -> Finding:
    """A finding of a rule on directives."""
    return Finding(
        rule.code,
        rule.category,
        rule.severity,
        confidence,
        span,
        message,
        label,
        why,
        related,
        fixes,
        {"section": rule.section, **facts},
        assumptions=assumptions,
        help=help,
    )


def replacement(span: Span, written: str, words: list[str]) -> tuple[Fix, ...]:
    """The fix that replaces a misspelt word by the closest of `words`; nothing where none is close."""
    close = nearest(written, words)
    if close is None:
        return ()
    return (Fix(f"write `{close}`", (Edit(span, close),), False, "the closest word of the standard"),)


def is_generated(directive: Directive) -> bool:
    """Was it made by a frontend, not written?"""
    return directive.span.start == directive.span.end
