"""Functions of C text as the OpenMP rooms see them."""

from __future__ import annotations

from analyzers.dependence import effects, loops
from analyzers.dependence.facts import FunctionFacts
from analyzers.frontends.c import CFrontend
from analyzers.ir.expressions import Name, root, symbols
from analyzers.ir.statements import Assign, Construct, Declare, Function, Stmt, expressions, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.settings import Options
from analyzers.text import SourceText


def function(text: str) -> Function:
    """The last function of a C text."""
    frontend = CFrontend()
    frontend.update(SourceText.of(text))
    return frontend.lower(frontend.chunks()[-1])


def symbol(function_: Function, name: str) -> Symbol:
    """The variable of that name that is used or declared last."""
    found = [
        s for stmt in walk_statements(function_.body) for e in expressions(stmt) for s in symbols(e) if s.name == name
    ]
    found += [s.symbol for s in walk_statements(function_.body) if isinstance(s, Declare) and s.symbol.name == name]
    return found[0]


def constructs(function_: Function) -> list[Construct]:
    return [s for s in walk_statements(function_.body) if isinstance(s, Construct)]


def assignment(function_: Function, name: str, number: int = 0) -> Stmt:
    """The n-th assignment to the variable, or to an element of it."""

    def hits(stmt: Stmt) -> bool:
        if not isinstance(stmt, Assign):
            return False
        base = root(stmt.target)
        return isinstance(base, Name) and base.symbol.name == name

    return [s for s in walk_statements(function_.body) if hits(s)][number]


def analysed(text: str) -> FunctionFacts:
    """The facts of the last function of a C text, with what is known of those before it."""
    frontend = CFrontend()
    frontend.update(SourceText.of(text))
    functions = [frontend.lower(chunk) for chunk in frontend.chunks()]
    return loops.analyse(functions[-1], effects.table(functions), Options())
