"""The predefined datatypes and operations of MPI, as data (MPI 4.1 §3.2.2, §6.9.2, §6.9.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzers.standards.library import words

Kind = Literal["integer", "real", "complex", "logical", "character", "byte", "pair"]


@dataclass(frozen=True, slots=True)
class Datatype:
    """A predefined datatype: what its elements are. `bits` is None where that depends on the platform or is nothing
    that C declares."""

    name: str
    kind: Kind
    bits: int | None


_ROWS: tuple[tuple[Kind, int | None, str], ...] = (
    ("character", 8, "CHAR"),
    ("integer", 8, "SIGNED_CHAR UNSIGNED_CHAR INT8_T UINT8_T INTEGER1"),
    ("integer", 16, "SHORT UNSIGNED_SHORT INT16_T UINT16_T INTEGER2"),
    ("integer", 32, "INT UNSIGNED INT32_T UINT32_T INTEGER INTEGER4"),
    ("integer", 64, "LONG_LONG_INT LONG_LONG UNSIGNED_LONG_LONG INT64_T UINT64_T INTEGER8 OFFSET COUNT AINT"),
    ("integer", None, "LONG UNSIGNED_LONG WCHAR"),
    ("real", 32, "FLOAT REAL REAL4"),
    ("real", 64, "DOUBLE DOUBLE_PRECISION REAL8"),
    ("real", None, "LONG_DOUBLE"),
    ("complex", 64, "C_COMPLEX C_FLOAT_COMPLEX COMPLEX CXX_FLOAT_COMPLEX COMPLEX8"),
    ("complex", 128, "C_DOUBLE_COMPLEX CXX_DOUBLE_COMPLEX DOUBLE_COMPLEX COMPLEX16"),
    ("complex", None, "C_LONG_DOUBLE_COMPLEX CXX_LONG_DOUBLE_COMPLEX"),
    ("logical", 8, "C_BOOL CXX_BOOL"),
    ("logical", None, "LOGICAL"),
    ("character", None, "CHARACTER"),
    ("byte", None, "BYTE PACKED"),
    ("pair", None, "FLOAT_INT DOUBLE_INT LONG_INT 2INT SHORT_INT LONG_DOUBLE_INT 2REAL 2DOUBLE_PRECISION 2INTEGER"),
)
DATATYPES: dict[str, Datatype] = {
    f"MPI_{name}": Datatype(f"MPI_{name}", kind, bits) for kind, bits, names in _ROWS for name in words(names)
}

_NUMBERS = frozenset({"integer", "real", "character"})  # the standard leaves MPI_CHAR out, implementations take it
# The kinds of datatypes that each predefined operation takes; MPI_REPLACE and MPI_NO_OP take all (§12.3.4).
OPERATIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("MPI_MAX", "MPI_MIN"), _NUMBERS),
    **dict.fromkeys(("MPI_SUM", "MPI_PROD"), _NUMBERS | {"complex"}),
    **dict.fromkeys(("MPI_LAND", "MPI_LOR", "MPI_LXOR"), frozenset({"integer", "logical"})),
    **dict.fromkeys(("MPI_BAND", "MPI_BOR", "MPI_BXOR"), frozenset({"integer", "byte"})),
    **dict.fromkeys(("MPI_MAXLOC", "MPI_MINLOC"), frozenset({"pair"})),
}
