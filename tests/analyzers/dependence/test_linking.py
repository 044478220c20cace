"""Calls between files: which definition they mean, what is known of it, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.api import EXTENSIONS, Analyzer, LoopReport, Options, SourceText, loops_of
from analyzers.dependence.linking import Program
from analyzers.ir.linkage import Declared, agree
from analyzers.pipeline import digest_of

HEADER = (
    "void put(double *u, int i);\ndouble weigh(double x);\nvoid note(void);\nvoid hold(double *p);\nextern int calls;\n"
)
PUT = '#include "p.h"\nvoid put(double *u, int i) { u[i] = weigh(u[i]); }\n'
WEIGH = '#include "p.h"\ndouble weigh(double x) { double s = 0; for (int k = 0; k < 3; k++) s += x * k; return s; }\n'
LOOP = '#include "p.h"\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) put(u, i); }\n'
SUM = '#include "p.h"\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = weigh(u[i]); }\n'
NOTE = '#include "p.h"\nvoid run(int n) { for (int i = 0; i < n; i++) note(); }\n'


def loops_in(folder: Path, files: dict[str, str], looked_at: str, changed: str | None = None) -> list[LoopReport]:
    """The loops of one file of a program; `changed` is its text now if it is another one than when it was indexed."""
    analyzers: dict[str, Analyzer] = {}
    for name, text in files.items():
        (folder / name).write_text(text)
    units = {}
    for name, text in files.items():
        if name.endswith(".h"):
            continue
        analyzers[name] = analyzer = Analyzer(EXTENSIONS[Path(name).suffix], Options(), str(folder / name))
        analyzer.update(SourceText.of(text))
        units[name] = analyzer.unit(name)
    program = Program(units.values())
    digest = digest_of(SourceText.of(files[looked_at]))
    analyzers[looked_at].know(program.outside(looked_at, units[looked_at].declared, digest))
    if changed is not None:
        analyzers[looked_at].update(SourceText.of(changed))
    return [loop for _, loop in loops_of(analyzers[looked_at].report())]


def only_loop(folder: Path, looked_at: str = "a.c", **files: str) -> LoopReport:
    named = {name.replace("_", "."): text for name, text in files.items()}
    return loops_in(folder, {"p.h": HEADER, **named}, looked_at)[0]


def texts(loop: LoopReport) -> list[str]:
    return [reason.text for reason in loop.verdict.reasons]


def test_a_function_of_another_file_is_seen_through_and_named(tmp_path: Path) -> None:
    loop = only_loop(tmp_path, a_c=LOOP, b_c=PUT, c_c=WEIGH)
    assert (loop.verdict.status, loop.verdict.confidence) == ("parallel", "proved")
    assert texts(loop) == ["`put` is defined in b.c"]
    assert "put   defined in b.c" in loop.explanation
    assert loop.pragma == "#pragma omp parallel for"


def test_a_function_of_a_header_may_stand_between(tmp_path: Path) -> None:
    inline = '#include "p.h"\nstatic inline void set(double *u, int i) { double v = weigh(1.0); u[i] = v; }\n'
    (tmp_path / "set.h").write_text(inline)
    own = '#include "p.h"\n#include "set.h"\nvoid put(double *u, int i) { set(u, i); }\n'
    loop = only_loop(tmp_path, a_c=LOOP, b_c=own, c_c=WEIGH)
    assert (loop.verdict.status, loop.verdict.confidence) == ("parallel", "proved")


def test_without_its_file_a_function_stays_unknown(tmp_path: Path) -> None:
    loop = only_loop(tmp_path, a_c=LOOP, c_c=WEIGH)
    assert loop.verdict.confidence == "possible"
    assert "`put` is defined elsewhere and may read and write anything" in texts(loop)


def test_without_a_common_header_it_is_an_assumption(tmp_path: Path) -> None:
    own = "double weigh(double x);\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = weigh(u[i]); }\n"
    loop = only_loop(tmp_path, a_c=own, c_c=WEIGH)
    assert (loop.verdict.status, loop.verdict.confidence) == ("unknown", "likely")
    assert [a.text for a in loop.verdict.assumptions] == ["`weigh` is the function defined in c.c"]
    assert loop.pragma == "#pragma omp parallel for"


def test_an_assumption_below_a_certain_call_is_named(tmp_path: Path) -> None:
    between = '#include "p.h"\ndouble inner(double);\ndouble weigh(double x) { return inner(x); }\n'
    loop = only_loop(tmp_path, a_c=SUM, b_c=between, c_c="double inner(double x) { return 2 * x; }\n")
    assert [a.text for a in loop.verdict.assumptions] == ["`inner` is the function defined in c.c"]


@pytest.mark.parametrize(
    "definition",
    [
        "static double weigh(double x) { return x; }",
        "static double weigh(double x);\ndouble weigh(double x) { return x; }",
        "__attribute__((weak)) double weigh(double x) { return x; }",
        "#pragma weak weigh\ndouble weigh(double x) { return x; }",
        "double weigh(double x, ...) { return x; }",
        "double weigh(double x, int k) { return x * k; }",
        "double weigh(double *x) { return *x; }",
        "double (*op)(double);\ndouble weigh(double x) { return op(x); }",
        "double weigh(double x) { return other(x); }",
        'double weigh(double x) { __asm__("nop"); return x; }',
    ],
)
def test_what_says_nothing_about_a_call(tmp_path: Path, definition: str) -> None:
    loop = only_loop(tmp_path, a_c=SUM, b_c=definition)
    assert (loop.verdict.status, loop.verdict.confidence) == ("unknown", "possible")


def test_a_call_may_mean_any_of_several_definitions(tmp_path: Path) -> None:
    other = '#include "p.h"\ndouble weigh(double x) { return x; }\n'
    loop = only_loop(tmp_path, a_c=SUM, b_c=other, c_c=WEIGH)
    assert (loop.verdict.status, texts(loop)) == ("parallel", ["`weigh` is defined in b.c and c.c"])
    counting = '#include "p.h"\nint calls;\ndouble weigh(double x) { calls++; return x; }\n'
    assert only_loop(tmp_path, a_c=SUM, b_c=counting, c_c=WEIGH).verdict.status == "unknown"
    unseen = '#include "p.h"\ndouble weigh(double x) { return other(x); }\n'
    assert only_loop(tmp_path, a_c=SUM, b_c=unseen, c_c=WEIGH).verdict.status == "unknown"


def test_one_of_several_definitions_includes_the_header(tmp_path: Path) -> None:
    """Whichever it is, the effects of all of them are taken."""
    older = "double weigh(double x) { return x; }\n"
    loop = only_loop(tmp_path, a_c=SUM, b_c=older, c_c=WEIGH)
    assert (loop.verdict.status, texts(loop)) == ("parallel", ["`weigh` is defined in b.c and c.c"])
    counting = "static int n;\ndouble weigh(double x) { n++; return x; }\n"
    assert not only_loop(tmp_path, a_c=SUM, b_c=counting, c_c=WEIGH).verdict.counts_as_parallel
    other = "static int n;\ndouble weigh(double x, int k) { n += k; return x; }\n"
    loop = only_loop(tmp_path, a_c=SUM, b_c=other, c_c=WEIGH)
    assert (loop.verdict.status, texts(loop)) == ("parallel", ["`weigh` is defined in c.c"])


def test_every_program_has_its_own_main(tmp_path: Path) -> None:
    loop = only_loop(
        tmp_path,
        a_c="int main(void);\nvoid run(int n) { for (int i = 0; i < n; i++) main(); }\n",
        b_c="int main(void) { return 0; }\n",
    )
    assert loop.verdict.confidence == "possible"


@pytest.mark.parametrize("words", ["static inline", "static", "inline", "extern inline"])
def test_a_function_of_a_header_is_not_that_of_another_file(tmp_path: Path, words: str) -> None:
    header = f"{words} double weigh(double x) {{ static int n; n++; return x; }}\n"
    (loop,) = loops_in(tmp_path, {"p.h": header, "a.c": SUM, "b.c": "double weigh(double x) { return x; }\n"}, "a.c")
    assert not loop.verdict.counts_as_parallel


def test_functions_of_two_files_that_call_each_other(tmp_path: Path) -> None:
    there = '#include "p.h"\ndouble weigh(double x) { return x > 0 ? back(x - 1) : 0; }\n'
    back = '#include "p.h"\ndouble weigh(double x);\ndouble back(double x) { return weigh(x) + 1; }\n'
    loop = only_loop(tmp_path, a_c=SUM, b_c="double back(double);\n" + there, c_c=back)
    assert [a.text for a in loop.verdict.assumptions] == ["`back` is the function defined in c.c"]
    writes = back.replace("return weigh", "calls++; return weigh")
    assert (
        only_loop(tmp_path, a_c=SUM, b_c="double back(double);\n" + there, c_c=writes).verdict.confidence == "possible"
    )


def test_static_objects_of_two_files_are_two(tmp_path: Path) -> None:
    counting = '#include "p.h"\nstatic int count;\nvoid note(void) { count++; }\n'
    mine = NOTE.replace("void run(int n) {", "static int count;\nint run(int n) { count = 0;").replace(
        "note(); }", "note(); return count; }"
    )
    loop = only_loop(tmp_path, a_c=mine, b_c=counting)
    assert "`note` accesses `b.c:count`, which elements is not known" in texts(loop)
    assert not any("`count`" in text for text in texts(loop))


def test_external_objects_are_one(tmp_path: Path) -> None:
    reading = '#include "p.h"\ndouble weigh(double x) { return x + calls; }\n'
    assert only_loop(tmp_path, a_c=SUM, b_c=reading).verdict.counts_as_parallel
    writing = SUM.replace("u[i] = weigh", "calls = i, u[i] = weigh")
    assert not only_loop(tmp_path, a_c=writing, b_c=reading).verdict.counts_as_parallel
    hidden = writing.replace("void run", "static int mine;\nvoid run").replace("calls", "mine")
    assert only_loop(tmp_path, a_c=hidden, b_c=reading).verdict.counts_as_parallel


def test_a_static_object_with_the_name_of_an_external_one_of_others(tmp_path: Path) -> None:
    mine = "double weigh(double x);\nstatic int calls;\nvoid run(int n, double *u) {\n"
    mine += "for (int i = 0; i < n; i++) { calls = i; u[i] = weigh(u[i]) + calls; } }\n"
    reading = "int calls;\ndouble weigh(double x) { return x + calls; }\n"
    assert only_loop(tmp_path, a_c=mine, b_c=reading).verdict.counts_as_parallel


def test_what_calls_back_sees_the_objects_of_the_caller(tmp_path: Path) -> None:
    mine = '#include "p.h"\nstatic int last;\nvoid keep(void) { last++; }\n' + NOTE.removeprefix('#include "p.h"\n')
    calls_back = '#include "p.h"\nvoid keep(void);\nvoid note(void) { keep(); }\n'
    files = {"p.h": HEADER, "a.c": mine, "b.c": calls_back}
    assert not loops_in(tmp_path, files, "a.c")[0].verdict.counts_as_parallel
    harmless = mine.replace("last++;", "")
    (loop,) = loops_in(tmp_path, {**files, "a.c": harmless}, "a.c")
    assert loop.verdict.confidence == "likely"
    (loop,) = loops_in(tmp_path, {**files, "a.c": harmless}, "a.c", changed=mine)
    assert texts(loop) == ["`note` (in b.c) calls back into this file, which has changed"]


def test_what_happens_around_the_loop_is_presumed_too(tmp_path: Path) -> None:
    """Whether `hold` keeps the address of `m` decides if the loop may keep its maximum there."""
    mine = "struct box { int *n; };\nvoid hold(int *p);\nint run(int n, struct box *b) { int m = 0; hold(&m);\n"
    mine += "for (int i = 0; i < n; i++) if (b->n[i] > m) m = b->n[i];\nreturn m; }\n"
    (loop,) = loops_in(tmp_path, {"a.c": mine, "b.c": "void hold(int *p) { *p = 1; }\n"}, "a.c")
    assert (loop.pragma, loop.verdict.confidence) == (
        "#pragma omp parallel for reduction(max:m) if(n > 50000)",
        "likely",
    )
    assert "`hold` is the function defined in b.c" in [a.text for a in loop.verdict.assumptions]
    (loop,) = loops_in(tmp_path, {"a.c": mine, "b.c": "int *kept;\nvoid hold(int *p) { kept = p; }\n"}, "a.c")
    assert not loop.verdict.counts_as_parallel


def test_what_is_known_from_a_call_around_the_loop_is_named(tmp_path: Path) -> None:
    mine = '#include "h.h"\nint run(int n, struct box *b) { int m = 0; hold(&m);\n'
    mine += "for (int i = 0; i < n; i++) if (b->n[i] > m) m = b->n[i];\nreturn m; }\n"
    header = "struct box { int *n; };\nvoid hold(int *p);\n"
    there = '#include "h.h"\nvoid hold(int *p) { *p = 1; }\n'
    (loop,) = loops_in(tmp_path, {"h.h": header, "a.c": mine, "b.c": there}, "a.c")
    assert (loop.verdict.confidence, texts(loop)) == ("proved", ["`hold` is defined in b.c"])


def test_the_library_counts_before_a_namesake_if_its_header_is_included(tmp_path: Path) -> None:
    namesake = "double sqrt(double x) { static int n; n++; return x; }\n"
    mine = "#include <math.h>\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = sqrt(u[i]); }\n"
    assert only_loop(tmp_path, a_c=mine, b_c=namesake).verdict.status == "parallel"
    own = mine.replace("#include <math.h>", "double sqrt(double x);")
    assert not only_loop(tmp_path, a_c=own, b_c=namesake).verdict.counts_as_parallel


def test_methods_and_functions_of_other_files_in_cpp(tmp_path: Path) -> None:
    header = "struct Grid { double h; double at(double x) const; void move(double by); };\ndouble scaled(double x);\n"
    header += "namespace deep { double inner(double x); }\n"
    there = '#include "g.hpp"\ndouble Grid::at(double x) const { double s = h;\n'
    there += "for (int k = 0; k < 9; k++) s *= x;\nreturn s; }\n"
    there += "void Grid::move(double by) { for (int k = 0; k < 9; k++) h += by; }\n"
    there += "double scaled(double x) { return 2 * x; }\nnamespace { double hidden(double x) { return x; } }\n"
    here = '#include "g.hpp"\ndouble hidden(double);\nvoid run(int n, double *u, Grid &g) {\n'
    calls = ["u[i] = g.at(i);", "g.move(u[i]);", "u[i] = scaled(i);", "u[i] = hidden(i);"]
    here += "".join(f"for (int i = 0; i < n; i++) {{ {call} }}\n" for call in calls) + "}\n"
    found = loops_in(tmp_path, {"g.hpp": header, "a.cpp": here, "b.cpp": there}, "a.cpp")
    at, move, scaled, hidden = found
    assert at.verdict.counts_as_parallel
    assert "`Grid::at` is the function defined in b.cpp" in [a.text for a in at.verdict.assumptions]
    assert not move.verdict.counts_as_parallel
    assert scaled.verdict.confidence == "likely"
    assert hidden.verdict.confidence == "possible"


def test_overloads_between_files_are_not_told_apart(tmp_path: Path) -> None:
    header = "double scaled(double x);\nint scaled(int x);\n"
    there = '#include "g.hpp"\ndouble scaled(double x) { return 2 * x; }\n'
    here = '#include "g.hpp"\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = scaled(u[i]); }\n'
    (loop,) = loops_in(tmp_path, {"g.hpp": header, "a.cpp": here, "b.cpp": there}, "a.cpp")
    assert loop.verdict.confidence == "possible"


@pytest.mark.parametrize(
    ("left", "right", "fits"),
    [
        (("*real64", "integer32"), ("*real64", "integer32"), True),
        (("*real64",), ("*real32",), False),
        (("*real64",), ("**real64",), False),
        (("*?",), ("*real64",), True),
        (("*?",), ("**real64",), True),
        (("?",), ("*real64",), True),
        (("integer?",), ("integer64",), True),
        (("integer?",), ("real64",), False),
        (("record a",), ("record b",), False),
        (("record",), ("record b",), True),
        ((), ("integer32",), False),
        (None, ("integer32",), True),
    ],
)
def test_declarations_that_agree(left: tuple[str, ...] | None, right: tuple[str, ...] | None, fits: bool) -> None:
    assert agree(Declared(left), Declared(right)) is agree(Declared(right), Declared(left)) is fits


def test_a_race_in_a_function_of_another_file_names_it(tmp_path: Path) -> None:
    mine = '#include "p.h"\nvoid run(int n) {\ncalls = 0;\n'
    mine += "#pragma omp parallel for\nfor (int i = 0; i < n; i++) note();\n}\n"
    there = '#include "p.h"\nint calls;\nvoid note(void) { calls++; }\n'
    (tmp_path / "p.h").write_text(HEADER)
    found = []
    for name, text in (("b.c", there), ("a.c", mine)):
        analyzer = Analyzer("c", Options(), str(tmp_path / name))
        analyzer.update(SourceText.of(text))
        found.append(analyzer.unit(name))
    analyzer.know(Program(found).outside("a.c", found[1].declared))
    races = [f for placed in analyzer.report().functions for f in placed.result.findings if f.category == "race"]
    assert [(f.confidence, f.facts["variable"]) for f in races] == [("likely", "calls")]
    assert races[0].why.endswith("`note` is defined in b.c.")
