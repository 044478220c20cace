"""The C++ frontend: the C frontend with the grammar and the tables of C++."""

from __future__ import annotations

from typing import ClassVar

import tree_sitter_cpp
from tree_sitter import Language

from analyzers.frontends import (
    c_notation,
    cpp_calls,
    cpp_chunks,
    cpp_classes,
    cpp_expressions,
    cpp_lambdas,
    cpp_names,
    cpp_signatures,
    cpp_spelling,
    cpp_statements,
    cpp_stores,
    cpp_types,
)
from analyzers.frontends.c import CFrontend
from analyzers.frontends.c_dialect import Dialect
from analyzers.frontends.c_function import C
from analyzers.frontends.cpp_function import signature
from analyzers.frontends.cpp_overloads import incomplete

CPP = Dialect(
    "cpp",
    Language(tree_sitter_cpp.language()),
    {
        **C.expressions,
        **cpp_names.EXPRESSIONS,
        **cpp_calls.EXPRESSIONS,
        **cpp_expressions.EXPRESSIONS,
        **cpp_lambdas.EXPRESSIONS,
    },
    {**C.statements, **cpp_statements.STATEMENTS},
    cpp_statements.OUTSIDE,
    {
        **cpp_types.TYPES,
        **dict.fromkeys(("class_specifier", "struct_specifier", "union_specifier"), cpp_classes.record),
        "enum_specifier": cpp_classes.enumeration,
    },
    cpp_spelling.rewritten,
    cpp_chunks.cut,
    signature,
    cpp_signatures.head,
    cpp_stores.stores,
    c_notation.CPP,
    has_classes=True,
)


class CppFrontend(CFrontend):
    """One C++ document; see `CFrontend`."""

    dialect: ClassVar[Dialect] = CPP

    def system_headers(self) -> frozenset[str]:
        """The headers that are not of the project; `<cmath>` is `<math.h>` too."""
        names = super().system_headers()
        return names | {f"{name[1:]}.h" for name in names if name.startswith("c") and "." not in name}

    def partly_defined(self) -> frozenset[str]:
        return incomplete(self._environment.scope)
