"""Bare loops: nothing is declared, much is called that nobody has seen. What is assumed has to be named."""

from __future__ import annotations

from typing import Literal

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.settings import Options
from analyzers.text import SourceText
from tests.reports import loop_reports

FOR = "#pragma omp parallel for"


def first_loop(snippet: str) -> LoopReport:
    report = api.analyze(SourceText.of(snippet), "c", Options(snippet=True))
    return next(loop for placed in report.functions for loop in placed.result.loops)


def pragma(snippet: str) -> str | None:
    loop = first_loop(snippet)
    return loop.pragma or loop.conditional_pragma


def assumed(snippet: str) -> list[str]:
    loop = first_loop(snippet)
    assert loop.verdict.status == "unknown"
    assert loop.verdict.confidence == "possible"
    assert loop.pragma is None
    assert loop.conditional_pragma is not None
    return [a.text for a in loop.verdict.assumptions]


@pytest.mark.parametrize(
    "snippet",
    [
        "for (i = 0; i < n; i++)",
        "for (i = 0; i < n; i++) a[i] = b[i]",
        "for (i = 0; i < n; i++) { a[i] = b[i];",
        "for (i = 0; i < n; i++) { float v[3] ALIGNED = {0, 0, 0}; v[1] = b[i]; a[i] = v[1]; }",
        "for (i = 0; i < n; i++) { float ALIGNED v[3]; v[1] = b[i]; a[i] = v[1]; }",
        "for (i = 0; i < n; i++) { float v[3] __attribute__((aligned(64))); v[1] = b[i]; a[i] = v[1]; }",
        "for (i = 0; i < n; i++) { const T *noalias p = b; double *noalias const q = c; a[i] = p[i] + q[i]; }",
        "for (i = 0; i < n; i++) *(a + i + m) = *(b + i);",
        "for (i = 0; i < n; i++) a[i].next = (struct node *) b[i];",
    ],
)
def test_text_that_ends_early_or_says_more_than_the_grammar_knows(snippet: str) -> None:
    assert pragma(snippet) == FOR


@pytest.mark.parametrize("value", ["std::to_string(x[i])", "c + std::string(x[i])"])
def test_strings_that_are_joined_are_no_sum(value: str) -> None:
    snippet = f"for (int i = 0; i < n; i++) {{ s += {value}; }}"
    report = api.analyze(SourceText.of(snippet), "cpp", Options(snippet=True))
    (loop,) = (loop for placed in report.functions for loop in placed.result.loops)
    assert loop.pragma is None and loop.verdict.status != "parallel"


def test_a_reference_makes_it_cpp() -> None:
    report = api.analyze(
        SourceText.of("for (int i = 0; i < n; i++) { Cell & c = cells[i]; c.x = c.y * 2; }"), "c", Options(snippet=True)
    )
    assert report.language == "cpp"
    assert pragma("for (int i = 0; i < n; i++) { Cell & c = cells[i]; c.x = c.y * 2; }") == FOR


@pytest.mark.parametrize(
    "call",
    [
        "Malloc(struct node *, n)",
        "Malloc(unsigned char, n)",
        "Malloc(node *, n)",
        "new_array(n, const char *)",
        "container_of(q, struct node, link)",
        "1 + amount(enum color, double)",
    ],
)
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_a_type_among_the_arguments_of_an_unseen_macro(call: str, language: Literal["c", "cpp"]) -> None:
    (loop,) = loop_reports(f"for (int i = 0; i < n; i++) a[i] = {call};", Options(snippet=True), language)
    name = call.removeprefix("1 + ").partition("(")[0]
    assert [a.text for a in loop.verdict.assumptions] == [f"`{name}` is independent"]
    assert loop.conditional_pragma == FOR


@pytest.mark.parametrize(
    "declared",
    ["int k(struct node *, int);", "int (*k)(const void *, const void *) = 0;", "node *k = (node *) b;"],
)
def test_declarations_have_types_too(declared: str) -> None:
    (loop,) = loop_reports(f"void f(int n, double *a) {{ for (int i = 0; i < n; i++) {{ {declared} a[i] = 0; }} }}")
    assert loop.pragma == f"{FOR} if(n > 200000)"


def test_a_template_with_a_blank_makes_it_cpp() -> None:
    snippet = (
        "for (int i = 0; i < n; i++) {\n  vector <double> t(m, 0.0);\n"
        "  for (int j = 0; j < m; j++) t[j] = a[i][j];\n  b[i] = total(t);\n}"
    )
    assert assumed(snippet) == ["`total` is independent"]


def test_a_template_that_is_called_makes_it_cpp() -> None:
    snippet = "for (i = 0; i < n; i++) { spline<T>(x[i], w); for (j = 0; j < 4; j++) a[i] += w[j] * b[j]; }"
    assert assumed(snippet)[:2] == [
        "`spline` is independent",
        "`spline` fills `w`, an array that is not used after the loop",
    ]
    assert pragma(snippet) == f"{FOR} private(j, w)"


def test_a_second_result_that_nobody_reads() -> None:
    assert assumed("for (i = 0; i < n; i++) a[i] = lgamma(b[i]);") == [
        "nobody reads `signgam`",
        "`lgamma` is the library function of that name",
    ]
    assert pragma("for (i = 0; i < n; i++) a[i] = rand();") is None


def test_a_method_may_be_independent() -> None:
    assert assumed("for (i = 0; i < m->count(); i++) a[i] = m->value(i);") == [
        "`m->count` is independent",
        "`m->value` is independent",
    ]


def test_what_lies_behind_the_result_of_a_call_is_part_of_it() -> None:
    assert assumed("for (i = 0; i < n; i++) { s += *(float *)at(q, i) * row(i)[2]; }") == [
        "`at` is independent",
        "`row` is independent",
    ]
    assert pragma("for (i = 0; i < n; i++) { s += *(float *)at(q, i) * row(i)[2]; }") == f"{FOR} reduction(+:s)"


def test_elements_of_which_nothing_is_known() -> None:
    assert assumed("for (i = 0; i < n; i++) a[(int)(x[i] * 3)] = 1;") == [
        "different iterations use different elements of `a`"
    ]


def test_elements_that_are_the_same_are_no_matter_of_belief() -> None:
    loop = first_loop("for (i = 0; i < n; i++) { if (c[i]) a[k] = i; }")
    assert (loop.verdict.status, loop.verdict.assumptions, loop.conditional_pragma) == ("unknown", (), None)


def test_a_pointer_that_each_iteration_gets_from_elsewhere() -> None:
    texts = assumed("for (i = 0; i < n; i++) { T *q; q = line(view, i); for (j = 0; j < m; j++) { *q = 0; q++; } }")
    assert texts[0] == "`line` is independent"
    assert texts[-1] == "`q` leads to different memory in different iterations"


def test_a_bound_in_memory() -> None:
    snippet = "for (i = 0; i < s->count; i++) { c = &s->cells[i]; free(c->x); c->x = malloc(c->size); }"
    assert "the loop does not change `s->count`" in assumed(snippet)


def test_a_bound_that_the_loop_assigns_to() -> None:
    loop = first_loop("for (i = 0; i < m->count; i++) { m->count = f(i); }")
    assert (loop.verdict.status, loop.verdict.assumptions) == ("unknown", ())


def test_a_flag_that_only_errors_raise() -> None:
    snippet = "for (i = 0; i < n; i++) { if (ok == NO) continue; a[i] = b[i]; if (a[i] < 0) { ok = NO; continue; } }"
    assert assumed(snippet) == ["no iteration changes `ok`"]


def test_a_counter_is_no_such_flag() -> None:
    loop = first_loop("for (i = 0; i < n; i++) { if (used > 9) continue; if (b[i]) used = i; }")
    assert (loop.verdict.status, loop.verdict.assumptions) == ("unknown", ())


def test_a_flag_that_is_set_for_the_code_behind() -> None:
    assert pragma("for (i = 0; i < n; i++) if (a[i] != b[i]) same = 0;") == f"{FOR} reduction(&&:same)"


def test_the_last_one_that_writes() -> None:
    assert pragma("for (i = 0; i < n; i++) if (a[i] > 3) last = i;") == f"{FOR} lastprivate(conditional: last)"


def test_an_exit_when_something_is_wrong() -> None:
    assert pragma("for (i = 0; i < n; i++) { if (a[i] < 0) exit(1); b[i] = a[i]; }") == FOR


def test_an_exit_that_may_be_the_end_of_the_work() -> None:
    texts = assumed("for (i = 0; i < n; i++) { if (a[i] < 0) exit(0); b[i] = a[i]; }")
    assert "the program does not end inside the loop" in texts


def test_a_stream_is_nothing_that_is_shared_but_its_order() -> None:
    assert assumed('for (i = 0; i < n; i++) fprintf(out, "%d", a[i]);')[0] == (
        "the order of what `fprintf` reads or prints does not matter"
    )


def test_a_work_array() -> None:
    snippet = "for (i = 0; i < n; i++) { if (c[i] > 0) { w[0] = x[i]; w[1] = y[i]; z[i] = w[0] * w[1]; } }"
    assert assumed(snippet) == ["`w` is an array that is not used after the loop"]
    assert pragma(snippet) == f"{FOR} private(w)"


def test_a_result_is_no_work_array() -> None:
    loop = first_loop("for (i = 0; i < n; i++) { w[0] = x[i]; w[1] = y[i]; }")
    assert loop.conditional_pragma is None


def test_a_work_array_that_not_every_iteration_writes_before_it_reads() -> None:
    loop = first_loop("for (i = 0; i < n; i++) { if (c[i] > 0) w[0] = x[i]; z[i] = w[0]; }")
    assert loop.conditional_pragma is None


def test_a_name_that_is_assigned_to_is_a_pointer() -> None:
    snippet = "for (i = 0; i < n; i++) { row = base + i * m; for (j = 0; j < m; j++) row[j] = 0; }"
    assert (pragma(snippet) or "").startswith(f"{FOR} private(j, row)")


def test_what_is_atomic_already_needs_no_clause() -> None:
    snippet = "for (i = 0; i < n; i++) {\n#pragma omp atomic\n hits += a[i];\n}"
    assert pragma(snippet) == FOR


def test_a_sum_in_every_element_needs_room_for_copies() -> None:
    snippet = "for (i = 0; i < n; i++) for (j = 0; j < m; j++) y[j] += b[i][j];"
    assert assumed(snippet) == ["`m` is not zero, and so many elements fit the stack of each thread"]
    assert pragma(snippet) == f"{FOR} private(j) reduction(+:y[:m])"


def test_a_sum_whose_length_changes_from_iteration_to_iteration() -> None:
    assert pragma("for (i = 0; i < n; i++) for (j = 0; j < i; j++) y[j] += b[i];") is None


def test_an_object_of_an_unseen_class_has_its_own_size_in_each_iteration() -> None:
    snippet = "for (int i = 0; i < n; i++) { Bag bag(m); bag.clear(); bag.push_back(a[i]); b[i] = bag.size(); }"
    loop = next(
        loop
        for placed in api.analyze(SourceText.of(snippet), "cpp", Options(snippet=True)).functions
        for loop in placed.result.loops
    )
    assert (loop.pragma or loop.conditional_pragma) == FOR


def test_an_array_that_an_unseen_function_fills() -> None:
    snippet = "for (i = 0; i < n; i++) { weights(x[i], w); for (j = 0; j < 3; j++) s += w[j] * y[j]; z[i] = w[0]; }"
    assert "`weights` fills `w`, an array that is not used after the loop" in assumed(snippet)
    assert pragma(snippet) == f"{FOR} private(j, w) reduction(+:s)"


@pytest.mark.parametrize(
    "snippet",
    [
        "for (i = 0; i < n; i++) { smooth(x[i], w); z[i] = w[i]; }",
        "for (i = 0; i < n; i++) { z[i] = w[0]; smooth(x[i], w); }",
        "for (i = 0; i < n; i++) { z[i] = smooth(x[i], w); y[i] = w[0]; }",
    ],
)
def test_an_array_that_it_only_reads(snippet: str) -> None:
    assert pragma(snippet) == FOR


def test_memory_that_an_iteration_frees_is_its_own() -> None:
    start = 'for (i = 0; i < n; i++) { char *const args[] = {"tar", name(i), (char *) NULL}; run(args); '
    assert assumed(start + "free(args[1]); }") == [
        "`name` is independent",
        "`run` is independent",
        "`free` is the library function of that name",
        "`args` and `n` do not overlap",
        "different iterations use different elements of `args`",
    ]
    assert pragma(start + "memset(args[1], 0, 8); }") is None


@pytest.mark.parametrize(
    "call",
    [
        'sprintf(buf, "%d", b[i])',
        "memcpy(buf, b[i], m)",
        "memset(buf + 1, b[i], 8)",
        'sscanf(f(1, (2)), "%d", buf)',
        "strcpy(buf, name)",
    ],
)
def test_the_library_writes_to_memory_of_which_the_snippet_says_only_the_name(call: str) -> None:
    loop = first_loop(f"for (i = 0; i < n; i++) {{ {call}; a[i] = c[i]; }}")
    assert loop.verdict.status != "parallel"
    assert pragma(f"for (i = 0; i < n; i++) {{ {call}; a[i] = c[i]; }}") is None


def test_what_the_library_only_reads_may_be_a_number() -> None:
    assert pragma("for (i = 0; i < n; i++) { snprintf(a[i], 8, w, x); o.copy(x); }") is not None
    assert pragma('for (i = 0; i < n; i++) { sprintf(buf, "%d", i); a[i] = find(buf); }') == f"{FOR} private(buf)"


EACH = "for (i = 0; i < n; i++) {{ node *e; FOR_EACH(e, lists[i]) {{ {} }} }}"


def test_a_macro_in_front_of_a_block_is_a_loop() -> None:
    text = EACH.format("e->mark = i;")
    assert assumed(text)[0] == "`FOR_EACH` is independent"
    assert "`e` leads to different memory in different iterations" in assumed(text)
    assert pragma(text) == f"{FOR} schedule(dynamic, 16)"
    twice = "for (i = 0; i < n; i++) { node *e; EACH(e, p[i]) { e->u = i; } EACH(e, p[i]) { e->v++; } }"
    assert pragma(twice) == f"{FOR} schedule(dynamic, 16)"


def test_what_the_macro_sets_before_each_iteration_is_private() -> None:
    text = "for (i = 0; i < n; i++) { m = 0; FOR_EACH(e, lists[i]) { m += e; } a[i] = m; }"
    assert "`FOR_EACH` sets `e` and needs nothing that it held before" in assumed(text)
    assert pragma(text) == f"{FOR} private(e, m) schedule(dynamic, 16)"


@pytest.mark.parametrize("body", ["if (e->mark) break;", "if (e->mark) continue; e->mark = i;"])
def test_a_macro_from_which_a_jump_leads_is_not_known_to_loop(body: str) -> None:
    assert pragma(EACH.format(body)) is None


def test_a_function_that_is_known_is_no_macro() -> None:
    code = "int g(int, int); void f(int n, int *a) { for (int i = 0; i < n; i++) { a[i] = 0; g(i, 1) { a[i] = 1; } } }"
    (loop,) = loop_reports(code)
    assert [reason.text for reason in loop.verdict.reasons][:1] == [
        "the loop could not be read completely: syntax error"
    ]


def test_a_condition_sets_a_number_for_the_loop_behind_it() -> None:
    text = "for (i = 0; i < n; i++) { while (next(&x, i)) a[i] += x; }"
    assert pragma(text) == f"{FOR} private(x) schedule(dynamic, 16)"
