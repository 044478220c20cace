"""Types of C: the basic ones, how they combine, how large they are (LP64)."""

from __future__ import annotations

from dataclasses import replace

from analyzers.ir.expressions import Constant
from analyzers.ir.symbols import ANONYMOUS, INT, LOGICAL, REAL, UNKNOWN_TYPE, VOID, Extent, Type

CHAR = Type("character", "char", 8)
LONG = Type("integer", "long", 64)
UNSIGNED = Type("integer", "unsigned int", 32, signed=False)
SIZE = Type("integer", "size_t", 64, signed=False)
FLOAT = Type("real", "float", 32)
LONG_DOUBLE = Type("real", "long double", 128)
STRING = Type("pointer", "char *", 64, element=CHAR)
VOID_POINTER = Type("pointer", "void *", 64, element=VOID)
UNKNOWN_LAYOUT = 0  # as `bits` of a record: bit-fields or attributes decide its size
FUNCTION = Type("function", "int ()", element=UNKNOWN_TYPE)


def _integer(name: str, bits: int, signed: bool = True) -> Type:
    return Type("integer", name, bits, signed)


NAMED: dict[str, Type] = {
    "int": INT,
    "char": CHAR,
    "void": VOID,
    "float": FLOAT,
    "double": REAL,
    "bool": LOGICAL,
    "_Bool": LOGICAL,
    "size_t": SIZE,
    "ssize_t": _integer("ssize_t", 64),
    "ptrdiff_t": _integer("ptrdiff_t", 64),
    "intptr_t": _integer("intptr_t", 64),
    "uintptr_t": _integer("uintptr_t", 64, False),
    "off_t": _integer("off_t", 64),
    "time_t": _integer("time_t", 64),
    "clock_t": _integer("clock_t", 64),
    "wchar_t": _integer("wchar_t", 32),
    "intmax_t": _integer("intmax_t", 64),
    "uintmax_t": _integer("uintmax_t", 64, False),
    "uint": _integer("uint", 32, False),
    "ulong": _integer("ulong", 64, False),
    "ushort": _integer("ushort", 16, False),
    "__int128": _integer("__int128", 128),
    "__float128": Type("real", "__float128", 128),
    "_Float16": Type("real", "_Float16", 16),
    "_cf": Type("complex", "float complex", 64),
    "_cd": Type("complex", "double complex", 128),
    "_cl": Type("complex", "long double complex", 256),
    "FILE": Type("record", "FILE"),
    "va_list": UNKNOWN_TYPE,
    **{f"int{n}_t": _integer(f"int{n}_t", n) for n in (8, 16, 32, 64)},
    **{f"uint{n}_t": _integer(f"uint{n}_t", n, False) for n in (8, 16, 32, 64)},
    **{f"int_{k}{n}_t": _integer(f"int_{k}{n}_t", n) for k in ("least", "fast") for n in (8, 16, 32, 64)},
    **{f"uint_{k}{n}_t": _integer(f"uint_{k}{n}_t", n, False) for k in ("least", "fast") for n in (8, 16, 32, 64)},
    "omp_lock_t": Type("record", "omp_lock_t"),
    "omp_nest_lock_t": Type("record", "omp_nest_lock_t"),
    "omp_sched_t": _integer("omp_sched_t", 32),
    "omp_proc_bind_t": _integer("omp_proc_bind_t", 32),
    "omp_depend_t": Type("record", "omp_depend_t"),
    "pthread_mutex_t": Type("record", "pthread_mutex_t"),
    "pthread_t": _integer("pthread_t", 64, False),
    "struct timeval": Type("record", "struct timeval"),
}


def from_words(words: list[str]) -> Type:
    """The type that the words of a declaration name: ["unsigned", "long", "int"]."""
    words = [w for w in words if w not in ("const", "volatile")]
    if len(words) == 1 and words[0] in NAMED:
        return NAMED[words[0]]
    rest = [w for w in words if w not in ("int", "signed", "unsigned", "long", "short", "__signed__", "__signed")]
    signed = "unsigned" not in words
    longs = words.count("long")
    if rest == ["double"]:
        return LONG_DOUBLE if longs else REAL
    if rest == ["char"]:
        if signed:
            return Type("character", "signed char", 8) if "signed" in words else CHAR
        return Type("character", "unsigned char", 8, signed=False)
    if len(rest) == 1 and rest[0] in NAMED:
        named = NAMED[rest[0]]
        return (
            named if signed or named.kind != "integer" else replace(named, signed=False, name=f"unsigned {named.name}")
        )
    if rest:
        return UNKNOWN_TYPE
    base, bits = (
        ("short", 16)
        if "short" in words
        else ("long long", 64)
        if longs > 1
        else ("long", 64)
        if longs
        else ("int", 32)
    )
    if signed:
        return INT if base == "int" else LONG if base == "long" else _integer(base, bits)
    return UNSIGNED if base == "int" else _integer(f"unsigned {base}", bits, False)


def pointer_to(element: Type) -> Type:
    name = element.name + ("*" if element.name.endswith("*") else " *")
    return Type("pointer", name, 64, element=element)


def array_of(element: Type, extent: Extent) -> Type:
    """An array with one more dimension in front; nested arrays are one array."""
    if element.kind == "array":
        return replace(element, extents=(extent, *element.extents))
    return Type("array", element.name, None, element=element, extents=(extent,))


def decayed(kind: Type) -> Type:
    """Arrays and functions as values are pointers (C11 §6.3.2.1)."""
    if kind.kind == "array":
        return pointer_to(row(kind))
    if kind.kind == "function":
        return pointer_to(kind)
    return kind


# By identity, because subscripts ask for every level of an array at every access; the array is kept so that its
# identity stays its own.
_ROWS: dict[int, tuple[Type, Type]] = {}


def row(array: Type) -> Type:
    """What one subscript selects: an array of one dimension less, or the element."""
    if len(array.extents) <= 1:
        return array.element or UNKNOWN_TYPE
    known = _ROWS.get(id(array))
    if known is not None and known[0] is array:
        return known[1]
    if len(_ROWS) > 1000:
        _ROWS.clear()
    result = replace(array, extents=array.extents[1:])
    _ROWS[id(array)] = (array, result)
    return result


def member_path(record: Type, name: str) -> tuple[str, ...]:
    """The members to go through to reach `name`: those without a name lend theirs (C11 §6.7.2.1)."""
    waiting: list[tuple[Type, tuple[str, ...]]] = [(record, ())]
    for kind, path in waiting:  # grows while it is walked
        for member, inner in kind.fields or ():
            if member == name:
                return (*path, name)
            if member.startswith(ANONYMOUS) and len(path) < 20:
                waiting.append((inner, (*path, member)))
    return (name,)


def pointee(kind: Type) -> Type:
    """What a pointer points to or an array holds."""
    if kind.kind == "array":
        return row(kind)
    if kind.kind == "pointer":
        return kind.element or UNKNOWN_TYPE
    return UNKNOWN_TYPE


def promoted(kind: Type) -> Type:
    """Integer promotion (C11 §6.3.1.1)."""
    if kind.kind in ("logical", "character") or (kind.kind == "integer" and (kind.bits or 32) < 32):
        return INT
    return kind


def common(left: Type, right: Type) -> Type:
    """The usual arithmetic conversions (C11 §6.3.1.8)."""
    if left is right and left.kind == "real":
        return left
    for kind in ("unknown", "complex", "real"):
        if left.kind == kind or right.kind == kind:
            if left.kind != kind:
                return right
            if right.kind != kind:
                return left
            return left if (left.bits or 0) >= (right.bits or 0) else right
    left, right = promoted(left), promoted(right)
    if left.kind != "integer" or right.kind != "integer":
        return UNKNOWN_TYPE
    first, second = left.bits or 32, right.bits or 32
    if first == second:
        return left if not left.signed else right
    return left if first > second else right


def size_of(kind: Type) -> int | None:
    """Bytes, None where it depends on something unseen."""
    match kind.kind:
        case "integer" | "real" | "character" | "logical" | "complex":
            if kind.bits is None:
                return None
            return kind.bits // 8
        case "pointer":
            return 8
        case "array":
            size = size_of(kind.element or UNKNOWN_TYPE)
            for extent in kind.extents:
                if size is None or not isinstance(extent.size, Constant) or not isinstance(extent.size.value, int):
                    return None
                size *= extent.size.value
            return size
        case "record":
            return _record_size(kind)
        case _:
            return None


def _alignment(kind: Type) -> int | None:
    if kind.kind == "array":
        return _alignment(kind.element or UNKNOWN_TYPE)
    if kind.kind == "record":
        if not kind.fields:
            return None
        parts = [_alignment(t) for _, t in kind.fields]
        return None if None in parts else max(p for p in parts if p is not None)
    return size_of(kind)


def _record_size(kind: Type) -> int | None:
    if not kind.fields or kind.bits == UNKNOWN_LAYOUT:
        return None
    offset, widest = 0, 1
    for _, part in kind.fields:
        size, alignment = size_of(part), _alignment(part)
        if size is None or alignment is None:
            return None
        widest = max(widest, alignment)
        offset = max(offset, size) if kind.union else -(-offset // alignment) * alignment + size
    return -(-offset // widest) * widest
