"""Types and symbols, in terms that hold for C, C++ and Fortran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from analyzers.text import NOWHERE, Span

if TYPE_CHECKING:
    from analyzers.ir.expressions import Expr

TypeKind = Literal[
    "integer", "real", "complex", "logical", "character", "pointer", "array", "record", "function", "void", "unknown"
]
Storage = Literal[
    "parameter",  # formal argument
    "local",  # automatic
    "static",  # static storage, function scope
    "global",  # file or module scope, defined or declared here (static storage)
    "constant",  # enumerator, named constant, constexpr: `value` is set
    "function",
    "undeclared",  # no declaration was seen (a snippet, a missing header)
]
Intent = Literal["in", "out", "inout", "unknown"]


@dataclass(frozen=True, slots=True)
class Extent:
    """One dimension of an array. `size` is None where it is not known ([] or assumed size)."""

    size: Expr | None
    lower: Expr | None = None  # None: the language's default (0 in C, 1 in Fortran)


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `element` is the pointee of a pointer or the element of an array (never itself an array: nested
    arrays are flattened, `extents` outermost first)."""

    kind: TypeKind
    name: str = ""  # as a person would write it
    bits: int | None = None  # of a scalar, where known
    signed: bool = True
    element: Type | None = None
    extents: tuple[Extent, ...] = ()
    fields: tuple[tuple[str, Type], ...] | None = None  # of a record, None: not seen
    union: bool = False
    const: bool = False
    volatile: bool = False
    atomic: bool = False
    restrict: bool = False
    # Copying, converting, making or ending an object of it may run code that does not stand where that happens: code
    # that nobody has seen, or these functions. `GENERIC` and a name: what the type parameter of that name brings.
    active: bool = False
    runs: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Type], ...] = ()  # what the parameters of the template stand for that it is made of
    wrapped: bool = False  # an array that is an object of a class: no clause names some of its elements
    # Of a parameter that was written as an array: its outermost bound. No promise in C, so for estimates only.
    declared: Extent | None = field(default=None, compare=False)

    @property
    def is_scalar(self) -> bool:
        return self.kind in ("integer", "real", "complex", "logical", "character")

    @property
    def is_unsigned(self) -> bool:
        return self.kind == "integer" and not self.signed

    def field_type(self, name: str) -> Type:
        return next((t for n, t in self.fields or () if n == name), UNKNOWN_TYPE)


GENERIC = "typename "
ANONYMOUS = "anonymous "  # how the name of a member without a name begins: a base class, an unnamed union
BIT_FIELDS = "bit-fields"  # the name of the union that stands for adjacent ones
UNKNOWN_TYPE = Type("unknown")
INT = Type("integer", "int", 32)
LOGICAL = Type("logical", "bool", 8)
REAL = Type("real", "double", 64)
VOID = Type("void", "void")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named object. Equality and hash are those of `uid`, which is unique in a file and the same for the same
    declaration of an unchanged function: `function/n:name` for locals and parameters, `//name` at file scope."""

    uid: str
    name: str = field(compare=False)
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    storage: Storage = field(compare=False, default="local")
    span: Span = field(compare=False, default=NOWHERE)  # of the declared name, in the function; NOWHERE at file scope
    intent: Intent = field(compare=False, default="unknown")  # set: a parameter by reference
    target: bool = field(compare=False, default=False)  # Fortran TARGET or POINTER
    address_taken: bool = field(compare=False, default=False)  # `&x` stands in the function (of a global: in the file)
    threadprivate: bool = field(compare=False, default=False)
    internal: bool = field(compare=False, default=False)  # at file scope, not seen by other files (`static` in C)
    method: bool = field(compare=False, default=False)  # a function that gets its object as first argument
    depth: int = field(compare=False, default=0)  # block nesting: 0 file scope, 1 parameters and function body, ...
    value: Expr | None = field(compare=False, default=None)  # of a constant
    values: tuple[int, ...] = field(compare=False, default=())  # of a table that nothing in the file changes

    @property
    def is_pointer(self) -> bool:
        return self.type.kind == "pointer"

    @property
    def is_array(self) -> bool:
        return self.type.kind == "array"

    @property
    def is_reference(self) -> bool:
        """A parameter that is another name for an object of the caller."""
        return self.storage == "parameter" and self.intent != "unknown"

    @property
    def is_static(self) -> bool:
        """One object for all calls and threads."""
        return self.storage in ("static", "global")
