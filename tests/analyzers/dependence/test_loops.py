"""Verdicts on whole loops, each from a few lines of C: what is proved, what is assumed, what is in the way."""

from __future__ import annotations

import pytest

from analyzers.ir.verdicts import LoopReport
from analyzers.settings import Options
from tests.reports import loop_reports

PRELUDE = """#include <math.h>
#include <stdio.h>
#include <stdlib.h>
double g[100];
struct node { struct node *next; double v; };
struct P { double x, y, z; };
extern double ext(int);
double sq(double x) { return x * x; }
void set(double *p, double v) { *p = v; }
double *same(double *p) { return p; }
double *kept;
void keep(double *p) { kept = p; }
static double own, own_array[8];
#pragma omp threadprivate(own, own_array)
int ascending(const void *x, const void *y) { return *(const int *)x - *(const int *)y; }
int compared;
int counting(const void *x, const void *y) { compared++; return *(const int *)x - *(const int *)y; }
int unseen(const void *x, const void *y);
struct flags { unsigned a : 4, b : 4; unsigned : 0; unsigned c : 4; int d; };
"""


def first_loop(function: str, options: Options | None = None) -> LoopReport:
    return loop_reports(PRELUDE + function, options)[0]


PROVED = {
    "moving pointer": "void f(double *p, int n) { for (int i = 0; i < n; i++) { *p = i; p++; } }",
    "moving index": "void f(double *a, int n) { int k = 0; for (int i = 0; i < n; i++) { a[k] = i; k += 3; } }",
    "two elements": "void f(double *a, int n) { for (int i = 0; i < n; i += 2) { a[i] = 1; a[i + 1] = 2; } }",
    "records": "void f(struct P *p, int n) { for (int i = 0; i < n; i++) { p[i].x += 1; p[i].y = p[i].x; } }",
    "restrict": "void f(double *restrict a, const double *restrict b, int n) {"
    " for (int i = 0; i < n; i++) a[i] = b[i] + b[i + 1]; }",
    "second half": "void f(double *a, int n) { double *b = a + n; for (int i = 0; i < n; i++) b[i] = a[i]; }",
    "pure callee": "void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = sq(a[i]); }",
    "callee that writes one element": "void f(double *a, int n) { for (int i = 0; i < n; i++) set(&a[i], i); }",
    "callee that writes one element of an array": "double h[9]; void scale(double *p);"
    " void f(int n) { for (int i = 0; i < n; i++) scale(h + i); }"
    " void scale(double *p) { for (int k = 0; k < 3; k++) *p *= 2; }",
    "bytes": "void f(unsigned char *p, unsigned n) { for (unsigned i = 0; i < n; i++) p[i] ^= 255; }",
    "linearised": "void f(double *a, int n, int m) {"
    " for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i * m + j] = 0; }",
    "row pointer": "void f(double *a, int n, int m) {"
    " for (int i = 0; i < n; i++) { double *row = a + i * m; for (int j = 0; j < m; j++) row[j] = 0; } }",
    "another member of a neighbour": "struct pair { struct pair *next; double v, w; };"
    " void f(struct pair *p, int n) { for (int i = 0; i < n; i++) p[i].w = p[i].next->v; }",
    "array of a record and its size": "struct V { double *d; int n; };"
    " void f(struct V *s, int n) { for (int i = 0; i < n; i++) s->d[i] = s->n; }",
    "sorted rows": "void f(int a[][8], int n) { for (int i = 0; i < n; i++) qsort(a[i], 8, sizeof(int), ascending); }",
    "one bit-field": "void f(struct flags *s, int n) { for (int i = 0; i < n; i++) s[i].a = 1; }",
    "separated bit-fields": "void f(struct flags *s) { for (int i = 0; i < 2; i++) if (i) s->a = 1; else s->c = 1; }",
    "bit-field and member": "void f(struct flags *s) { for (int i = 0; i < 2; i++) if (i) s->c = 1; else s->d = 1; }",
    "threadprivate in a team": "void f(int n, double *restrict a) {\n#pragma omp parallel\n{\n#pragma omp for\n"
    "for (int i = 0; i < n; i++) a[i] = own; } }",
}
LIKELY = {
    "two parameters": ("void f(double *a, double *b, int n) { for (int i = 0; i < n; i++) a[i] = b[i + 1]; }", "a"),
    "rows": ("void f(double **a, int n) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) a[i][j] = j; }", "a"),
}
SERIAL = {
    "recurrence": "void f(double *a, int n) { for (int i = 1; i < n; i++) a[i] = a[i - 1]; }",
    "outer recurrence": "void f(int n, int m, double a[n][m]) {"
    " for (int i = 1; i < n; i++) for (int j = 0; j < m; j++) a[i][j] = a[i - 1][j]; }",
    "running total": "void f(double *a, int n) { double s = 0; for (int i = 0; i < n; i++) { s += a[i]; a[i] = s; } }",
    "static local": "void f(double *a, int n) { for (int i = 0; i < n; i++) { static double l; a[i] = l; l = i; } }",
    "bits shifted out": "void f(int *t, unsigned n) { for (unsigned i = 0; i < n; i++) t[(i << 28) >> 28] = i; }",
    "comparison with a memory": "void f(int a[][8], int n) {"
    " for (int i = 0; i < n; i++) qsort(a[i], 8, sizeof(int), &counting); }",
    "also under a condition": "void f(double *a, int n)"
    " { for (int i = 0; i < n; i++) { if (i > n) a[0] = 1; a[0] = 2; } }",
    "unsigned index": "void f(double *a, size_t n) { for (size_t i = 1; i < n; ++i) a[i] = a[i - 1]; }",
}
FILL = "for (int i = 0; i < n; i++) { for (int j = 0; j < 8; j++) w[j] = i; o[i] = w[3]; }"
SERIAL |= {
    # Who handed the address out cannot see who reads the array later.
    "work array behind a result": f"void f(int n, double *o) {{ double w[8], *p = same(w); {FILL} o[0] = p[2]; }}",
    "work array given away": f"void f(int n, double *o) {{ double w[8]; keep(w); {FILL} o[0] = kept[2]; }}",
}
UNKNOWN = {
    "indirect": ("void f(double *a, int *x, int n) { for (int i = 0; i < n; i++) a[x[i]] = i; }", "indirect-subscript"),
    "shift": (
        "void f(double *a, int n, int k) { for (int i = 0; i < n; i++) a[i] = a[i + k]; }",
        "depends-on-parameters",
    ),
    "list": ("void f(struct node *p) { while (p) { p->v *= 2; p = p->next; } }", "not-canonical"),
    "break": (
        "void f(double *a, int n) { for (int i = 0; i < n; i++) { if (a[i] < 0) break; a[i] = 1; } }",
        "early-exit",
    ),
    "rand": ("void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = rand(); }", "thread-unsafe-call"),
    "unseen": ("void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = ext(i); }", "unknown-call"),
    "all behind a moved pointer": (
        "void use(double *); void f(double *a, int n, int w) {"
        " for (int j = 0; j < n; j++) { double *r = a + j * w; use(r); r[0] = 1; } }",
        "unknown-call",
    ),
    "print": ('void f(int n) { for (int i = 0; i < n; i++) printf("%d\\n", i); }', "io"),
    "messages": (
        "#include <mpi.h>\nvoid f(double *a, int n) { for (int i = 0; i < n; i++)"
        " MPI_Send(&a[i], 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD); }",
        "messages",
    ),
    "volatile": ("void f(volatile int *a, int n) { for (int i = 0; i < n; i++) a[i] = 0; }", "volatile"),
    "one of two pointers": (
        "void f(double *a, int n, int k) { double *p = a; if (k) p = a + 1; for (int i = 0; i < n; i++) p[i] = a[i]; }",
        "may-alias",
    ),
    "kept value": (
        "void f(int n, float *y, float t) { for (int i = 0; i < n; i++) { if (y[i] > 0) t = y[i]; y[i] = t; } }",
        "scalar-carried",
    ),
    "kept value, read under a condition": (
        "void f(int n, const double *a, double *restrict b, double t, double c) {"
        " for (int i = 0; i < n; i++) { b[i] = c; if (a[i] > 0) b[i] = t; t = a[i]; } }",
        "scalar-carried",
    ),
    "unseen comparison": (
        "void f(int a[][8], int n) { for (int i = 0; i < n; i++) qsort(a[i], 8, sizeof(int), unseen); }",
        "unknown-call",
    ),
    "adjacent bit-fields": (
        "void f(struct flags *s) { for (int i = 0; i < 2; i++) if (i) s->a = 1; else s->b = 1; }",
        "may-alias",
    ),
    "errno": (
        "#include <errno.h>\nvoid f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = errno ? 0 : sqrt(a[i]); }",
        "threadprivate",
    ),
    "threadprivate": ("void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = own; }", "threadprivate"),
    "threadprivate array": ("void f(int n) { for (int i = 0; i < n; i++) own_array[i] = i; }", "threadprivate"),
    "threadprivate with a pragma": (
        "void f(double *a, int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) a[i] = own; }",
        "threadprivate",
    ),
    "barrier at the end of a scope": (
        "void f(int n, double *a) { for (int i = 0; i < n; i++) {\n#pragma omp scope\n a[i] = i; } }",
        "contains-directive",
    ),
    "neighbours through pointers": (
        "void f(struct node *p, int n) { for (int i = 0; i < n; i++) p[i].v = p[i].next->v; }",
        "may-alias",
    ),
    "neighbours in an array of the file": (
        "struct node pool[9]; void f(int n) { for (int i = 0; i < n; i++) pool[i].v = pool[i].next->v; }",
        "may-alias",
    ),
    "whole records through pointers": (
        "void f(struct node *p, int n) { for (int i = 0; i < n; i++) p[i] = *p[i].next; }",
        "may-alias",
    ),
    "hash": (
        "void f(int *t, unsigned n) { for (unsigned i = 0; i < n; i++) t[(i * 2654435761u) >> 22] = i; }",
        "budget",
    ),
    "barrier": (
        "void f(int n, double *a) { for (int i = 0; i < n; i++) {\n#pragma omp barrier\n a[i] = i; } }",
        "contains-directive",
    ),
}


@pytest.mark.parametrize("name", PROVED)
def test_proved(name: str) -> None:
    verdict = first_loop(PROVED[name]).verdict
    assert (verdict.status, verdict.reasons, verdict.assumptions) == ("parallel", (), ())


@pytest.mark.parametrize("name", LIKELY)
def test_likely_names_its_assumption(name: str) -> None:
    source, subject = LIKELY[name]
    verdict = first_loop(source).verdict
    assert (verdict.status, verdict.confidence) == ("unknown", "likely")
    assert any(subject in a.subjects and a.kind == "no-alias" for a in verdict.assumptions)


def test_the_user_may_say_that_pointers_are_distinct() -> None:
    source, _ = LIKELY["two parameters"]
    assert first_loop(source, Options(assume_no_alias=True)).verdict.status == "parallel"


@pytest.mark.parametrize("name", SERIAL)
def test_serial_has_a_witness(name: str) -> None:
    verdict = first_loop(SERIAL[name]).verdict
    assert verdict.status == "dependent"
    assert all(d.exact for d in verdict.dependences)
    assert verdict.dependences[0].witness is not None
    assert verdict.dependences[0].witness.first != verdict.dependences[0].witness.second


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_says_why(name: str) -> None:
    source, code = UNKNOWN[name]
    verdict = first_loop(source).verdict
    assert (verdict.status, verdict.confidence) == ("unknown", "possible")
    assert code in [reason.code for reason in verdict.reasons]


def roles(source: str) -> dict[str, tuple[str, str | None]]:
    return {role.name: (role.kind, role.op) for role in first_loop(source).roles}


def test_roles_of_scalars() -> None:
    found = roles(
        "double f(double *x, int n) { double s = 0, t; int i; for (i = 0; i < n; i++) { t = x[i]; s += t; }"
        " return s + i; }"
    )
    assert found["s"] == ("reduction", "+")
    assert found["t"] == ("private", None)
    assert found["i"] == ("lastprivate", None)


def test_work_array_is_private_and_histogram_is_reduced() -> None:
    work = (
        "void f(double *a, int n) { double t[2];"
        " for (int i = 0; i < n; i++) { t[0] = a[i]; t[1] = t[0]; a[i] = t[1]; } }"
    )
    assert roles(work)["t"] == ("private", None)
    histogram = "int f(int *x, int n) { int h[9] = {0}; for (int i = 0; i < n; i++) h[x[i]]++; return h[3]; }"
    assert roles(histogram)["h"] == ("reduction", "+")


def test_a_record_filled_in_each_iteration_is_private() -> None:
    source = "void f(struct P *p, int n) { struct P q; for (int i = 0; i < n; i++) { q.x = p[i].x; p[i].z = q.x; } }"
    assert roles(source)["q"] == ("private", None)


def test_an_update_under_atomic_is_no_obstacle() -> None:
    source = (
        "int f(int *x, int n) { int c = 0; for (int i = 0; i < n; i++) { if (x[i]) {\n#pragma omp atomic\n c++; } }"
        " return c; }"
    )
    assert first_loop(source).verdict.status == "parallel"


def test_a_library_function_is_itself_where_its_header_is_included() -> None:
    source = "void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = sqrt(a[i]); }"
    assert first_loop(source).verdict.status == "parallel"
    bare = loop_reports(source)[0].verdict
    assert (bare.confidence, [a.kind for a in bare.assumptions]) == ("likely", ["library"])


def test_vouched_for_functions_are_independent() -> None:
    source = UNKNOWN["unseen"][0]
    assert first_loop(source, Options(independent=frozenset({"ext"}))).verdict.status == "parallel"


def test_a_work_array_in_arms_that_share_statements() -> None:
    code = (
        "void f(int n, const int *c, double *restrict z, const double *restrict x) { double w[2];"
        " for (int i = 0; i < n; i++) { switch (c[i]) { case 0: w[0] = x[i];"
        " case 1: z[i] = w[0]; } } }"
    )
    assert first_loop(code).verdict.status != "parallel"


def test_a_work_array_under_a_condition_that_depends_on_data() -> None:
    code = (
        "void f(int n, const int *c, double *restrict z, const double *restrict x) { double w[2];"
        " for (int i = 0; i < n; i++) { if (c[i]) { w[0] = x[i]; w[1] = 2 * x[i]; z[i] = w[0] + w[1]; } } }"
    )
    assert first_loop(code).verdict.status == "parallel"
    spoilt = code.replace("if (c[i]) { w[0] = x[i];", "if (c[i]) { if (x[i] > 0) w[0] = x[i];")
    assert first_loop(spoilt).verdict.status != "parallel"


@pytest.mark.parametrize(
    ("body", "together"),
    [
        ("a[i][j] = b[j];", True),
        ("s += b[j];", True),
        ("{ t = b[j]; a[i][j] = t * t; }", True),
        ("a[i][0] += b[j];", False),
        ("w[i] = b[j] > w[i] ? b[j] : w[i];", False),
    ],
)
def test_loops_that_need_other_clauses_are_not_divided_together(body: str, together: bool) -> None:
    code = (
        "double f(int m, double a[9][99], const double *restrict b) { double w[9] = {0}, s = 0, t;"
        f" for (int i = 3; i < 9; i++) for (int j = 0; j < m; j++) {body} return s + w[2]; }}"
    )
    outer = loop_reports(code)[0]
    assert outer.verdict.counts_as_parallel
    assert ("collapse(2)" in (outer.pragma or "")) is together


@pytest.mark.parametrize(
    ("header", "confidence"),
    [
        ("j = 0; j < 9; j++", "proved"),
        ("j = 0; j < n; j++", "likely"),  # one may suppose that there is something to work on
        ("j = i - 1; j >= 0; j -= 2", "possible"),  # but not in every row of a triangle
    ],
)
def test_a_loop_that_does_not_run_still_sets_its_index(header: str, confidence: str) -> None:
    code = "void f(int n, int *restrict o, int a[9][9]) { int i, j; for (i = 0; i < 9; i++) {"
    code += f" for ({header}) a[i][j] = 1;"
    inner = loop_reports(code + " o[i] = j; } }")[1]
    assert inner.verdict.confidence == confidence
    assert loop_reports(code + " o[i] = 1; } }")[1].verdict.confidence == "proved", "nobody looks"


READ_BY_A_CALL = (
    "static int sum(const int *v, int k) { int s = 0; for (int z = 0; z < k; z++) s += v[z]; return s; }"
    " void f(int n, int *restrict p) { int w[6] = {0}; for (int i = 0; i < n; i++) {"
    " for (int z = 0; z < 6; z++) w[z] = i + z; p[i] = sum(w, 6); w[5] = i; } }"
)


def test_a_work_array_that_a_call_reads_is_filled_to_its_end() -> None:
    loop = loop_reports(READ_BY_A_CALL)[1]
    assert (loop.verdict.status, loop.pragma) == ("parallel", "#pragma omp parallel for private(w)")
    part = READ_BY_A_CALL.replace("z < 6", "z < 5")
    assert loop_reports(part)[1].verdict.status != "parallel"
    grid = READ_BY_A_CALL.replace("w[6] = {0}", "w[6][2]").replace("w[z]", "w[z][0]").replace("w[5]", "w[5][1]")
    assert loop_reports(grid.replace("sum(w", "sum(&w[0][0]"))[1].verdict.status != "parallel"


def test_a_member_that_is_written_does_not_stand_for_its_record() -> None:
    code = (
        "struct P { int x, y; }; void f(int n, struct P *restrict o) { struct P w[2] = {0}; for (int i = 0; i < n; i++)"
        " { w[0].x = i; o[i] = w[0]; w[0].y = i; } }"
    )
    assert loop_reports(code)[0].verdict.status != "parallel"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        # the whole record is read first, its members are written one by one: a running mean
        ("struct P old = m; m.x = m.x + (a[i] - m.x) / (i + 1); m.y = a[i] - old.x;", "`m`"),
        ("m.x = 0; struct P old = m; a[i] = old.x; m = p[i];", "`m`"),
        ("m.x = m.x + a[i]; m.y += a[i];", "`m.x` looks like a reduction"),
    ],
)
def test_a_record_that_is_read_whole_and_written_by_members(body: str, reason: str) -> None:
    code = (
        "struct P { double x, y; }; double f(int n, double *restrict a, struct P *restrict p)"
        f" {{ struct P m = {{0}}; for (int i = 0; i < n; i++) {{ {body} }} return m.x + m.y; }}"
    )
    verdict = loop_reports(code)[0].verdict
    assert verdict.status == "unknown"
    assert reason in verdict.reasons[0].text


OWN_MEMORY = (
    "void f(int n, int m, const int *restrict c, double *restrict a, double **restrict k) { double *w, *v;"
    " for (int i = 0; i < n; i++) { w = malloc(m * sizeof *w);"
    " for (int j = 0; j < m; j++) if (c[j]) w[j] += c[j] * i; a[i] = w[m - 1]; free(w); } }"
)


def test_memory_that_an_iteration_allocates_is_its_own() -> None:
    loop = first_loop(OWN_MEMORY)
    assert (loop.verdict.status, loop.pragma) == ("parallel", "#pragma omp parallel for private(w)")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a[i] = w[m - 1]; free(w);", "a[i] = w[m - 1]; k[i] = w; k[0][0] = 1;"),
        ("a[i] = w[m - 1]; free(w);", "a[i] = w[m - 1]; keep(w); kept[0] = 1;"),
        ("w = malloc(m * sizeof *w);", "w = c[i] ? malloc(m * sizeof *w) : a;"),
        ("w = malloc(m * sizeof *w);", "if (!w) w = malloc(m * sizeof *w);"),
        ("double *w, *v; for (int i = 0; i < n; i++) { w = malloc(m * sizeof *w);",
         "double *w = malloc(m * sizeof *w), *v; for (int i = 0; i < n; i++) {"),
    ],
)  # fmt: skip
def test_memory_that_others_may_reach(old: str, new: str) -> None:
    assert old in OWN_MEMORY
    assert first_loop(OWN_MEMORY.replace(old, new).replace("free(w);", "")).verdict.status != "parallel"


@pytest.mark.parametrize(
    ("last", "width", "text"),
    [("h", "h + 5", "`l >= -4`"), ("l + h", "h - l", "`l <= -1`"), ("h", "h + m", "`l + m >= 1`"), ("h", "m", None)],
)
def test_a_row_is_wide_enough_if(last: str, width: str, text: str | None) -> None:
    body = f"for (int j = l; j <= {last}; j++) a[j - l + ({width}) * k] = 1;"
    code = f"void f(double *a, int l, int h, int m) {{ for (int k = 0; k < 9; k++) {body} }}"
    (assumption,) = loop_reports(code)[0].verdict.assumptions
    assert assumption.text == (text or "`h - l + 1 <= m`")


@pytest.mark.parametrize("directive", ["barrier", "for", "single", "master"])
def test_a_function_that_needs_the_whole_team_is_not_called_in_a_divided_loop(directive: str) -> None:
    code = (
        "static double g(double v) { double t = v;\n#pragma omp DIRECTIVE\nfor (int k = 0; k < 9; k++) t += k;\n"
        "return t; } void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = g(a[i]); }"
    )
    assert loop_reports(code.replace("DIRECTIVE", directive))[-1].verdict.status == "unknown"
    inside = code.replace("DIRECTIVE", "parallel for reduction(+:t)")
    assert loop_reports(inside)[-1].verdict.status == "parallel"


@pytest.mark.parametrize(
    ("first", "last", "at", "text", "confidence"),
    [
        ("h", "x - h", "k", "`h >= 0`", "likely"),
        ("h", "x", "k", "`h >= 0`", "likely"),
        ("h", "x - h", "k - 1", "`h >= 1`", "likely"),
        ("h + 1", "x - h - 1", "k - 3", "`h >= 2`", "likely"),
        ("h", "x - h", "k - 9", "`h >= 9`", "possible"),
        ("-h", "x", "k", "`0 <= k < x`", "possible"),
        ("h", "x - g", "k", "`0 <= k < x`", "possible"),
        ("h", "x + 1", "k", "`0 <= k < x`", "possible"),
    ],
)
def test_a_border_is_not_negative(first: str, last: str, at: str, text: str, confidence: str) -> None:
    code = (
        f"void f(int x, int y, int h, int g, double *u) {{ for (int j = h; j < y - h; j++)"
        f" for (int k = {first}; k < {last}; k++) u[{at} + j * x] = 1; }}"
    )
    verdict = loop_reports(code)[0].verdict
    assert verdict.confidence == confidence
    assert [a.text for a in verdict.assumptions] == [text.replace("<= k <", f"<= {at} <")]


@pytest.mark.parametrize(
    ("at", "parallel"),
    [
        ("o + (k - h) + (j - h) * d", True),
        ("o + k + j * d", True),
        ("o + k - h * d + j * d", True),
        ("o + k + j * (d - 1)", False),
        ("o * k + j * d", False),
    ],
)
def test_elements_that_begin_anywhere(at: str, parallel: bool) -> None:
    code = (
        "void f(int y, int h, int d, int o, double *u) { for (int j = h; j < y - h; j++)"
        f" for (int k = h; k < h + d; k++) u[{at}] = 1; }}"
    )
    assert (loop_reports(code)[0].verdict.status == "parallel") is parallel


def test_no_condition_asks_for_numbers_that_no_integer_has() -> None:
    code = (
        "#include <stdint.h>\nstruct p { double x, m; }; struct s { struct p *q; size_t na, n; };"
        " void f(struct s *r, int t) { struct p *const q = r->q; const size_t last = r->n;"
        " const size_t first = (r->na == SIZE_MAX) ? last : r->na;"
        " for (size_t j = first; j < last; j++) { q[j].x = 1; if (t) q[0].x += q[j].m; } }"
    )
    (loop,) = loop_reports(code)
    assert any("r->na >= 1" in a.text for a in loop.verdict.assumptions)
    assert not any("18446744073709551616" in a.text for a in loop.verdict.assumptions)


def test_a_row_that_is_too_narrow_is_no_assumption() -> None:
    code = "void f(int n, double *a) { for (int j = 0; j < 9; j++) for (int i = 0; i <= n; i++) a[j * n + i] = 1; }"
    assert not any(">= 1" in a.text or "<= n" in a.text for a in loop_reports(code)[0].verdict.assumptions)


_STRINGS = (
    "#include <stdio.h>\n#include <string.h>\n"
    "int f(int n, const int *a, int *restrict z) {{ char b[99]; for (int i = 0; i < n; i++) {{ {} }} return {}; }}"
)


@pytest.mark.parametrize(
    "body",
    [
        'sprintf(b, "%d", a[i]); z[i] = strlen(b);',
        'if (a[i]) sprintf(b, "%d", a[i]); else strcpy(b, "x"); strcat(b, "y"); z[i] = strlen(b) + atoi(b);',
    ],
)
def test_a_string_that_every_iteration_writes_anew_is_private(body: str) -> None:
    loop = first_loop(_STRINGS.format(body, "0"))
    assert (loop.verdict.status, loop.pragma) == ("parallel", "#pragma omp parallel for private(b)")


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ('sprintf(b, "%d", a[i]); z[i] = strlen(b);', "strlen(b)"),  # looked at afterwards
        ('if (a[i]) sprintf(b, "%d", a[i]); z[i] = strlen(b);', "0"),
        ('z[i] = strlen(b); sprintf(b, "%d", a[i]);', "0"),
        ('sprintf(b, "%d%s", a[i], b); z[i] = strlen(b);', "0"),  # made from the last one
        ('strcat(b, "x"); z[i] = strlen(b);', "0"),
        # An end that is not there any more, or is not looked for.
        ("sprintf(b, \"%d\", a[i]); b[3] = 'x'; z[i] = strlen(b);", "0"),
        ("char *p = b; sprintf(b, \"%d\", a[i]); p[3] = 'x'; z[i] = strlen(b);", "0"),
        ('sprintf(b, "%d", a[i]); z[i] = strlen(b + 5);', "0"),
        ('sprintf(b + 1, "%d", a[i]); z[i] = strlen(b);', "0"),
        ('sprintf(b, "%d", a[i]); z[i] = strlen(b) + b[2];', "0"),
        ('sprintf(b, "%d", a[i]); z[i] = memcmp(b, "xyz", 3);', "0"),
    ],
)
def test_a_string_that_outlives_the_iteration_is_not(body: str, result: str) -> None:
    loop = first_loop(_STRINGS.format(body, result))
    assert (loop.verdict.counts_as_parallel, loop.pragma, loop.conditional_pragma) == (False, None, None)
