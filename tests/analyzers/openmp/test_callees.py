"""Functions that are called in a region: what they synchronize, and what they do not."""

from __future__ import annotations

import pytest

from analyzers.api import Analyzer, FileReport, analyze
from analyzers.ir.verdicts import Finding
from analyzers.text import SourceText

HEAD = "#include <omp.h>\nint x, y; double a[100], b[100]; omp_lock_t one, two;\n"
NAMED = "static void add(int by) {\n#pragma omp critical (left)\nx += by;\n}\n"
LOCKED = "static void add(omp_lock_t *l, int by) { omp_set_lock(l); x += by; omp_unset_lock(l); }\n"
EARLY = "static void add(int by) {\nif (by < 0) return;\n#pragma omp critical (left)\nx += by;\n}\n"
LOOP = "static void fill(int n) {\n#pragma omp for nowait\nfor (int i = 0; i < n; i++) a[i] = i;\n}\n"
MAKE = "static void make(int *to, int k) {\n#pragma omp task firstprivate(k)\n*to = k;\n}\n"
OTHER = (
    "void part(double *);\n#pragma omp declare variant(part) match(construct={parallel})\n"
    "static void all(double *v) { v[0] = 1; }\n"
)
CLAIM = "static int claim(void) {\nint got;\n#pragma omp critical\n{ got = !x; x = 1; }\nreturn got;\n}\n"
TAKE = "static int take(void) { if (x == 0) return 0; x--; return 1; }\n"
PARALLEL = "#pragma omp parallel\n"
SECTIONS = "#pragma omp parallel sections\n{{\n#pragma omp section\n{0}\n#pragma omp section\n{1}\n}}"


def read(text: str) -> FileReport:
    return analyze(SourceText.of(HEAD + text), "c")


def shown(body: str, before: str) -> list[Finding]:
    """The races of a function with this body that a person is shown."""
    (*_, caller) = read(f"{before}void f(int n) {{\n{body}\n}}\n").functions
    return [f for f in caller.result.findings if f.category == "race" and f.confidence != "possible"]


@pytest.mark.parametrize(
    ("before", "body", "races"),
    [
        (NAMED, SECTIONS.format("add(1);", "add(2);"), []),
        (NAMED, SECTIONS.format("add(1);", "{\n#pragma omp critical (left)\nx--;\n}"), []),
        (NAMED, SECTIONS.format("add(1);", "{\n#pragma omp critical (right)\nx--;\n}"), ["x"]),
        (EARLY, SECTIONS.format("add(n);", "{\n#pragma omp critical (left)\nx--;\n}"), []),
        (EARLY, SECTIONS.format("add(n);", "{\n#pragma omp critical (right)\nx--;\n}"), ["x"]),
        (LOCKED, SECTIONS.format("add(&one, 1);", "add(&one, 2);"), []),
        (LOCKED, SECTIONS.format("add(&one, 1);", "add(&two, 2);"), ["x"]),
        (LOCKED, SECTIONS.format("add(&one, 1);", "{ omp_set_lock(&one); x--; omp_unset_lock(&one); }"), []),
        (LOOP, f"{PARALLEL}{{ fill(n);\n#pragma omp barrier\n#pragma omp single\nb[0] = a[9]; }}", []),
        (LOOP, f"{PARALLEL}{{ fill(n);\n#pragma omp single\nb[0] = a[9]; }}", ["a"]),
        (OTHER, f"{PARALLEL}all(b);", []),
        (CLAIM, f"{PARALLEL}if (claim()) y = 1;", []),
        (TAKE, f"{PARALLEL}while (take()) {{ }}", ["x"]),
        (MAKE, f"{PARALLEL}\n#pragma omp single\n{{ make(&x, 1); make(&y, 2); }}", []),
        (MAKE, f"{PARALLEL}\n#pragma omp single\n{{ make(&x, 1);\n#pragma omp taskwait\nmake(&x, 2); }}", []),
        (MAKE, f"{PARALLEL}\n#pragma omp single\n{{ make(&x, 1); make(&x, 2); }}", ["x"]),
    ],
)
def test_what_callees_synchronize_is_seen_in_the_region(before: str, body: str, races: list[str]) -> None:
    assert [f.facts["variable"] for f in shown(body, before)] == races


def test_a_race_in_a_callee_is_told_of_at_the_call_and_without_a_repair() -> None:
    body = SECTIONS.format("add(1);", "{\n#pragma omp critical (right)\nx--;\n}")
    text = HEAD + f"{NAMED}void f(int n) {{\n{body}\n}}\n"
    (*_, caller) = analyze(SourceText.of(text), "c").functions
    (finding,) = [f for f in caller.result.findings if f.facts.get("variable") == "x" and f.category == "race"]
    places = [finding.span, *(related.span for related in finding.related)]
    data = text.encode()[caller.start :]
    assert {data[p.start : p.end] for p in places} == {b"add(1)", b"x"}
    assert finding.fixes == ()
    assert "`add`" in finding.why


def test_what_races_by_itself_is_told_of_where_it_stands() -> None:
    callee = "static void sum(int n) {\n#pragma omp for\nfor (int i = 0; i < n; i++) x += i;\n}\n"
    report = read(f"{callee}void f(int n) {{\n{PARALLEL}sum(n);\n}}\n")
    found = [[f.rule for f in each.result.findings if f.category == "race"] for each in report.functions]
    assert found == [["race-missing-reduction"], []]


def test_parts_of_arrays_that_callees_work_on_are_seen() -> None:
    callee = "static void half(double *v) { for (int i = 0; i < 50; i++) v[i] += 1; }\n"
    region = SECTIONS.format("half(a);", "half(a + 50);")
    assert shown(region, callee) == []
    assert [f.facts["variable"] for f in shown(region.replace("50", "49"), callee)] == ["a"]


def test_a_change_in_a_callee_is_seen_in_the_caller() -> None:
    body = SECTIONS.format("add(1);", "{\n#pragma omp critical (left)\nx--;\n}")
    analyzer = Analyzer("c")
    text = HEAD + f"{NAMED}void f(int n) {{\n{body}\n}}\n"
    found = []
    for version in (text, text.replace("(left)", "(other)", 1)):
        analyzer.update(SourceText.of(version))
        (*_, caller) = analyzer.report().functions
        found.append([f.facts["variable"] for f in caller.result.findings if f.category == "race"])
    assert found == [[], ["x"]]


MAKES = """struct node { struct node *next; int v; };
int a[100];
void one(int i) {
#pragma omp task
a[i] = i;
}
void half(int i) {
#pragma omp task
a[i / 2] = i;
}
void at(struct node *p) {
#pragma omp task
p->v++;
}
"""


@pytest.mark.parametrize(
    ("loop", "races"),
    [
        ("int i; for (i = 0; i < 100; i++) one(i);", []),
        ("for (int i = 0; i < 100; i++) one(i);", []),
        ("for (struct node *p = head; p; p = p->next) at(p);", []),
        ("for (int i = 0; i < 100; i++) half(i);", ["a"]),
    ],
)
def test_a_task_of_a_callee_finds_its_arguments_as_they_were(loop: str, races: list[str]) -> None:
    """The loop goes on while the task waits: the parameter keeps the value that the call had."""
    text = f"{MAKES}void f(struct node *head) {{\n#pragma omp parallel\n#pragma omp single\n{{ {loop} }}\n}}\n"
    (*_, placed) = read(text).functions
    shown_ = [f for f in placed.result.findings if f.category == "race" and f.confidence != "possible"]
    assert [finding.facts["variable"] for finding in shown_] == races
