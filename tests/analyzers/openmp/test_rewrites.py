"""Loops written in another way: what is offered, what it becomes, and what is left alone.

That the results are right is asked of real compilers and of ThreadSanitizer in `tests/stress`.
"""

from __future__ import annotations

import pytest

from analyzers.api import analyze, loops_of
from analyzers.text import SourceText
from tests.edits import applied

HEAD = "#include <math.h>\n#include <stdio.h>\n"


def rewrites(body: str, parameters: str = "") -> list[tuple[str, str]]:
    """Titles and texts of all rewrites of the first loop of a function."""
    common = "int n, int m, const double *restrict a, double *restrict b, double *restrict c, int *restrict k"
    text = f"{HEAD}int f({common}{', ' * bool(parameters)}{parameters})\n{{\n{body}}}\n"
    source = SourceText.of(text)
    start, loop = next(iter(loops_of(analyze(source, "c"))))
    found = []
    for fix in loop.fixes:
        if fix.restructures:
            made = applied(source.data, fix.edits, start).decode()
            report = analyze(SourceText.of(made), "c")
            findings = [f.message for p in report.functions for f in p.result.findings]
            assert not findings, f"{fix.title}: {findings}\n{made}"
            found.append((fix.title, made.split("{\n", 1)[1].rpartition("}")[0]))
    return found


def titles(body: str, parameters: str = "") -> list[str]:
    return [title for title, _ in rewrites(body, parameters)]


# --- scans ----------------------------------------------------------------------------------------------------------


def test_a_running_total_becomes_a_scan() -> None:
    body = """\
    double t = 0;
    for (int i = 0; i < n; i++) {
        t += exp(a[i]);  // up to here
        b[i] = t;
    }
    return t > 1;
"""
    ((title, made),) = rewrites(body)
    assert title == "rewrite as scan"
    assert "    #pragma omp parallel for reduction(inscan, +:t)\n    for (int i" in made
    assert "// up to here\n        #pragma omp scan inclusive(t)\n        b[i] = t;" in made


def test_a_total_that_is_used_before_its_update_is_exclusive() -> None:
    ((_, made),) = rewrites("double t = 0;\nfor (int i = 0; i < n; i++) {\nb[i] = t;\nt = exp(a[i]) + t;\n}\n")
    assert "b[i] = t;\n#pragma omp scan exclusive(t)\nt = exp(a[i]) + t;" in made


@pytest.mark.parametrize(
    ("why", "inside"),
    [
        ("the other sum would have to be scanned too", "t += exp(a[i]); b[i] = t; s += b[i];"),
        ("what is computed before the scan is used behind it", "double x = exp(a[i]); t += x; b[i] = t + x;"),
        ("an element is handed over from phase to phase", "c[i] = exp(a[i]); t += a[i]; b[i] = t + c[i];"),
        ("it is used on both sides", "c[i] = t; t += exp(a[i]); b[i] = t;"),
        ("two updates", "t += exp(a[i]); t += c[i]; b[i] = t;"),
        ("subtracted from", "t = exp(a[i]) - t; b[i] = t;"),
        ("under a condition", "if (a[i] > 0) t += exp(a[i]); b[i] = t;"),
        ("something else is in the way", "t += exp(a[i]); b[i] = b[i - 1] + t;"),
    ],
)
def test_no_scan_where(why: str, inside: str) -> None:
    body = f"double t = 0, s = 0;\nfor (int i = 1; i < n; i++) {{ {inside} }}\nreturn s > t;\n"
    assert "rewrite as scan" not in titles(body), why


@pytest.mark.parametrize(
    ("why", "first", "head", "scanned"),
    [
        ("as it should be", "0", "for (int i = 0; i < n; i++) {", True),
        ("clang forgets what the total was before", "1", "for (int i = 0; i < n; i++) {", False),
        ("too small", "0", "for (int i = 0; i < 100; i++) {", False),
    ],
)
def test_where_a_scan_begins(why: str, first: str, head: str, scanned: bool) -> None:
    body = f"double t = {first};\n{head} t += exp(a[i]); b[i] = t; }}\n"
    assert ("rewrite as scan" in titles(body)) is scanned, why


def test_a_body_without_braces_has_no_place_for_a_scan() -> None:
    assert not titles("double t = 0;\nfor (int i = 0; i < n; i++) b[i] = t += exp(a[i]);\n")


# --- two loops ------------------------------------------------------------------------------------------------------

RECURRENCE = """\
    for (int i = 1; i < n; i++) {
        b[i] = exp(a[i]);  // heavy
        c[i] = c[i - 1] + b[i];
    }
"""


def test_a_recurrence_is_cut_off_from_what_is_parallel() -> None:
    ((title, made),) = rewrites(RECURRENCE)
    assert title == "split the loop in two, the first of which is parallel"
    assert (
        made
        == """\
    #pragma omp parallel for
    for (int i = 1; i < n; i++) {
        b[i] = exp(a[i]);  // heavy
    }
    for (int i = 1; i < n; i++) {
        c[i] = c[i - 1] + b[i];
    }
"""
    )


def test_the_second_part_may_be_the_parallel_one() -> None:
    body = "for (int i = 1; i < n; i++) {\nc[i] = c[i - 1] + a[i];\nb[i] = exp(c[i - 1]);\n}\n"
    ((title, made),) = rewrites(body)
    assert title == "split the loop in two, the second of which is parallel"
    assert "c[i] = c[i - 1] + a[i];\n}\n#pragma omp parallel for\nfor (int i = 1; i < n; i++) {\nb[i]" in made


def test_only_the_clauses_that_the_part_needs() -> None:
    body = (
        "int i; double t, u, s = 0;\nfor (i = 1; i < n; i++) {\nt = a[i]; b[i] = exp(t) + t;\ns += exp(t);\n"
        "u = c[i - 1]; c[i] = u + 1;\n}\nreturn s > 1;\n"
    )
    ((_, made),) = rewrites(body)
    assert "#pragma omp parallel for private(t) reduction(+:s)\nfor (i = 1" in made
    assert "s += exp(t);\n}\nfor (i = 1; i < n; i++) {\nu = c[i - 1];" in made


def test_output_can_be_cut_off() -> None:
    body = """\
    for (int i = 0; i < n; i++) {
        double s = 0;
        for (int j = 0; j < m; j++)
            s += exp(a[i] * j);
        b[i] = s;
        printf("%g\\n", b[i]);
    }
"""
    ((_, made),) = rewrites(body)
    assert "b[i] = s;\n    }\n    for (int i = 0; i < n; i++) {\n        printf(" in made


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("the first part needs what the second did in an earlier iteration",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(c[i - 1]);\nc[i] = c[i - 1] + a[i];\n}"),
        ("the first part would overwrite what the second has still to read",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\nc[i] = c[i - 1] + b[i + 1];\n}"),
        ("a value goes from one part to the other in a variable",
         "for (int i = 1; i < n; i++) {\ndouble t = exp(a[i]);\nc[i] = c[i - 1] + t;\n}"),
        ("an iteration may end early",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\nif (b[i] > 3) continue;\nc[i] = c[i - 1] + 1;\n}"),
        ("the loop may end early",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\nif (b[i] > 3) break;\nc[i] = c[i - 1] + 1;\n}"),
        ("the loop stands alone behind a condition",
         "if (m)\nfor (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\nc[i] = c[i - 1] + b[i];\n}"),
        ("the parallel part is too small to pay",
         "for (int i = 1; i < 300; i++) {\nb[i] = a[i];\nc[i] = c[i - 1] + b[i];\n}"),
        ("a function that nobody knows",
         "int w;\nfor (int i = 1; i < n; i++) {\nk[i] = g(&w) / exp(a[i]);\nfor (int j = 0; j < w; j++) k[j] = i;\n}"),
        ("most of the work is in the other part",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\nc[i] = exp(sin(c[i - 1]) + b[i]) + cos(c[i - 1]);\n}"),
        ("a preprocessor line between",
         "for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]);\n#ifdef A\nb[i] = 1;\n#endif\nc[i] = c[i - 1] + b[i];\n}"),
        ("one statement, two assignments",
         "for (int i = 1; i < n; i++)\nb[i] = exp(a[i]), c[i] = c[i - 1] + b[i];"),
    ],
)  # fmt: skip
def test_no_cut_where(why: str, body: str) -> None:
    assert not [title for title in titles(body + "\n") if title.startswith("split")], why


def test_a_cut_between_statements_on_one_line() -> None:
    ((_, made),) = rewrites("for (int i = 1; i < n; i++) { b[i] = exp(a[i]); c[i] = c[i - 1] + b[i]; }\n")
    assert "b[i] = exp(a[i]); \n}\nfor (int i = 1; i < n; i++) {\nc[i] = c[i - 1] + b[i]; }" in made


def test_two_statements_of_which_one_is_two_assignments_are_not_cut_within() -> None:
    found = rewrites("for (int i = 1; i < n; i++) {\nb[i] = exp(a[i]), k[i] = 1;\nc[i] = c[i - 1] + b[i];\n}\n")
    assert all("k[i] = 1;\n}" in made for _, made in found)


# --- extremes -------------------------------------------------------------------------------------------------------


def test_the_place_of_a_maximum() -> None:
    body = """\
    double best = a[0];
    int at = 0;
    for (int i = 1; i < n; i++)
        if (a[i] > best) {
            best = a[i];
            at = i;
        }
    return at;
"""
    ((title, made),) = rewrites(body)
    assert title == "find `best` and `at` in each thread, then compare them"
    assert (
        made
        == """\
    double best = a[0];
    int at = 0;
    {
        double best_of_all = best;
        int at_of_all = at;
        #pragma omp parallel firstprivate(best, at)
        {
            #pragma omp for nowait schedule(static)
            for (int i = 1; i < n; i++)
                if (a[i] > best) {
                    best = a[i];
                    at = i;
                }
            #pragma omp critical
            if (best > best_of_all || (best == best_of_all && at < at_of_all)) {
                best_of_all = best;
                at_of_all = at;
            }
        }
        best = best_of_all;
        at = at_of_all;
    }
    return at;
"""
    )


@pytest.mark.parametrize(
    ("condition", "head", "merge"),
    [
        ("a[i] < best", "int i = 0; i < n; i++", "best < best_of_all || (best == best_of_all && at < at_of_all)"),
        ("best < a[i]", "int i = 0; i < n; i++", "best > best_of_all || (best == best_of_all && at < at_of_all)"),
        ("a[i] > best", "int i = n - 1; i >= 0; i--", "best > best_of_all || (best == best_of_all && at > at_of_all)"),
    ],
)
def test_which_value_wins(condition: str, head: str, merge: str) -> None:
    body = (
        f"double best = 0; int at = -1;\nfor ({head}) {{\nif ({condition}) {{ at = i; best = a[i]; }}\n}}\nreturn at;\n"
    )
    ((_, made),) = rewrites(body)
    assert merge in made


def test_names_that_are_taken() -> None:
    body = (
        "double best = 0, best_of_all = 7; int at = 0;\nfor (int i = 0; i < n; i++) "
        "if (a[i] > best) { best = a[i]; at = i; }\nreturn at + (best_of_all > 1);\n"
    )
    ((_, made),) = rewrites(body)
    assert "double best_of_all_ = best;" in made


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("the last of equal ones", "if (a[i] >= best) { best = a[i]; at = i; }"),
        ("another value is kept", "if (a[i] > best) { best = a[i] + 1; at = i; }"),
        ("another place is kept", "if (a[i] > best) { best = a[i]; at = i + 1; }"),
        ("the place is used on the way", "if (a[i] > best) { best = a[i]; at = i; }\nb[i] = at;"),
        ("the value depends on the place", "if (a[i] - at > best) { best = a[i] - at; at = i; }"),
        ("there is another case", "if (a[i] > best) { best = a[i]; at = i; } else b[i] = best;"),
    ],
)
def test_no_extreme_where(why: str, body: str) -> None:
    around = f"double best = 0; int at = 0;\nfor (int i = 0; i < n; i++) {{\n{body}\n}}\nreturn at;\n"
    assert not [title for title in titles(around) if title.startswith("find")], why


# --- scattered updates ----------------------------------------------------------------------------------------------

HEAVY = "exp(cos(a[i]) + sin(a[i]))"


def test_scattered_updates_become_atomic() -> None:
    ((title, made),) = rewrites(f"for (int i = 0; i < n; i++) {{\n    b[k[i]] += {HEAVY};\n}}\n")
    assert title == "make the updates atomic, and the loop parallel"
    assert "#pragma omp parallel for\nfor (int i" in made
    assert "    #pragma omp atomic\n    b[k[i]] += exp" in made


def test_an_update_behind_a_condition() -> None:
    ((_, made),) = rewrites(f"for (int i = 0; i < n; i++) {{\ndouble e = {HEAVY};\nif (e > 1) b[k[i]] += e;\n}}\n")
    assert "if (e > 1) \n#pragma omp atomic\nb[k[i]] += e;" in made


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("the same element for all", f"b[m] += {HEAVY};"),
        ("it is read too", f"b[k[i]] += {HEAVY}; c[i] = b[i];"),
        ("two operators", f"b[k[i]] += {HEAVY}; b[k[i + 1]] *= 2;"),
        ("set outright", f"b[k[i]] += {HEAVY}; b[k[i + 1]] = 2;"),
        ("waiting takes longer than computing", "b[k[i]] += a[i];"),
        ("the old value is used", f"c[i] = {HEAVY}; c[i] += k[k[i]]++;"),
        ("something else is in the way", f"b[k[i]] += {HEAVY}; c[i + 1] = c[i];"),
    ],
)
def test_no_atomic_where(why: str, body: str) -> None:
    found = titles(f"for (int i = 0; i < n; i++) {{\n{body}\n}}\n")
    assert "make the updates atomic, and the loop parallel" not in found, why


# --- pivots ---------------------------------------------------------------------------------------------------------

PATHS = """\
for (int k = 0; k < n; k++) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (d[i][k] + d[k][j] < d[i][j]) d[i][j] = d[i][k] + d[k][j];
}
"""


def pivots(body: str, parameters: str = "double d[n][n]") -> list[str]:
    """The texts of a function with a loop divided at its pivot."""
    common = "int n, int m, double *restrict a"
    source = SourceText.of(f"int f({common}, {parameters})\n{{\n{body}}}\n")
    found = []
    for start, loop in loops_of(analyze(source, "c")):
        for fix in loop.fixes:
            if fix.title.startswith("share the iterations before and behind"):
                made = applied(source.data, fix.edits, start).decode()
                assert not [f for p in analyze(SourceText.of(made), "c").functions for f in p.result.findings], made
                pragmas = [each for _, each in loops_of(analyze(SourceText.of(made), "c")) if each.existing is not None]
                assert all(each.verdict.counts_as_parallel for each in pragmas)
                found.append(made.split("{\n", 1)[1].rpartition("}")[0])
    return found


def test_iterations_meet_in_that_of_the_pivot() -> None:
    (made,) = pivots(PATHS)
    heads = [line.strip() for line in made.splitlines() if "for" in line and "int j" not in line]
    assert heads == [
        "for (int k = 0; k < n; k++) {",
        "#pragma omp parallel for",
        "for (int i = 0; i < k; i++)",
        "for (int i = k; i < k + 1; i++)",
        "#pragma omp parallel for",
        "for (int i = k + 1; i < n; i++)",
    ]


def test_a_pivot_where_no_other_statement_may_stand() -> None:
    body = PATHS.replace("k++) {", "k++)").replace("\n}\n", "\n").replace("< n; i", "<= n - 1; i")
    (made,) = pivots(body.replace("k < n", "k <= n - 1"))
    assert made.startswith("for (int k = 0; k <= n - 1; k++)\n    {\n        #pragma omp parallel for\n")
    assert "for (int i = 0; i <= k - 1; i++)" in made and "for (int i = k; i <= k; i++)" in made


@pytest.mark.parametrize(
    ("why", "old", "new"),
    [
        ("the pivot may lie outside", "int k = 0; k < n", "int k = 0; k < m"),
        ("and inside another loop only", "int k = 0", "int k = 1"),
        ("iterations meet elsewhere too", "d[i][k] + d[k][j] <", "d[i][k] + d[i + 1][j] <"),
        ("in every iteration", "d[i][k] + d[k][j] <", "d[i][k] + d[k + 1][j] <"),
        ("steps are not of one", "i < n; i++", "i < n; i += 2"),
        ("an iteration ends the loop", "if (", "if (d[i][i] < 0) return 1; else if ("),
        ("a sum besides", "if (", "a[0] += d[i][j]; if ("),
    ],
)
def test_no_pivot_where(why: str, old: str, new: str) -> None:
    assert old in PATHS
    assert not pivots(PATHS.replace(old, new)), why


def test_no_pivot_where_the_index_is_used_afterwards() -> None:
    body = "int i;\n" + PATHS.replace("int i = 0", "i = 0")
    assert pivots(body)
    assert not pivots(body + "return i;\n")


def test_no_pivot_where_the_loop_around_sets_its_bound() -> None:
    assert not pivots(PATHS.replace("\n}\n", "\nn--;\n}\n"), "double d[500][500]")


# --- all ------------------------------------------------------------------------------------------------------------


def test_a_loop_that_is_parallel_is_left_as_it_is() -> None:
    assert not titles("for (int i = 0; i < n; i++) { b[i] = exp(a[i]); c[i] = b[i]; }\n")


def test_a_loop_in_a_region_or_with_a_directive_is_left_as_it_is() -> None:
    assert not titles(
        f"#pragma omp parallel for ordered\n{RECURRENCE.replace('c[i] =', '#pragma omp ordered' + chr(10) + 'c[i] =')}"
    )


def test_what_has_to_be_assumed_is_named() -> None:
    text = "void f(int n, double *a, double *b) {\nfor (int i = 1; i < n; i++) {\nb[i] = 1 / a[i] / (a[i] + 1);\n"
    text += "a[0] = a[0] * 2 + i;\n}\n}\n"
    (_, loop), *_ = loops_of(analyze(SourceText.of(text.replace("a[0] = a[0] * 2 + i", "b[0] = b[0] * 2 + i")), "c"))
    notes = [fix.note for fix in loop.fixes if fix.restructures]
    assert all("assuming `a` and `b` do not overlap" in note for note in notes)


def test_a_loop_whose_head_a_macro_writes_is_cut_as_it_is_written() -> None:
    ((_, made),) = rewrites(
        "#define EACH(i) for (int i = 1; i < n; i++)\nEACH(i) {\nb[i] = exp(a[i]);\nc[i] = c[i - 1] + b[i];\n}\n"
    )
    assert "b[i] = exp(a[i]);\n}\nEACH(i) {\nc[i]" in made
