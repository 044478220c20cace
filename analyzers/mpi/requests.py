"""The life of requests: an operation that was started has to be completed (MPI 4.1 §3.7.3)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.expressions import Address, Name, symbols
from analyzers.ir.statements import Function, expressions, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.mpi.calls import MPICall, calls


def never_completed(function: Function) -> Iterator[tuple[MPICall, Symbol]]:
    """Calls that start an operation whose request is a variable of the function that nothing else ever names."""
    made = calls(function)
    starting = {id(c.call): c for c in made if c.procedure.completion == "nonblocking"}
    if not starting:
        return
    named: dict[Symbol, int] = {}
    for stmt in walk_statements(function.body):
        for expr in expressions(stmt):
            for symbol in symbols(expr):
                named[symbol] = named.get(symbol, 0) + 1
    started: dict[Symbol, list[MPICall]] = {}
    for call in starting.values():
        request = next((a for a in call.all("request") if a.parameter.direction == "out"), None)
        if request is None or not isinstance(request.expr, Address) or not isinstance(request.expr.operand, Name):
            continue
        symbol = request.expr.operand.symbol
        if symbol.storage == "local" and symbol.type.kind != "array":
            started.setdefault(symbol, []).append(call)
    for symbol, by in started.items():
        if named.get(symbol, 0) == len(by):
            yield from ((call, symbol) for call in by)
