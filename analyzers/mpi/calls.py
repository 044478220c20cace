"""The calls of MPI procedures in a function, with what each argument is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.ir.expressions import Call, Expr, Name
from analyzers.ir.statements import Function, Stmt, calls_of, walk_statements
from analyzers.standards.mpi import Parameter, Procedure, procedure
from analyzers.standards.mpi_tables import Role
from analyzers.text import Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `position` counts from 0."""

    expr: Expr
    parameter: Parameter
    position: int

    @property
    def span(self) -> Span:
        return self.expr.span


@dataclass(frozen=True, slots=True)
class MPICall:
    """A call of a procedure with as many arguments as it has, and the statement that makes it."""

    call: Call
    procedure: Procedure
    statement: Stmt

    @property
    def name(self) -> str:
        return self.procedure.name

    def arguments(self) -> Iterator[Argument]:
        """The arguments in order."""
        pairs = zip(self.call.arguments, self.procedure.parameters, strict=True)
        return (Argument(expr, parameter, at) for at, (expr, parameter) in enumerate(pairs))

    def all(self, *roles: Role) -> Iterator[Argument]:
        """The arguments with these roles."""
        return (argument for argument in self.arguments() if argument.parameter.role in roles)

    def named(self, name: str) -> Argument | None:
        """The argument that the standard calls so."""
        return next((a for a in self.arguments() if a.parameter.name == name), None)


def calls(function: Function) -> tuple[MPICall, ...]:
    """In textual order."""
    if not any(procedure(name) for name in function.callees):
        return ()
    found = []
    for stmt in walk_statements(function.body):
        for call in calls_of(stmt):
            known = procedure(call.name or "")
            if known is not None and len(known.parameters) == len(call.arguments):
                found.append(MPICall(call, known, stmt))
    return tuple(found)


def constant(expr: Expr | None) -> str | None:
    """The name of a constant of MPI: `MPI_INT`, `MPI_COMM_NULL`. Macros of a header that was read stand for others."""
    if isinstance(expr, Name) and expr.symbol.name.startswith("MPI_"):
        return expr.symbol.name
    return None
