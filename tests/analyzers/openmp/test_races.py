"""How sure a race is: what keeps it from being shown, and what must not hide it."""

from __future__ import annotations

import pytest

from analyzers.api import analyze
from analyzers.text import SourceText


def found(body: str, before: str = "") -> list[tuple[str, str | None, str]]:
    """Rule, variable and confidence of each finding about races in a function with this body."""
    text = f"{before}\nvoid f(int n, int k, double *a, double *b) {{\n{body}\n}}\n"
    (*_, function) = analyze(SourceText.of(text), "c").functions
    return [
        (finding.rule, finding.facts.get("variable"), finding.confidence)
        for finding in function.result.findings
        if finding.category == "race"
    ]


FOR = "for (int i = 0; i < n; i++)"


STATIC = "for nowait schedule(static)"


def two_loops(between: str, first: str, second: str, directive: str = STATIC) -> str:
    """Two worksharing loops without a barrier between them, and what each thread does in between."""
    head = f"#pragma omp {directive}\n"
    return f"#pragma omp parallel firstprivate(k)\n{{\n{head}{first}\n{between}\n{head}{second}\n}}"


@pytest.mark.parametrize(
    ("directive", "races"),
    [
        (STATIC, False),
        ("for nowait", False),
        ("for nowait schedule(dynamic)", True),
        ("for nowait schedule(runtime)", True),
        ("for nowait schedule(static) order(unconstrained: concurrent)", True),
        ("loop nowait", True),
    ],
)
def test_loops_that_deal_out_their_iterations_alike_need_no_barrier(directive: str, races: bool) -> None:
    from_k = "for (int i = k; i < n; i++) a[i] += 1;"
    expected = [("race-missing-barrier", "a", "proved")] if races else []
    assert found(two_loops("", from_k, from_k, directive)) == expected


@pytest.mark.parametrize(
    ("first", "second", "races"),
    [
        ("for (int i = 0; i < n; i++) a[i] = 1;", "for (int j = 0; j <= n - 1; j++) a[j] += 1;", False),
        ("for (int i = 0; i < n; i++) a[i] = 1;", "for (int i = 1; i <= n; i++) a[i - 1] += 1;", False),
        ("for (int i = 0; i < n; i++) a[i] = 1;", "for (int i = 1; i < n + 1; i++) a[i] += 1;", True),
        ("for (int i = 0; i < n; i++) a[i] = 1;", "for (int i = 1; i < n; i++) a[i] += 1;", True),
        ("for (int i = 0; i < n; i++) a[i] = 1;", "for (int i = 1; i < n; i++) a[i - 1] += 1;", True),
        ("for (int i = 0; i < n; i += 2) a[i] = 1;", "for (int i = 0; i < n; i++) a[i] += 1;", True),
        ("for (int i = n; i > 0; i--) a[i] = 1;", "for (int i = n; i >= 1; i--) a[i] += 1;", False),
        ("for (int i = n - 1; i >= 0; i--) a[i] = 1;", "for (int i = n; i > 0; i--) a[i - 1] += 1;", False),
        ("for (int i = n - 1; i >= 0; i--) a[i] = 1;", "for (int i = 0; i < n; i++) a[i] += 1;", True),
    ],
)
def test_the_same_logical_iteration_is_run_by_the_same_thread(first: str, second: str, races: bool) -> None:
    """OpenMP 5.2 §11.5.3: where both loops have as many iterations, whatever their indices are."""
    assert found(two_loops("", first, second)) == ([("race-missing-barrier", "a", "proved")] if races else [])


def test_loops_dealt_out_alike_in_different_serial_loops_need_no_barrier() -> None:
    inner = f"#pragma omp {STATIC}\nfor (int i = 0; i < n; i++) a[i] += 1;"
    rounds = "for (int t = 0; t < 9; t++) {\n" + inner + "\n}"
    confidences = {confidence for _, _, confidence in found(f"#pragma omp parallel\n{{ {rounds} {rounds} }}")}
    assert confidences <= {"possible"}


def test_collapse_of_one_loop_changes_nothing() -> None:
    loop = "for (int i = 0; i < n; i++) a[i] += 1;"
    assert found(two_loops("", loop, loop, f"{STATIC} collapse(1)")) == []


def test_every_thread_makes_the_tasks_of_a_taskloop() -> None:
    loop = "#pragma omp taskloop\nfor (int i = 0; i < n; i++) a[i] += 1;"
    assert [c for _, v, c in found(f"#pragma omp parallel\n{{\n{loop}\n}}") if v == "a"] == ["proved"]
    assert found(f"#pragma omp parallel\n{{\n#pragma omp single\n{{\n{loop}\n}}\n}}") == []
    assert found(f"#pragma omp parallel\n{{\n#pragma omp masked\n{{\n{loop}\n}}\n}}") == []


def test_a_callee_that_may_skip_its_write_is_only_likely_to_race() -> None:
    callee = "void put(double *p, int v) { for (int k = 0; k < v; k++) if (k > 3) *p = v; }"
    body = f"#pragma omp parallel for\n{FOR} put(&a[0], i);"
    assert [(v, c) for _, v, c in found(body, callee)] == [("a", "likely")]
    always = "void put(double *p, int v) { *p = 0; for (int k = 0; k < v; k++) *p = k; }"
    assert [(v, c) for _, v, c in found(body, always)] == [("a", "proved")]


def test_a_lower_bound_that_changed_deals_them_out_otherwise() -> None:
    from_k = "for (int i = k; i < n; i++) a[i] += 1;"
    assert found(two_loops("k = k + 1;", from_k, from_k)) == [("race-missing-barrier", "a", "possible")]


def test_an_upper_bound_that_changed_deals_them_out_otherwise() -> None:
    to_k = "for (int i = 0; i < k; i++) a[i] += 1;"
    assert found(two_loops("k = k + 1;", to_k, to_k)) == [("race-missing-barrier", "a", "possible")]


def test_a_variable_that_changed_does_not_mean_the_same_element() -> None:
    advance = "void advance(int *p) { *p += 100; }"
    for change, confidence in (("", "proved"), ("k = k + n;", "possible"), ("advance(&k);", "possible")):
        body = two_loops(change, f"{FOR} a[k + i] = 1;", f"{FOR} a[k + i] = 2;", "for nowait schedule(dynamic)")
        assert found(body, advance) == [("race-missing-barrier", "a", confidence)]


def test_a_private_copy_is_not_the_variable_that_others_write() -> None:
    body = f"""double x = 0;
    #pragma omp parallel
    {{
        #pragma omp single nowait
        x = 1;
        #pragma omp for private(x) nowait
        {FOR} {{ x = a[i]; b[i] = x; }}
    }}
    b[0] = x;"""
    assert found(body) == []
    assert found(body.replace("private(x) ", "")) != []


WAIT = """
#pragma omp parallel sections
{{
    #pragma omp section
    {{
        u[0] = 1;
        #pragma omp flush
        #pragma omp atomic write
        flag = 1;
    }}
    #pragma omp section
    {{
        int seen = 0;
        {wait}
        #pragma omp flush
        u[1] = u[0];
    }}
}}
"""
READ = "\n#pragma omp atomic read\nseen = flag;\n"


@pytest.mark.parametrize(
    ("wait", "confidence"),
    [
        (f"while (1) {{ {READ} if (seen) break; }}", "possible"),
        (f"for (;;) {{ {READ} if (seen) break; }}", "possible"),
        (f"while (!seen) {{ {READ} }}", "possible"),
        (f"do {{ {READ} }} while (!seen);", "possible"),
        (f"for (int i = 0; i < n; i++) {{ {READ} }}", "proved"),
        ("", "proved"),
    ],
)
def test_who_waits_for_another_thread_may_be_right(wait: str, confidence: str) -> None:
    assert found(WAIT.format(wait=wait), "static double u[9]; static int flag;") == [
        ("race-between-sections", "u", confidence)
    ]


@pytest.mark.parametrize(
    ("unprotected", "expected"),
    [
        ("#pragma omp atomic write", {("u", "possible"), ("flag", "likely")}),
        ("#pragma omp atomic read", {("u", "proved"), ("flag", "likely")}),
    ],
)
def test_a_flag_without_protection_orders_nothing(unprotected: str, expected: set[tuple[str, str]]) -> None:
    body = WAIT.format(wait=f"while (!seen) {{ {READ} }}").replace(unprotected, "")
    races = found(body, "static double u[9]; static int flag;")
    assert {(variable, confidence) for _, variable, confidence in races} == expected


def test_a_loop_that_all_threads_run_together_stays_where_the_doubtful_ones_are_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = """
int j, turn, turns = 0, *flag;
#pragma omp parallel
{
    int id = omp_get_thread_num();
    for (turn = 0; turn <= turns; turn++) {
        #pragma omp barrier
        j;
        if (id == 0)
            unseen(&j);
        flag() = 0;
    }
}
"""
    found(body)
    assert not caplog.records  # the analysis says nothing about itself


@pytest.mark.parametrize(
    ("body", "races"),
    [
        ("int me = number(); if (me > 0) a[me] = 1; else s += n;", False),
        ("int me; me = (int)number() + 1; if (me == 1) s += n;", False),
        ("if (number() == 0) s += n;", False),
        ("int me = weigh(n); if (me > 0) s += n;", True),
        ("int me = number(); s += me;", True),
    ],
)
def test_a_function_without_arguments_may_tell_the_thread(body: str, races: bool) -> None:
    """Wrappers of `omp_get_thread_num` are common; what they select runs in one thread."""
    code = f"int s = 0;\n#pragma omp parallel\n{{\n{body}\n}}\na[0] = s;"
    told = found(code, "int number(void); int weigh(int);")
    seen = [c for _, v, c in told if v == "s" and c != "possible"]
    assert bool(seen) is races


@pytest.mark.parametrize(
    ("update", "races"),
    [
        ("#pragma omp atomic write\na[i] = a[i + 1];", True),
        ("#pragma omp atomic\na[i] += a[2 * i + 1];", True),
        ("#pragma omp atomic\na[i] = a[i] + a[i + 1];", True),
        ("#pragma omp atomic\na[k] += b[i];", False),
        ("#pragma omp atomic\na[k] = b[i] + a[k];", False),
        ("double v;\n#pragma omp atomic capture\n{ v = a[k]; a[k] += b[i]; }", False),
        ("double v;\n#pragma omp atomic capture\nv = a[k] += b[i];", False),
        ("double v;\n#pragma omp atomic capture\n{ v = a[k]; a[k] = a[i]; }", True),
        ("double v;\n#pragma omp atomic read\nv = a[k];\n#pragma omp atomic write\na[k] = b[i];", False),
        ("double v = b[i];\n#pragma omp atomic compare\nif (a[k] < v) { a[k] = v; }", False),
    ],
)
def test_atomic_is_the_location_and_not_what_is_computed_beside_it(update: str, races: bool) -> None:
    expected = {"a"} if races else set()
    assert {name for _, name, _ in found(f"#pragma omp parallel for\n{FOR} {{\n{update}\n}}")} == expected


@pytest.mark.parametrize(
    ("first", "second", "races"),
    [
        ("#pragma omp for nowait reduction(+: s)\nX s += b[i];", "#pragma omp for firstprivate(s)\nX a[i] = s;", True),
        ("#pragma omp for reduction(+: s)\nX s += b[i];", "#pragma omp for firstprivate(s)\nX a[i] = s;", False),
        ("#pragma omp master\ns = 1;", "#pragma omp for firstprivate(s)\nX a[i] = s;", True),
        ("#pragma omp single\ns = 1;", "#pragma omp for firstprivate(s)\nX a[i] = s;", False),
        ("#pragma omp for nowait firstprivate(s)\nX a[i] = s;", "#pragma omp for lastprivate(s)\nX s = b[i];", True),
        ("", "#pragma omp for firstprivate(s) lastprivate(s)\nX s = b[i];", False),
        ("#pragma omp single nowait\ns = 1;", "#pragma omp single\n#pragma omp task firstprivate(s)\na[0] = s;", True),
    ],
)  # fmt: skip
def test_a_copy_is_read_from_the_original_where_the_construct_begins(first: str, second: str, races: bool) -> None:
    body = f"double s = 0;\n#pragma omp parallel\n{{\n{first}\n{second}\n}}\na[0] = s;".replace("X", FOR)
    assert {name for _, name, _ in found(body)} == ({"s"} if races else set())


@pytest.mark.parametrize(
    ("alone", "schedule", "loop", "races"),
    [
        ("a[tid] = 1;", "static, 1", "for (int i = 0; i < n; i++) a[i] += 1;", False),
        ("a[tid] = 1;", "static, 1", "for (int i = 3; i < n; i++) a[i - 3] += 1;", False),
        ("a[tid] = 1;", "static, 1", "for (int i = 1; i < n; i++) a[i] += 1;", True),
        ("a[tid] = 1;", "static", "for (int i = 0; i < n; i++) a[i] += 1;", True),
        ("a[tid] = 1;", "dynamic", "for (int i = 0; i < n; i++) a[i] += 1;", True),
        ("if (tid == 0) a[k] = 1;", "static", "for (int i = k; i < n; i++) a[i] += 1;", False),
        ("if (tid == 0) a[k + 3] = 1;", "static, 4", "for (int i = k; i < k + 8; i++) a[i] += 1;", False),
        ("if (tid == 0) a[k + 4] = 1;", "static, 4", "for (int i = k; i < k + 8; i++) a[i] += 1;", True),
        ("if (tid == 1) a[k + 7] = 1;", "static, 4", "for (int i = k; i < k + 8; i++) a[i] += 1;", False),
        ("if (tid == 1) a[k + 3] = 1;", "static, 4", "for (int i = k; i < k + 8; i++) a[i] += 1;", True),
        ("a[4 * tid + k] = 1;", "static, 4", "for (int i = k; i < k + n; i++) a[i] += 1;", False),
        ("if (tid == 1) a[k] = 1;", "static", "for (int i = k; i < n; i++) a[i] += 1;", True),
        ("if (tid == 0) a[k] = 1;", "dynamic", "for (int i = k; i < n; i++) a[i] += 1;", True),
    ],
)
def test_static_schedules_deal_iterations_out_by_thread_number(
    alone: str, schedule: str, loop: str, races: bool
) -> None:
    body = (
        f"#pragma omp parallel\n{{\nint tid = omp_get_thread_num();\n{alone}\n"
        f"#pragma omp for schedule({schedule})\n{loop}\n}}"
    )
    assert {name for _, name, _ in found(body, "#include <omp.h>")} == ({"a"} if races else set())


@pytest.mark.parametrize(("chunks", "races"), [((1, 1), False), ((2, 2), False), ((1, 2), True), ((4, 4), False)])
def test_loops_of_other_lengths_are_dealt_out_alike_in_turn(chunks: tuple[int, int], races: bool) -> None:
    loops = (
        f"#pragma omp for nowait schedule(static, {c})\nfor (int i = 0; i < {n}; i++) a[i] = 1;\n"
        for c, n in zip(chunks, (40, 20), strict=True)
    )
    body = f"#pragma omp parallel\n{{\n{''.join(loops)}}}"
    assert {name for _, name, _ in found(body)} == ({"a"} if races else set())


def test_a_guard_whose_variable_has_changed_since_says_that_control_may_get_there() -> None:
    """`if (r < k) break;`, and then `r` is set: the guard speaks of the old value."""
    body = (
        "double r = 1;\n#pragma omp parallel\nwhile (1) {\n#pragma omp barrier\nif (r < k) break;\n"
        f"#pragma omp barrier\n#pragma omp single\nr = 0;\n#pragma omp for\n{FOR} r += a[i];\n}}"
    )
    assert found(body) == [("race-missing-reduction", "r", "likely")]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("for (struct s *q = head; q; q = q->next)", [("race-unordered-tasks", "sum", "likely")]),
        ("while (head)", [("race-unordered-tasks", "sum", "likely")]),
        ("do", []),
    ],
)
def test_a_loop_that_is_not_counted_makes_more_than_one_task(loop: str, expected: list[object]) -> None:
    task = "{\n#pragma omp task\nsum++;\nhead = head->next; }" + (" while (0);" if loop == "do" else "")
    body = f"#pragma omp parallel\n#pragma omp single\n{{ {loop} {task} }}"
    assert found(body, "struct s { struct s *next; }; int sum; struct s *head;") == expected


def test_a_walk_along_a_list_does_not_wait_for_other_threads() -> None:
    walk = "for (q = head; q; q = q->next) {\n#pragma omp atomic\nsum++;\n}"
    body = f"struct s *q;\n#pragma omp parallel\n{{ {walk} }}"
    before = "struct s { struct s *next; }; int sum; struct s *head;"
    assert found(body, before) == [("race-shared-loop-index", "q", "proved")]


def test_what_is_done_when_a_lock_is_not_free_is_done_by_several_threads() -> None:
    body = "omp_lock_t l;\n#pragma omp parallel\n{ if (omp_test_lock(&l)) { omp_unset_lock(&l); } else k++; }"
    assert found(body, "#include <omp.h>") == [("race-missing-reduction", "k", "likely")]


@pytest.mark.parametrize(("inside", "expected"), [("", ["proved"]), ("size = 2 * i;", ["likely"])])
def test_a_member_keeps_its_value_while_others_are_written(inside: str, expected: list[str]) -> None:
    text = (
        "class A { int size, runs; double *x; void f() {\ndouble sum = 0;\n#pragma omp parallel for\n"
        f"for (int i = 0; i < size; i++) {{ x[i] = runs; sum += x[i]; {inside} }}\nruns = sum; }} }};\n"
    )
    (function,) = analyze(SourceText.of(text), "cpp").functions
    sums = [f.confidence for f in function.result.findings if f.facts.get("variable") == "sum"]
    assert sums == expected


TASK = "int work(int n) {\nint x = n;\n#pragma omp task shared(x)\nx = 1;\nreturn x;\n}\n"


@pytest.mark.parametrize(
    ("callers", "confidence"),
    [
        ("", "likely"),
        ("int main(void) { return work(2); }", "possible"),
        ("static int more(void) { return work(3); }\nint main(void) { return more(); }", "possible"),
        ("int more(void) { return work(3); }", "likely"),
        ("int main(void) {\n#pragma omp parallel\nwork(2);\n}", "proved"),
        ("int main(void) {\nwork(1);\n#pragma omp parallel\nwork(2);\n}", "likely"),
        ("void run(int (*f)(int));\nint main(void) { run(work); return work(2); }", "likely"),
    ],
)
def test_tasks_race_where_a_team_may_come_by(callers: str, confidence: str) -> None:
    """OpenMP 5.2 §1.3: outside parallel regions the team has one thread, which runs one task after the other."""
    report = analyze(SourceText.of(TASK + callers), "c")
    (work, *_) = report.functions
    assert [f.confidence for f in work.result.findings if f.rule == "race-unordered-tasks"] == [confidence]


def test_what_a_device_does_meanwhile_races_in_the_entry_of_a_program() -> None:
    body = "int x = 0;\n#pragma omp target map(tofrom: x) nowait\nx = 1;\nx = 2;\n#pragma omp taskwait\nreturn x;\n"
    report = analyze(SourceText.of("int main(void) {\n" + body + "}\n"), "c")
    assert [f.rule for f in report.functions[0].result.findings] == ["race-unordered-tasks"]
    waited = body.replace("x = 2;\n#pragma omp taskwait", "#pragma omp taskwait\nx = 2;")
    assert not analyze(SourceText.of("int main(void) {\n" + waited + "}\n"), "c").functions[0].result.findings


def test_a_critical_region_around_an_undeferred_task_holds_for_it() -> None:
    task = "#pragma omp critical\n{\n#pragma omp task if(0) shared(k)\nk += 1;\n}"
    assert found(f"#pragma omp parallel\n{{\n{task}\n}}") == []
    assert found(f"#pragma omp parallel\n{{\n{task.replace(' if(0)', '')}\n}}") != []


@pytest.mark.parametrize(("order", "races"), [("acq_rel", False), ("seq_cst", False), ("relaxed", True), ("", True)])
def test_a_file_may_require_that_atomics_release_and_acquire(order: str, races: bool) -> None:
    """OpenMP 5.2 §8.2: the flag hands over what was written before it."""
    required = f"#pragma omp requires atomic_default_mem_order({order})" if order else ""
    wait = "int t = 0;\nwhile (!t) {\n#pragma omp atomic read\nt = y;\n}\nb[0] = x;"
    one = "x = 10;\n#pragma omp atomic write\ny = 1;"
    body = f"int x = 0, y = 0;\n#pragma omp parallel num_threads(2)\nif (omp_get_thread_num() == 0) {{\n{one}\n}}"
    said = found(f"{body} else {{\n{wait}\n}}", required)
    assert any(confidence != "possible" for _, _, confidence in said) == races


ALL = "#pragma omp parallel\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{FOR} a[idx[i]] = 1;", "proved"),
        (f"{FOR} {{ int at = idx[i]; a[at] += 1; }}", "proved"),
        (f"{FOR} if (idx[i] > k) a[idx[i]] = 1;", "likely"),
        (f"{FOR} {{ idx[i] = 0; a[idx[i]] = 1; }}", "likely"),
        (f"{FOR} a[idx[i] + omp_get_thread_num()] = 1;", "possible"),
        (f"{{ int me = omp_get_thread_num(); {FOR} a[idx[me * n + i]] = 1; }}", "possible"),
        (f"{{ int mine = mine_of(); {FOR} a[idx[mine + i]] = 1; }}", "possible"),
        ("{ int mine;\n#pragma omp atomic capture\nmine = k++;\na[idx[mine]] = 1; }", "possible"),
        ("{ int mine;\n#pragma omp atomic capture\nmine = k++;\nif (mine == 0) a[idx[n]] = 1; }", "possible"),
    ],
)
def test_threads_that_run_the_same_loop_touch_the_same_elements(body: str, expected: str) -> None:
    seen = {
        confidence for _, name, confidence in found(f"{ALL}{body}", "int idx[1000]; int mine_of(void);") if name == "a"
    }
    assert seen == {expected}


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("for (int c = 0; c < 8; c++) bin[c] = k;", "proved"),
        ("for (int c = 0; c < 8; c++) if (b[c] > 0) bin[c] = k;", "likely"),
        ("for (int c = 1; c < 8; c++) bin[c] = k;", "possible"),
        ("for (int c = 0; c < k; c++) bin[c] = k;", "possible"),
    ],
)
def test_who_writes_all_elements_writes_the_one_that_is_read(fill: str, expected: str) -> None:
    body = f"{ALL}{{\n#pragma omp single nowait\n{fill}\n#pragma omp for\n{FOR} a[i] = bin[idx[i]];\n}}"
    seen = {confidence for _, name, confidence in found(body, "int idx[1000], bin[8];") if name == "bin"}
    assert seen == {expected}


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("a[i] > a[i - 1]", True),
        ("b[i] > 0", False),  # a mask may keep neighbours apart
    ],
)
def test_a_condition_on_what_is_written_is_no_mask(guard: str, expected: bool) -> None:
    body = f"#pragma omp parallel for\nfor (int i = 1; i < n; i++) {{ if ({guard}) a[i] = 2 * b[i] * a[i - 1]; }}"
    assert any(name == "a" and confidence != "possible" for _, name, confidence in found(body)) is expected


def test_the_size_of_the_team_is_the_same_for_all_of_its_threads() -> None:
    sums = "for (int t = 0; t < team; t++) k += part[t];"
    body = f"{ALL}{{ int team = omp_get_num_threads(); part[omp_get_thread_num()] = 1;\n#pragma omp single\n{sums}\n}}"
    before = "#include <omp.h>\nint part[64];"
    assert [each for each in found(body, before) if each[1] == "part"] == [("race-missing-barrier", "part", "proved")]


@pytest.mark.parametrize(
    ("condition", "races"),
    [
        ("many > 1", False),
        ("1 < many", False),
        ("many != 1", False),
        ("omp_get_max_threads() >= 2", False),
        ("many > 2", True),
        ("many == 2", True),
        ("many < 2", True),
        ("k > 1", True),
        ("other > 1", True),
    ],
)
def test_what_only_a_single_thread_does_does_not_race(condition: str, races: bool) -> None:
    """`local` is shared, and used where there is one thread."""
    body = (
        "int many = omp_get_max_threads(), other = omp_get_max_threads();\nother = k;\ndouble local[8];\n"
        f"#pragma omp parallel for\n{FOR} {{\nif ({condition}) a[i] = b[i];\n"
        "else { local[0] = b[i]; a[i] = local[0]; }\n}"
    )
    assert {name for _, name, _ in found(body, "#include <omp.h>")} == ({"local"} if races else set())


def test_a_team_of_another_size_is_no_single_thread() -> None:
    body = (
        "double local[8]; int many = omp_get_max_threads();\n"
        f"#pragma omp parallel for num_threads(4)\n{FOR} if (many <= 1) {{ local[0] = b[i]; a[i] = local[0]; }}"
    )
    assert {name for _, name, _ in found(body, "#include <omp.h>")} == {"local"}


@pytest.mark.parametrize("head", ["LOCKED(&k)", "SINGLE(k, 1)", "FOR_ALL(k, 0, n)"])
def test_a_macro_that_nobody_has_seen_may_order_what_stands_behind_it(head: str) -> None:
    before = "static int m; static double s;"
    region = f"#pragma omp parallel\n{{ {head} {{ m++; s += a[0]; }} }}"
    assert {confidence for _, _, confidence in found(region, before)} == {"possible"}
    assert {confidence for _, _, confidence in found(region.replace(f"{head} ", ""), before)} == {"proved"}


def test_a_macro_may_set_what_it_is_given() -> None:
    body = f"int *e;\n#pragma omp parallel for private(e)\n{FOR} {{ FOR_EACH(e, &a[i]) {{ b[i] += e[0]; }} }}"
    text = f"void f(int n, double *a, double *b) {{ {body} }}"
    (*_, function) = analyze(SourceText.of(text), "c").functions
    assert not [f for f in function.result.findings if f.rule == "omp-private-uninitialised"]
