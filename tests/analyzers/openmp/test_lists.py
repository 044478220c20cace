"""Linked lists with a task for each node: where that is offered, the edits, and that the program computes the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers.api import Options, SourceText, analyze, loops_of
from analyzers.ir.verdicts import Fix
from tests.edits import applied

PRELUDE = """#include <stdio.h>
#include <stdlib.h>
struct node { struct node *next, *first; double v[600], *data; int n; };
void unseen(struct node *p);
static int calls;
static void known(struct node *p) { for (int i = 0; i < p->n; i++) p->v[i] = p->v[i] / 2 + i; }
void told(struct node *p) { for (p = p->first; p; p = p->next) { printf("%d", p->n); told(p); } }
static void counted(struct node *p) { for (int i = 0; i < p->n; i++) calls++; }
"""
TASK = "make a task for each"


def offered(code: str) -> list[tuple[int, Fix]]:
    report = analyze(SourceText.of(PRELUDE + code), "c", Options())
    return [(start, fix) for start, loop in loops_of(report) for fix in loop.fixes if fix.title.startswith(TASK)]


def fixed(code: str) -> str:
    text = (PRELUDE + code).encode()
    edits = [edit.shifted(start) for start, fix in offered(code) for edit in fix.edits]
    return applied(text, edits).decode().removeprefix(PRELUDE)


def test_a_for_loop() -> None:
    code = "void f(struct node *head)\n{\n    struct node *p;\n    for (p = head; p != NULL; p = p->next) {\n"
    code += "        known(p);\n    }\n}\n"
    assert fixed(code) == code.replace("    for", "    #pragma omp parallel\n    #pragma omp single\n    for").replace(
        "        known", "        #pragma omp task firstprivate(p)\n        known"
    )


def test_a_while_loop_with_several_statements() -> None:
    code = "void f(struct node *p)\n{\n\twhile (p) {\n\t\tdouble s = 0;\n\t\tfor (int i = 0; i < p->n; i++)\n"
    code += "\t\t\ts += p->v[i];\n\t\tp->v[0] = s;\n\t\tp = p->next;\n\t}\n}\n"
    changed = code.replace("\twhile", "\t#pragma omp parallel\n\t#pragma omp single\n\twhile")
    changed = changed.replace("\t\tdouble", "\t\t#pragma omp task firstprivate(p)\n\t\t{\n\t\tdouble")
    assert fixed(code) == changed.replace("\t\tp = p->next", "\t\t}\n\t\tp = p->next")


def test_a_loop_in_one_line() -> None:
    code = "void f(struct node *head)\n{\n    for (struct node *p = head; p; p = p->next) known(p);\n}\n"
    assert fixed(code) == code.replace("    for", "    #pragma omp parallel\n    #pragma omp single\n    for").replace(
        " known", "\n        #pragma omp task firstprivate(p)\n        known"
    )


def test_what_is_taken_for_granted_is_said() -> None:
    ((_, fix),) = offered("void f(struct node *p)\n{\n  while (p) {\n    unseen(p);\n    p = p->next;\n  }\n}\n")
    assert not fix.safe
    assert "no node stands in the list twice" in fix.note
    assert "calls of `unseen` may run at the same time" in fix.note


SILENT = {
    "a sum": "double s = 0; for (p = head; p; p = p->next) { known(p); s += p->v[0]; } head->v[0] = s;",
    "output": 'for (p = head; p; p = p->next) { known(p); printf("%g", p->v[0]); }',
    "output below": "for (p = head; p; p = p->next) { told(p); }",
    "a library function": "while (p) { free(p->data); p = p->next; }",
    "little work": "for (p = head; p; p = p->next) { p->v[0] *= 2; }",
    "a short loop": "for (p = head; p; p = p->next) { for (int i = 0; i < 9; i++) p->v[i] *= 2; }",
    "a counter": "for (p = head; p; p = p->next) { counted(p); }",
    "an outer temporary": "double t; for (p = head; p; p = p->next) { t = p->v[1]; known(p); p->v[0] = t; }",
    "the links": "for (p = head; p; p = p->next) { known(p); p->next = head; }",
    "a way out": "for (p = head; p; p = p->next) { known(p); if (p->n == 3) break; }",
    "freed nodes": "while (p) { struct node *q = p->next; free(p); p = q; }",
    "no list": "for (p = head; p < head + 9; p = p + 1) { known(p); }",
    "threads already": "\n#pragma omp parallel\n#pragma omp single\nfor (p = head; p; p = p->next) { known(p); }",
}


@pytest.mark.parametrize("name", SILENT)
def test_where_it_is_not_offered(name: str) -> None:
    assert offered(f"void f(struct node *head) {{ struct node *p = head; {SILENT[name]} }}") == []


PROGRAM = """
static struct node *made(int count)
{
    struct node *head = NULL;
    for (int k = 0; k < count; k++) {
        struct node *p = calloc(1, sizeof *p);
        p->n = 100 + k % 500;
        for (int i = 0; i < p->n; i++)
            p->v[i] = k + i;
        p->next = head;
        head = p;
    }
    return head;
}
static void halves(struct node *head)
{
    for (struct node *p = head; p != NULL; p = p->next)
        known(p);
}
static void squares(struct node *p)
{
    while (p) {
        double s = 0;
        for (int i = 0; i < p->n; i++)
            s += p->v[i] * p->v[i];
        p->v[0] = s;
        p = p->next;
    }
}
int main(void)
{
    struct node *head = made(2000);
    halves(head);
    squares(head);
    double all = 0;
    for (struct node *p = head; p; p = p->next)
        all = all / 3 + p->v[0] + p->v[p->n - 1];
    printf("%.17g\\n", all);
    return calls;
}
"""


@pytest.mark.needs("gcc")
def test_the_tasks_compute_the_same(tmp_path: Path, tool: Callable[[str], str]) -> None:
    changed = fixed(PROGRAM)
    assert changed.count("#pragma omp task") == 2
    outputs = set()
    for name, text in (("serial", PROGRAM), ("tasks", changed)):
        (tmp_path / f"{name}.c").write_text(PRELUDE + text)
        flags = ["-O1", "-Wall", "-Wno-unused-function", "-fopenmp", str(tmp_path / f"{name}.c"), "-o"]
        command = [tool("gcc"), *flags, str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        for threads in ("1", "2", "4", "7"):
            run = subprocess.run(
                [str(tmp_path / name)],
                capture_output=True, text=True, timeout=60, check=True, env={"OMP_NUM_THREADS": threads},
            )  # fmt: skip
            outputs.add(run.stdout)
    assert len(outputs) == 1
    report = analyze(SourceText.of(PRELUDE + changed), "c", Options())
    found = [f for placed in report.functions for f in placed.result.findings]
    assert [f.rule for f in found if f.confidence != "possible"] == []
