"""What variables of an iteration lead to: memory that others may share."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.text import SourceText


@pytest.mark.parametrize(
    "text",
    [
        "struct R { double *p; }; double f(void) { double s = 0; "
        "for (int i = 0; i < 99; i++) { struct R r; r.p = &s; *r.p = *r.p * 0.5 + i; } return s; }",
        "struct R { double *p; }; void f(double *v) "
        "{ for (int i = 0; i < 99; i++) { struct R r = {v}; *r.p = *r.p * 0.5 + i; } }",
        "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[] = {v, v}; *s[0] = *s[0] * 0.5 + i; } }",
        "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[2]; s[0] = v; *s[0] = *s[0] * 0.5 + i; } }",
        "void f(double *v) { double *s[2]; for (int i = 0; i < 99; i++) { s[0] = v; *s[0] = *s[0] * 0.5 + i; } }",
        "double f(int c) { double a[99], b[99]; a[0] = b[0] = 0; double *p = c ? a : b; "
        "for (int i = 1; i < 99; i++) p[i] = a[i - 1]; return a[1] + b[1]; }",
    ],
)
def test_pointers_in_objects_of_an_iteration_lead_to_common_memory(text: str) -> None:
    report = api.analyze(SourceText.of(text), "c")
    [loop] = report.functions[0].result.loops
    assert loop.verdict.status != "parallel"
    assert not loop.verdict.counts_as_parallel


def test_pointers_that_each_iteration_sets_are_not_taken_for_one() -> None:
    text = "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[] = {v + i, v}; *s[0] = *s[0] + i; } }"
    report = api.analyze(SourceText.of(text), "c")
    assert report.functions[0].result.loops[0].verdict.status == "unknown"


RECORD = """#include <stdlib.h>
#include <string.h>
struct S { int *p; int k; } one; int a[99];
void use(struct S *s) { for (int z = 0; z < 1; z++) *s->p += 1; }
void take(struct S s) { for (int z = 0; z < 1; z++) *s.p += 1; }
void fill(struct S *s, int *p) { s->p = p; }
"""


@pytest.mark.parametrize(
    "put",
    [
        "void put(int *p) { int *s[2] = {0, p}; *s[1] += 1; }",
        "void put(int *p) { int *s[2] = {p, p}, **t = s; for (int z = 0; z < 1; z++) *t[1] += 1; }",
        "void put(int *p) { struct S s = {p}, *t = &s; for (int z = 0; z < 1; z++) *t->p += 1; }",
        "void put(int *p) { struct S s, *t = &s; fill(t, p); use(t); }",
        "void put(int *p) { struct S s; memcpy(&s, &one, sizeof s); take(s); }",
        "void put(int *p) { struct S s; memcpy(&s, &one, sizeof s); use(&s); }",
        "void put(int *p) { struct S s; memcpy(&s, &one, sizeof s); struct S t = s; *t.p += 1; }",
        "void put(int *p) { struct S *s = malloc(sizeof *s); *s = one; use(s); free(s); }",
        "void put(int *p) { struct S *s = malloc(sizeof *s); memcpy(s, &one, sizeof one); use(s); free(s); }",
        "void give(struct S s, int *p) { fill(&s, p); take(s); } void put(int *p) { struct S s; give(s, p); }",
        "union V { int *p; long l; }; "
        "void at(long l) { union V v; v.l = l; for (int z = 0; z < 1; z++) *v.p += 1; } "
        "void put(int *p) { at((long)p); }",
        "void at(long l, long k) { for (int z = 0; z < 1; z++) *(int *)(l + k) += 1; } "
        "void put(int *p) { at((long)p, 0); }",
        "void at(long l) { for (int z = 0; z < 1; z++) *(int *)(l ^ 1) += 1; } void put(int *p) { at((long)p ^ 1); }",
        "long kept; void put(int *p) { kept = (long)p; for (int z = 0; z < 1; z++) *(int *)kept += 1; }",
    ],
)  # fmt: skip
def test_pointers_in_objects_of_a_callee_lead_to_common_memory(put: str) -> None:
    text = f"{RECORD}{put} void f(void) {{ one.p = a; for (int i = 0; i < 99; i++) put(a); }}"
    report = api.analyze(SourceText.of(text), "c")
    (loop,) = next(placed.result.loops for placed in report.functions if placed.result.name == "f")
    assert not loop.verdict.counts_as_parallel


HOLDER = "#include <stddef.h>\nstruct T { int k, z; } t[99]; struct H { struct T in; int z; } h[99]; int a[99]; "


@pytest.mark.parametrize(
    "text",
    [
        "void f(void) { for (int i = 1; i < 99; i++) { ((struct T *)&t[i].k)->z += 1; a[i] = t[i - 1].z; } }",
        "void f(void) { for (int i = 1; i < 99; i++) "
        "{ struct T *p = &h[i].in; struct H *q = (struct H *)p; q->z += 1; h[i].in.k = h[i - 1].z; } }",
        "void f(void) { for (int i = 1; i < 99; i++) "
        "{ struct T *p = (struct T *)((char *)&t[i].z - offsetof(struct T, z)); p->k += 1; a[i] = t[i - 1].k; } }",
        "void put(void *p) { struct T *q = p; q->z += 1; } "
        "void f(void) { for (int i = 1; i < 99; i++) { put(&t[i].k); a[i] = t[i - 1].z; } }",
        "void put(int *p) { struct T *q = (struct T *)p; for (int z = 0; z < 1; z++) q->z += 1; } "
        "void f(void) { for (int i = 1; i < 99; i++) { put(&t[i].k); a[i] = t[i - 1].z; } }",
        "void in(struct T *q) { for (int z = 0; z < 1; z++) q->z += 1; } void put(int *p) { in((struct T *)p); } "
        "void f(void) { for (int i = 1; i < 99; i++) { put(&t[i].k); a[i] = t[i - 1].z; } }",
        "void in(struct T *q) { for (int z = 0; z < 1; z++) q->z += 1; } "
        "void f(void) { for (int i = 1; i < 99; i++) { in((struct T *)&t[i].k); a[i] = t[i - 1].z; } }",
        "int z_of(int *p) { struct T *q = (struct T *)p; return q->z; } "
        "void f(void) { for (int i = 1; i < 99; i++) { a[z_of(&t[i].k)] = i; t[i].z = i / 2; } }",
    ],
)  # fmt: skip
def test_a_pointer_to_a_member_may_become_one_to_what_holds_it(text: str) -> None:
    report = api.analyze(SourceText.of(HOLDER + text), "c")
    (loop,) = next(placed.result.loops for placed in report.functions if placed.result.name == "f")
    assert not loop.verdict.counts_as_parallel


def test_members_that_are_handed_over_stay_apart() -> None:
    text = (
        "void put(int *p) { for (int z = 0; z < 1; z++) *p += 1; } "
        "void f(void) { for (int i = 1; i < 99; i++) { put(&t[i].k); a[i] = t[i - 1].z; } }"
    )
    report = api.analyze(SourceText.of(HOLDER + text), "c")
    assert report.functions[1].result.loops[0].verdict.status == "parallel"


@pytest.mark.parametrize(
    ("read", "apart"),
    [
        ("p[k]", "`a` and `p` do not overlap"),
        ("one.p[k]", "`a` and `one.p` do not overlap"),
        ("(*pp)[k]", "`a` and `pp` do not overlap"),
        ("rows[k][0]", "`a` and `rows` do not overlap"),
    ],
)
def test_pointers_at_file_scope_that_only_a_callee_names_may_lead_anywhere(read: str, apart: str) -> None:
    text = (
        "int a[99]; int *p = a, **pp = &p, *rows[3] = {a, a, a}; struct S { int *p; } one = {a}; "
        f"int get(void) {{ int s = 0; for (int k = 0; k < 3; k++) s += {read}; return s; }} "
        "void f(void) { for (int i = 0; i < 99; i++) a[i] = get(); }"
    )
    (loop,) = api.analyze(SourceText.of(text), "c").functions[1].result.loops
    assert (loop.verdict.confidence, [a.text for a in loop.verdict.assumptions]) == ("likely", [apart])


PAIR = "int a[99], b[99]; void pair(int *p) { for (int k = 0; k < 2; k++) p[k] = k; } "


@pytest.mark.parametrize(
    "loop",
    [
        "for (int i = 0; i < 90; i++) { int *p = &a[i]; pair(p); }",
        "for (int i = 0; i < 90; i++) { int *p = a + i; pair(p + 1); }",
        "int *p = &a[3]; for (int i = 0; i < 90; i++) { pair(p); b[i] = a[4]; }",
        "int *p = &a[3]; for (int i = 0; i < 90; i++) { pair(&p[i]); }",
    ],
)
def test_a_callee_goes_on_from_the_element_that_a_pointer_leads_to(loop: str) -> None:
    (found,) = api.analyze(SourceText.of(f"{PAIR}void f(void) {{ {loop} }}"), "c").functions[1].result.loops
    assert not found.verdict.counts_as_parallel


def test_a_callee_stays_in_the_row_that_a_pointer_leads_to() -> None:
    text = f"{PAIR} int m[9][4]; void f(void) {{ for (int i = 1; i < 9; i++) {{ int *p = &m[i][0]; pair(p); }} }}"
    assert api.analyze(SourceText.of(text), "c").functions[1].result.loops[0].verdict.status == "parallel"
