"""Which names may stand for the same memory."""

from __future__ import annotations

import pytest

from analyzers.dependence import alias
from analyzers.dependence.accesses import collect
from analyzers.dependence.alias import AliasAnswer
from analyzers.dependence.facts import Effects
from analyzers.frontends.c import lower_file
from analyzers.ir.expressions import Expr, symbols
from analyzers.text import SourceText

PRELUDE = """#include <stdlib.h>
struct P { double x, y; double *v; double *w; int n; };
union U { double d; long l; };
double table[100], other[50], *shared; double *get(void);
struct P wrap(double *); void fill(double *, int);
"""


def answer(params: str, body: str, *, assume_no_alias: bool = False, moving: tuple[str, ...] = ()) -> AliasAnswer:
    """The relation of the first write and the last read or write of memory in `body`."""
    file = lower_file(SourceText.of(f"{PRELUDE}void f({params}) {{ {body} }}\n"))
    function = file.functions[0].function
    known = {"get": Effects(), "keep": Effects(parameters=("escapes",))}
    known |= dict.fromkeys(("malloc", "strdup"), Effects(allocates=True))
    known |= {"wrap": Effects(parameters=("none",)), "fill": Effects(parameters=("write",))}
    found = [a for a in collect(function, known) if a.path and not a.call]
    last = next(a for a in reversed(found) if a.writes)
    others = [a for a in found if a is not last and a.order < last.order]

    def invariant(expr: Expr) -> bool:
        return not any(s.name in moving for s in symbols(expr))

    facts = alias.summarize(function, known)
    return alias.relation(last, others[-1], assume_no_alias=assume_no_alias, facts=facts, invariant=invariant)


DISTINCT = {
    "two arrays": ("int i", "table[i] = other[i];"),
    "restrict": ("int i, double *restrict a, double *b", "a[i] = b[i];"),
    "a local array and a parameter": ("int i, double *a", "double t[4]; t[i] = a[i];"),
    "types": ("int i, double *a, int *b", "a[i] = b[i];"),
    "sizes": ("int i, double *a, float *b", "a[i] = b[i];"),
    "allocations": ("int i, int n", "double *a = malloc(n), *b = malloc(n); a[i] = b[i];"),
    "a copy that the library allocates": ("int i, double *b", "char *a = strdup(0); a[i] = b[i];"),
    "an allocation and a parameter": ("int i, double *b", "double *a = (double *)malloc(8); a[i] = b[i];"),
    "members": ("struct P *p", "p->x = p->y;"),
    "members of two objects": ("struct P *p, struct P *q", "p->x = q->y;"),
    "a copy of each": ("int i, int n", "double *a = malloc(n), *b = malloc(n), *p = a + 1, *q = b; p[i] = q[i];"),
    "an array behind a pointer and another": ("int i", "double *p = table; p[i] = other[i];"),
}


@pytest.mark.parametrize("name", DISTINCT)
def test_distinct(name: str) -> None:
    assert answer(*DISTINCT[name]).status == "distinct"


ASSUMED = {
    "two parameters": ("int i, double *a, double *b", "a[i] = b[i];", "`a` and `b` do not overlap"),
    "a parameter and a global": ("int i, double *a", "a[i] = table[i];", "`a` and `table` do not overlap"),
    "two members that are pointers": ("int i, struct P *p", "p->v[i] = p->w[i];", "`p->v` and `p->w` do not overlap"),
    "one member of two objects": ("struct P *p, struct P *q", "p->x = q->x;", "`p` and `q` do not overlap"),
    "a global pointer": ("int i, double *a", "shared[i] = a[i];", "`a` and `shared` do not overlap"),
    "characters": ("int i, char *a, double *b", "a[i] = b[i];", "`a` and `b` do not overlap"),
    "copies of two parameters": (
        "int i, double *a, double *b",
        "double *p = a, *q = b; p[i] = q[i];",
        "`p` and `q` do not overlap",
    ),
}


@pytest.mark.parametrize("name", ASSUMED)
def test_assumed_distinct(name: str) -> None:
    params, body, text = ASSUMED[name]
    found = answer(params, body)
    assert found.status == "assumed-distinct" and found.assumption is not None
    assert (found.assumption.text, found.assumption.strength) == (text, "ordinary")
    assert answer(params, body, assume_no_alias=True).status == "distinct"


MAY = {
    "a copy of the pointer": ("int i, double *a", "double *p = a + 3; p[i] = a[i];"),
    "two copies": ("int i, double *a", "double *p = a, *q = a + i; p[i] = q[i];"),
    "swapped": (
        "int i, int n",
        "double *a = malloc(n), *b = malloc(n), *t = a; if (n) { a = b; b = t; } a[i] = b[i];",
    ),
    "an array and a pointer to it": ("int i", "double *p = table; p[i] = table[i];"),
    "members of a union": ("union U *u", "u->d = u->l;"),
}


@pytest.mark.parametrize("name", MAY)
def test_may(name: str) -> None:
    found = answer(*MAY[name])
    assert found.status == "may" and found.assumption is None


def test_an_escaped_allocation_may_be_loaded_back() -> None:
    found = answer("int i, double **c", "double *a = malloc(8); c[0] = a; a[i] = c[1][i];")
    assert found.status == "assumed-distinct"
    kept = answer("int i, double **c", "double *a = malloc(8); a[i] = c[1][i];")
    assert kept.status == "distinct"


def test_rows_of_a_pointer_table_are_one_object_under_an_assumption() -> None:
    found = answer("int i, double **c", "c[i][0] = c[i + 1][1];", moving=("i",))
    assert found.status == "same" and found.assumption is not None
    assert found.assumption.text == "the rows of `c` do not overlap"


def test_a_record_may_be_what_one_of_its_members_points_to() -> None:
    text = "struct list { struct list *next; int value; }; void f(struct list x) { keep(&x); *x.next = x; }"
    function = lower_file(SourceText.of(text)).functions[0].function
    known = {"keep": Effects(parameters=("escapes",))}
    found = {len(a.path): a for a in collect(function, known) if a.call is None}
    facts = alias.summarize(function, known)
    assert alias.relation(found[0], found[2], assume_no_alias=False, facts=facts).status == "may"


def test_one_name_is_one_object() -> None:
    assert answer("int i, double *a", "a[i] = a[i + 1];") == AliasAnswer("same")


def test_a_pointer_changed_through_its_address_may_point_anywhere() -> None:
    found = answer("int i, int n, double *b", "double *a = malloc(n); keep(&a); a[i] = b[i];")
    assert found.status == "assumed-distinct"


def test_memory_without_a_name_spares_locals_only() -> None:
    file = lower_file(SourceText.of(f"{PRELUDE}void f(double *a) {{ double t[2]; unknown(); t[0] = 1; a[0] = 2; }}\n"))
    function = file.functions[0].function
    found = collect(function, {})
    facts = alias.summarize(function, {})
    (nameless,) = [a for a in found if a.symbol is None]
    local, parameter = [a for a in found if a.writes and a.path]
    assert alias.relation(nameless, local, facts=facts).status == "distinct"
    assert alias.relation(nameless, parameter, facts=facts).status == "may"


def test_a_local_array_given_away_is_within_reach() -> None:
    given = answer("int i", "double t[4]; keep(t); double *p = get(); p[i] = t[i];")
    assert given.status == "assumed-distinct"
    returned = answer("int i", "double t[4]; struct P s = wrap(t); s.v[i] = t[i];")
    assert returned.status == "assumed-distinct"
    own = answer("int i", "double t[4]; double *p = get(); fill(t, 4); p[i] = t[i];")
    assert own.status == "distinct"


SWAP = "for (int k = 0; k < n; k++) { a[i] = b[i]; double *t = a; a = b; b = t; }"


def test_exchanged_buffers_are_distinct_while_they_stay() -> None:
    made = "double *a = malloc(n), *b = malloc(n); "
    assert answer("int i, int n", made + SWAP).status == "distinct"
    assert answer("int i, int n, double *a, double *b", SWAP).status == "assumed-distinct"
    # In different iterations of the loop that exchanges them, they are the same.
    assert answer("int i, int n", made + SWAP, moving=("a", "b")).status == "may"


def test_exchanged_tables_may_share_their_rows() -> None:
    made = "double **a = malloc(n), **b = malloc(n); "
    swap = SWAP.replace("a[i] = b[i]", "a[i][0] = b[i][1]").replace("double *t", "double **t")
    assert answer("int i, int n", made + swap).status == "assumed-distinct"


@pytest.mark.parametrize(
    "start",
    [
        "double *a = malloc(n), *b = a; ",
        "double *a = malloc(n), *b = malloc(n); if (n) a = b; ",
        "double *a = malloc(n), *b = malloc(n); while (i--) b = a; ",
        "double *a = malloc(n), *b = malloc(n), *c = a; if (n) { double *t = b; b = c; c = t; } ",
    ],
)
def test_what_else_is_assigned_spoils_an_exchange(start: str) -> None:
    assert answer("int i, int n", start + SWAP).status == "may"
