"""Work arrays that no clause copies: what each thread gets instead, where, and what is left alone.

That the results are right is asked of real compilers and of ThreadSanitizer in `tests/stress`.
"""

from __future__ import annotations

import pytest

from analyzers.api import Language, analyze, loops_of
from analyzers.ir.verdicts import Fix, LoopReport
from analyzers.text import SourceText
from tests.edits import applied

HEAD = "#include <math.h>\n#include <stdlib.h>\n"
CPP = "#include <cmath>\n#include <vector>\n"
COMMON = "int n, int m, int few, double *restrict a, const double *restrict b, const int *k"
FILL = "for (int j = 0; j < m; j++) w[j] = exp(b[i * m + j]);"
USE = "for (int j = 0; j < m; j++) a[i] += w[j] * w[m - 1 - j];"
EACH = "for (int i = 0; i < n; i++)"


def function(body: str, parameters: str = "double *restrict w", language: Language = "c") -> str:
    text = f"void f({COMMON}{', ' * bool(parameters)}{parameters})\n{{\n{body}\n}}\n"
    return HEAD + text if language == "c" else CPP + text.replace("restrict", "__restrict")


def offers(text: str, language: Language = "c") -> list[tuple[LoopReport, Fix, str]]:
    """The loops for which each thread may get its own, with the text that becomes of it: parallel, no finding."""
    source = SourceText.of(text)
    found = []
    for start, loop in loops_of(analyze(source, language)):
        for fix in loop.fixes:
            if fix.restructures and fix.title.startswith("give each"):
                made = applied(source.data, fix.edits, start).decode()
                report = analyze(SourceText.of(made), language)
                assert not [f.message for p in report.functions for f in p.result.findings], made
                assert all(each.verdict.counts_as_parallel for _, each in loops_of(report) if each.existing), made
                found.append((loop, fix, made))
    return found


def rewritten(body: str, parameters: str = "double *restrict w", language: Language = "c") -> str:
    ((_, _, made),) = offers(function(body, parameters, language), language)
    return made.split("{\n", 1)[1].rpartition("\n}")[0]


def test_what_the_caller_may_look_at_is_copied_to_it_by_the_last_iteration() -> None:
    body = """\
    for (int i = 0; i < n; i++) {  // rows
        for (int j = 0; j < m; j++)
            w[j] = exp(b[i * m + j]);
        for (int j = 0; j < m; j++)
            a[i] += w[j] * w[m - 1 - j];
    }"""
    ((_, fix, made),) = offers(function(body))
    assert fix.title == "give each thread its own `w`"
    assert "copied to `w`, where the caller may look" in fix.note
    assert "#include" not in fix.note or "stdlib" in fix.note
    assert (
        made.split("{\n", 1)[1]
        == """\
    {
        double *w_kept = w;
        #pragma omp parallel
        {
            double *w = malloc(m * sizeof *w);
            #pragma omp for
            for (int i = 0; i < n; i++) {  // rows
                for (int j = 0; j < m; j++)
                    w[j] = exp(b[i * m + j]);
                for (int j = 0; j < m; j++)
                    a[i] += w[j] * w[m - 1 - j];
                if (i == n - 1)
                    for (int l = 0; l < m; l++)
                        w_kept[l] = w[l];
            }
            free(w);
        }
    }
}
"""
    )


def test_memory_that_nobody_reads_later_is_not_copied() -> None:
    body = f"double *w = malloc(m * sizeof(double));\nif (!w) return;\n{EACH} {{\n{FILL}\n{USE}\n}}\nfree(w);"
    made = rewritten(body, "")
    assert "#pragma omp parallel\n{\n" in made
    assert "kept" not in made
    assert made.count("malloc") == made.count("free(w)") == 2


@pytest.mark.parametrize(
    ("why", "after"),
    [
        ("it is read", "a[0] = w[1]; free(w);"),
        ("it is kept", "static double *keep; keep = w;"),
        ("it has another name", "double *v = w + 1; a[0] = v[0]; free(w);"),
        ("it is handed on", "a[0] = fabs(*w); free(w);"),
    ],
)
def test_memory_that_is_read_later_is_copied(why: str, after: str) -> None:
    body = f"double *w = malloc(m * sizeof(double));\n{EACH} {{\n{FILL}\n{USE}\n}}\n{after}"
    assert "if (i == n - 1)" in rewritten(body, ""), why


def test_small_arrays_are_declared_in_the_loop() -> None:
    body = f"double *w = malloc(200);\n{EACH} {{\n{FILL}\n{USE}\n}}\nfree(w);".replace("< m;", "< 16;").replace(
        "m - 1", "15"
    )
    assert "#pragma omp parallel for\nfor (int i = 0; i < n; i++) {\n    double w[16];\n" in rewritten(body, "")


def test_large_ones_of_known_size_are_not() -> None:
    body = f"{EACH} {{\n{FILL}\n{USE}\n}}".replace("< m;", "< 20000;").replace("m - 1", "19999")
    assert "double *w = malloc(20000 * sizeof *w);" in rewritten(body)


def test_a_body_without_braces_gets_some() -> None:
    body = f"{EACH}\n    for (int q = 0; q < few; q++) {{\n        {FILL}\n        {USE}\n    }}"
    made = rewritten(body)
    assert "for (int i = 0; i < n; i++) {\n" in made
    assert "if (i == n - 1 && 0 < few)\n" in made, "where the loop inside does not run nothing was written"


@pytest.mark.parametrize(
    ("head", "last"),
    [
        ("for (int i = 0; i <= n; i++)", "n"),
        ("for (int i = n; i > 0; i--)", "1"),
        ("for (int i = n - 1; i >= few; i--)", "few"),
        ("for (int i = 0; i < 1001; i += 2)", "1000"),
        ("for (int i = 0; i != n; i++)", "n - 1"),
    ],
)
def test_which_iteration_is_the_last(head: str, last: str) -> None:
    assert f"if (i == {last})\n" in rewritten(f"{head} {{\n{FILL}\n{USE}\n}}")


def test_tabs_among_blanks_keep_their_columns() -> None:
    body = f"  {EACH} {{\n      {FILL}\n\t{USE}\n  }}"
    assert f"\n{' ' * 14}{FILL}\n{' ' * 16}{USE}\n" in rewritten(body)


def test_rows() -> None:
    fill = "for (int j = 0; j < 5; j++) for (int l = 0; l < m; l++) w[j][l] = exp(b[i * m + l] * j);"
    use = "for (int j = 0; j < 5; j++) for (int l = 0; l < m; l++) a[i] += w[j][l];"
    made = rewritten(f"{EACH} {{\n{fill}\n{use}\n}}", "double (*restrict w)[m]")
    assert "double (*w_kept)[m] = w;" in made
    assert "double (*w)[m] = malloc(5 * sizeof *w);" in made
    assert "w_kept[p][q] = w[p][q];" in made


def test_a_triangle_that_nobody_looks_at_later() -> None:
    fill, use = (text.replace("j < m", "j <= i").replace("m - 1 - j", "i - j") for text in (FILL, USE))
    body = f"double *w = malloc(n * sizeof *w);\n{EACH} {{\n{fill}\n{use}\n}}\nfree(w);"
    assert "malloc(n * sizeof *w);\n    #pragma omp for schedule" in rewritten(body, "")


def test_several_at_once() -> None:
    body = f"{EACH} {{\n{FILL}\n{FILL.replace('w[j]', 'v[j]')}\n{USE.replace('* w[', '* v[')}\n}}"
    ((_, fix, made),) = offers(function(body, "double *restrict v, double *restrict w"))
    assert fix.title == "give each thread its own `w` and `v`"
    assert "free(w);\n        free(v);" in made


def test_clauses_of_the_other_variables() -> None:
    body = f"int i, j; double s = 0, t;\nfor (i = 0; i < n; i++) {{\n{FILL}\n{USE}\nt = b[i]; s += t;\n}}\na[0] = s;"
    body = body.replace("int j = 0", "j = 0")
    assert "#pragma omp for private(j, t) reduction(+:s)\n" in rewritten(body)


def test_what_has_to_be_assumed_or_included_is_said() -> None:
    text = (
        function(f"{EACH} {{\n{FILL}\n{USE}\n}}", "double *w")
        .replace("restrict", "")
        .replace("#include <stdlib.h>\n", "")
    )
    ((_, fix, _),) = offers(text)
    assert "assuming `a` and `w` do not overlap" in fix.note
    assert "it needs `#include <stdlib.h>`" in fix.note


@pytest.mark.parametrize(
    ("why", "inside"),
    [
        ("the caller may look, and the last iteration writes less", f"{FILL}\n{USE}".replace("< m;", "< i;")),
        ("only some iterations write", f"if (k[i]) {{ {FILL}\n{USE} }}"),
        ("some leave early", f"if (k[i]) continue;\n{FILL}\n{USE}"),
        ("an element is needed from before", f"{FILL}\n{USE}".replace("j = 0; j < m; j++) w", "j = 1; j < m; j++) w")),
        ("it is read first", f"{USE}\n{FILL}"),
        ("how much of it is used is not known", f"{FILL}\n{USE}".replace("w[j]", "w[k[j]]")),
        ("it may begin before its start", f"{FILL}\n{USE}".replace("w[j]", "w[j - few]").replace("w[m", "w[few - m")),
        ("it is handed to a function", f"{FILL}\n{USE}\na[i] += modf(a[i], w);"),
        ("its address is taken", f"double *v = w;\n{FILL}\n{USE}\na[i] += v[0];"),
        ("something else is in the way", f"{FILL}\n{USE}\na[i + 1] = a[i];"),
        ("the pointer moves", f"{FILL}\n{USE}\nw++;"),
    ],
)
def test_no_copies_where(why: str, inside: str) -> None:
    assert not offers(function(f"{EACH} {{\n{inside}\n}}")), why


@pytest.mark.parametrize(
    ("why", "body", "parameters"),
    [
        (
            "another name for it",
            f"double *v = w;\n{EACH} {{\n{FILL}\n{USE}\na[i] += v[0];\n}}",
            "double *restrict w",
        ),
        ("not counted", f"int i = 0;\nwhile (k[i]) {{\n{FILL}\n{USE}\ni++;\n}}", "double *restrict w"),
        ("no `for`", f"int i = 0;\nwhile (i < n) {{\n{FILL}\n{USE}\ni++;\n}}", "double *restrict w"),
        ("volatile", f"{EACH} {{\n{FILL}\n{USE}\n}}", "volatile double *restrict w"),
        ("too small", f"{EACH} {{\n{FILL}\n{USE}\n}}".replace("m;", "2;").replace("n;", "9;"), "double *restrict w"),
    ],
)
def test_no_copies_of(why: str, body: str, parameters: str) -> None:
    assert not offers(function(body, parameters)), why


def test_the_outermost_loop_gets_them() -> None:
    body = f"for (int h = 0; h < few; h++)\n{EACH} {{\n{FILL}\n{USE}\n}}".replace("a[i]", "a[h * n + i]")
    ((loop, _, _),) = offers(function(body))
    assert loop.depth == 0


def test_none_inside_a_loop_that_is_parallel() -> None:
    row = "double w[200];"
    body = f"for (int h = 0; h < few; h++) {{\n{row}\n{EACH} {{\n{FILL}\n{USE}\n}}\n}}".replace("a[i]", "a[h * n + i]")
    assert not offers(function(body, ""))


def test_what_is_known_of_remainders_is_not_proved_by_itself() -> None:
    head = "for (int z = 1; z < i % 9; z++)"
    sums = f"{head} for (int l = 0; l < n; l++) p[z] += d[l][z] * i;"
    text = f"""static int c[64][64], d[64][64];
void f(int n, int *p) {{
    int few = n - 61;
    for (int i = 1; i < n - 1; i++)
        for (int v = 0; v < few + 2; v++) {{ {head} p[z] = i + z; {sums} {head} c[i][z] = p[z]; }}
}}
"""
    report = analyze(SourceText.of(text), "c")
    assert not [finding.message for placed in report.functions for finding in placed.result.findings]


def test_containers() -> None:
    body = f"std::vector<double> w(m);\n{EACH} {{\n{FILL}\n{USE}\n}}"
    made = rewritten(body, "", "cpp")
    assert "#pragma omp parallel\n{\n    std::vector<double> w(m);\n    #pragma omp for\n" in made
    assert "malloc" not in made and "kept" not in made
    made = rewritten(f"{EACH} {{\n{FILL}\n{USE}\n}}", "std::vector<double> &w", "cpp")
    assert "    auto &w_kept = w;\n" in made
    assert "        std::vector<double> w(m);\n" in made


def test_pointers_of_cpp() -> None:
    made = rewritten(f"{EACH} {{\n{FILL}\n{USE}\n}}", language="cpp")
    assert "    double *w_kept = w;\n" in made
    assert "std::vector<double> w(m);" in made and "free" not in made
    body = f"double *w = new double[16];\n{EACH} {{\n{FILL}\n{USE}\n}}\ndelete[] w;".replace("< m;", "< 16;")
    assert "#pragma omp parallel for\n" in rewritten(body.replace("m - 1", "15"), "", "cpp")


@pytest.mark.parametrize("inside", ["w.size()", "(int) w.size()"])
def test_no_container_whose_size_is_asked(inside: str) -> None:
    body = f"std::vector<double> w(m);\n{EACH} {{\n{FILL}\n{USE}\na[i] += {inside};\n}}"
    assert not offers(function(body, "", "cpp"), "cpp")
