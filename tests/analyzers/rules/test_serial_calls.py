"""Calls made into tasks: where that is offered, where not, and that the program still computes the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers.api import Options, SourceText, analyze
from analyzers.ir.verdicts import Edit, Finding
from tests.edits import applied

RULES = frozenset({"perf-serial-recursion", "perf-serial-calls"})
PRELUDE = "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
TREE = "struct tree { struct tree *left, *right; double v; };\n"


def findings(code: str) -> list[Finding]:
    report = analyze(SourceText.of(PRELUDE + code), "c", Options(select=RULES))
    return [finding.shifted(p.start) for p in report.functions for finding in p.result.findings]


def fixed(code: str) -> str:
    """The text with every fix made."""
    text = (PRELUDE + code).encode()
    edits: list[Edit] = [edit for finding in findings(code) for edit in finding.fixes[0].edits]
    return applied(text, edits).decode().removeprefix(PRELUDE)


OFFERED = {
    "fib": ("long f(int n) { if (n < 2) return n; return f(n - 1) + f(n - 2); }", ("n", "20"), "likely"),
    "halves that are read": (
        "double f(const double *a, int n) {\n  if (n == 1) return a[0];\n  int h = n / 2;\n"
        "  double l = f(a, h);\n  double r = f(a + h, n - h);\n  return fmax(l, r);\n}",
        ("n", "10000"),
        "likely",
    ),
    "halves that are written": (
        "void f(double *a, int lo, int hi) {\n  if (hi - lo < 2) return;\n  int mid = (lo + hi) / 2;\n"
        "  f(a, lo, mid);\n  f(a, mid, hi);\n  a[mid] += 1;\n}",
        ("hi - lo", "10000"),
        "possible",
    ),
    "shifts": ("int f(int n) { if (n < 2) return 1; return f(n >> 1) + f(n >> 2) + n; }", ("n", "10000"), "likely"),
    "eight halves": (
        "int f(int n) { if (n < 2) return 1; int h = n / 2;"
        " return f(h) + f(h) + f(h) + f(h) + f(h) + f(h) + f(h) + f(h); }",
        ("n", "22"),
        "likely",
    ),
}


@pytest.mark.parametrize("name", OFFERED)
def test_where_it_is_offered(name: str) -> None:
    code, cut, confidence = OFFERED[name]
    found = findings(code)
    assert [(f.facts["size"], f.confidence, f.severity) for f in found] == [(cut[0], confidence, "hint")]
    assert f"where `{cut[0]}` is {cut[1]} or less" in found[0].fixes[0].note


SILENT = {
    "one call": "int f(int n) { return n < 2 ? 1 : f(n - 1); }",
    "either call": "int f(int n) { return n < 2 ? f(n - 1) : f(n - 2); }",
    "maybe the second": "int f(int n) { if (n < 2) return 1; return f(n - 1) && f(n - 2); }",
    "one needs the other": "int f(int m, int n) { if (m == 0) return n + 1; if (n == 0) return f(m - 1, 1);"
    " return f(m - 1, f(m, n - 1)); }",
    "the result of the first": "int f(int n) { if (n < 2) return 1;\n int a = f(n - 1);\n int b = f(n - 2 - a);\n"
    " return a + b; }",
    "a counter": "int calls; int f(int n) { calls++; if (n < 2) return 1; return f(n - 1) + f(n - 2); }",
    "a table": "int memo[99]; int f(int n) { if (memo[n]) return memo[n]; int a = f(n - 1); int b = f(n - 2);"
    " memo[n] = a + b; return memo[n]; }",
    "output": "void f(int n, int a, int b) { if (n == 0) return;\n f(n - 1, b, a);\n f(n - 1, a, b);\n"
    ' printf("%d", n); }',
    "a seed": "int f(int n) { if (n < 2) return rand(); return f(n - 1) + f(n - 2); }",
    "an unseen function": "int g(int); int f(int n) { if (n < 2) return g(n); return f(n - 1) + f(n - 2); }",
    "a tree without a size": TREE + "double f(struct tree *t) { if (!t) return 0;\n double l = f(t->left);\n"
    " double r = f(t->right);\n return l + r + t->v; }",
    "tasks already": "long f(int n) { if (n < 2) return n; long a, b;\n#pragma omp task shared(a)\n a = f(n - 1);\n"
    " b = f(n - 2);\n#pragma omp taskwait\n return a + b; }",
    "the same part": "void f(double *a, int n) { if (n < 2) return;\n f(a, n / 2);\n f(a, n / 2);\n a[0] += n; }",
    "neighbours": "void f(int *seen, int r, int c) { if (seen[r * 9 + c]) return;\n f(seen, r + 1, c);\n"
    " f(seen, r - 1, c);\n f(seen, r, c + 1);\n f(seen, r, c - 1);\n seen[0] = 1; }",
    "a macro": "#define BOTH f(n - 1); f(n - 2)\nvoid f(int n) { if (n < 2) return; BOTH; }",
    "a limit that does not shrink": "int f(int n, int k) { if (k < 2) return n; return f(n + 1, k) + f(n + 2, k); }",
}


@pytest.mark.parametrize("name", SILENT)
def test_where_it_is_not(name: str) -> None:
    assert findings(SILENT[name]) == []


def test_the_edit_of_statements() -> None:
    code = "\nvoid f(double *a, int lo, int hi)\n{\n\tif (lo < hi) {\n\t\tint p = (lo + hi) / 2;\n"
    code += "\t\tf(a, lo, p);\n\t\tf(a, p + 1, hi);\n\t}\n}\n"
    changed = code.replace("{\n\tif", "{\n\tif (hi - lo <= 10000) {\n\t\tf_serial(a, lo, hi);\n\t\treturn;\n\t}\n\tif")
    changed = changed.replace("\t\tf(a, lo, p);", "\t\t#pragma omp task\n\t\tf(a, lo, p);")
    changed = changed.replace("\t\tf(a, p + 1, hi);", "\t\tf(a, p + 1, hi);\n\t\t#pragma omp taskwait")
    copy = code.replace("f(a", "f_serial(a").replace("void f(", "static void f_serial(")
    assert fixed(code) == f"{copy}{changed}"


def test_the_edit_of_a_return_without_braces() -> None:
    code = "\nstatic long f(int n)\n{\n  if (n < 2)\n    return n;\n  else\n    return f(n - 1) + 2 * f(n - 2);\n}\n"
    changed = code.replace("{\n", "{\n  if (n <= 20)\n      return f_serial(n);\n").replace(
        "return f(n - 1) + 2 * f(n - 2);",
        "{\n        long part1, part2;\n        #pragma omp task shared(part1)\n        part1 = f(n - 1);\n"
        "        part2 = f(n - 2);\n        #pragma omp taskwait\n        return part1 + 2 * part2;\n    }",
    )
    assert fixed(code) == code.replace("f(", "f_serial(").replace("if_serial(", "if (") + changed


def test_the_edit_of_one_line() -> None:
    assert fixed("int f(int n) { if (n < 2) return 1; return f(n - 1) + f(n - 2); }\n") == (
        "static int f_serial(int n) { if (n < 2) return 1; return f_serial(n - 1) + f_serial(n - 2); }\n\n"
        "int f(int n) {\n    if (n <= 20)\n        return f_serial(n);\n     if (n < 2) return 1; \nint part1, part2;\n"
        "#pragma omp task shared(part1)\npart1 = f(n - 1);\npart2 = f(n - 2);\n#pragma omp taskwait\n"
        "return part1 + part2;\n }\n"
    )


def test_a_name_that_says_so_is_left_alone() -> None:
    assert findings(OFFERED["fib"][0].replace("f(", "f_seq(").replace("if_seq", "if")) == []


def test_what_a_task_has_to_share() -> None:
    code = (
        "struct box { double v[4]; };\nvoid f(double *out, int n) {\n  if (n < 2) { *out = n; return; }\n"
        "  double left[1], right[1];\n  f(left, n - 1);\n  f(right, n - 2);\n  *out = left[0] + right[0];\n}\n"
    )
    assert "#pragma omp task shared(left)\n" in fixed(code)


PROGRAM = """
static double data[200000], other[200000];
static long fib(int n) { if (n < 2) return n; return fib(n - 1) + fib(n - 2); }
static double total(const double *x, int n)
{
    if (n == 1)
        return x[0];
    double left = total(x, n / 2);
    double right = total(x + n / 2, n - n / 2);
    return left + right;
}
static void merge(double *a, double *t, int lo, int mid, int hi)
{
    int i = lo, j = mid;
    for (int k = lo; k < hi; k++)
        if (i < mid && (j >= hi || a[i] <= a[j]))
            t[k] = a[i++];
        else
            t[k] = a[j++];
    for (int k = lo; k < hi; k++)
        a[k] = t[k];
}
static void sort(double *a, double *t, int lo, int hi)
{
    int mid = (lo + hi) / 2;
    if (hi - lo < 2)
        return;
    sort(a, t, lo, mid);
    sort(a, t, mid, hi);
    merge(a, t, lo, mid, hi);
}
static void sums(double *out, int n)
{
    double left[1], right[1];
    if (n < 2) {
        *out = n;
        return;
    }
    sums(left, n - 1);
    sums(right, n - 2);
    *out = left[0] + right[0];
}
int main(void)
{
    long number;
    double all, more;
    for (int i = 0; i < 200000; i++)
        data[i] = (i * 7919L) % 200003;
#pragma omp parallel
#pragma omp single
    {
        number = fib(26);
        all = total(data, 200000);
        sums(&more, 25);
        sort(data, other, 0, 200000);
    }
    double check = 0;
    for (int i = 0; i < 200000; i++)
        check += data[i] * (i % 17);
    printf("%ld %.17g %.17g %.17g\\n", number, all, more, check);
    return 0;
}
"""


def outputs_of(tmp_path: Path, tool: Callable[[str], str], before: str, after: str) -> set[str]:
    """What the two programs print with several numbers of threads."""
    outputs = set()
    for name, text in (("serial", before), ("threads", after)):
        (tmp_path / f"{name}.c").write_text(PRELUDE + text)
        flags = ["-O1", "-Wall", "-Wno-unused-function", "-fopenmp", str(tmp_path / f"{name}.c")]
        command = [tool("gcc"), *flags, "-o", str(tmp_path / name), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        for threads in ("1", "2", "4", "7"):
            run = subprocess.run(
                [str(tmp_path / name)],
                capture_output=True, text=True, timeout=60, check=True, env={"OMP_NUM_THREADS": threads},
            )  # fmt: skip
            outputs.add(run.stdout)
    return outputs


def shown(code: str) -> list[str]:
    """The rules that speak without being asked for more."""
    report = analyze(SourceText.of(PRELUDE + code), "c", Options())
    found = [finding for placed in report.functions for finding in placed.result.findings]
    return [finding.rule for finding in found if finding.confidence != "possible"]


@pytest.mark.needs("gcc")
def test_the_tasks_compute_the_same(tmp_path: Path, tool: Callable[[str], str]) -> None:
    changed = fixed(PROGRAM)
    assert changed.count("#pragma omp task ") + changed.count("#pragma omp task\n") == 4
    assert len(outputs_of(tmp_path, tool, PROGRAM, changed)) == 1
    assert shown(changed) == []


LARGE = """
static double u[300][300], v[300][300];
static void fill_u(void) { for (int i = 0; i < 300; i++) for (int j = 0; j < 300; j++) u[i][j] = i * j % 7; }
static void fill_v(void) { for (int i = 0; i < 300; i++) for (int j = 0; j < 300; j++) v[i][j] = i * j % 5; }
static double sum_u(void) { double s = 0; for (int i = 0; i < 300; i++) for (int j = 0; j < 300; j++) s += u[i][j]; return s; }
static void smooth(int n, double *x) { for (int k = 0; k < 50; k++) for (int i = 1; i < n; i++) x[i] = (x[i - 1] + x[i]) / 2; }
static void short_one(double *x) { for (int i = 0; i < 3; i++) x[i] = i; }
"""  # noqa: E501
SECTIONS = {
    "other memory": ("void f(void) {\n  fill_u();\n  fill_v();\n}", "`fill_u` and `fill_v`"),
    "only reads": ("double f(void) { double a, b;\n  a = sum_u();\n  b = sum_u();\n  return a + b; }", "`sum_u`"),
    "behind one that they need": (
        "double f(void) { double a, b;\n  fill_u();\n  a = sum_u();\n  b = sum_u();\n  return a + b; }",
        "`sum_u`",
    ),
    "parameters": ("void f(int n, double *a, double *b) {\n  smooth(n, a);\n  smooth(n, b);\n}", "`smooth`"),
    "the same memory": ("void f(int n, double *a) {\n  smooth(n, a);\n  smooth(n, a);\n}", None),
    "parts of it": ("void f(int n, double *a) {\n  smooth(n, a);\n  smooth(n, a + n);\n}", None),
    "one after the other": ("double f(void) { double a;\n  fill_u();\n  a = sum_u();\n  return a; }", None),
    "short ones": ("void f(double *a, double *b) {\n  short_one(a);\n  short_one(b);\n}", None),
    "threads already": (
        "void f(void) {\n#pragma omp parallel\n#pragma omp single\n{\n  fill_u();\n  fill_v();\n}\n}",
        None,
    ),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_calls_that_could_be_sections(name: str) -> None:
    code, called = SECTIONS[name]
    found = findings(LARGE + code)
    assert [f.confidence for f in found] == ["possible"] * (called is not None)
    assert all(f"({called})" in f.message for f in found)


@pytest.mark.needs("gcc")
def test_sections_compute_the_same(tmp_path: Path, tool: Callable[[str], str]) -> None:
    code = LARGE + (
        "static double a[5000], b[5000];\n"
        "static void both(int n, double *p, double *q)\n{\n    smooth(n, p);\n    smooth(n, q);\n}\n"
        "int main(void)\n{\n    double s, t;\n    fill_u();\n    fill_v();\n"
        "    for (int i = 0; i < 5000; i++) { a[i] = i % 11; b[i] = i % 3; }\n    both(5000, a, b);\n"
        "    s = sum_u();\n    t = sum_u();\n"
        '    printf("%.17g %.17g %.17g\\n", s + t, a[4999], b[4999] + v[3][4]);\n}\n'
    )
    changed = fixed(code)
    assert changed.count("#pragma omp parallel sections") == 3
    assert len(outputs_of(tmp_path, tool, code, changed)) == 1
    assert shown(changed) == []
