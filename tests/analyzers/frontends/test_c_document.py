"""The frontend as a document: edits, chunks, fingerprints."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.frontends.c import CFrontend, lower_file
from analyzers.text import SourceText
from tests.analyzers.frontends.c_sources import PLAIN, STENCIL

EDITS = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.integers(0, 30),
        st.sampled_from(["", "x", "\n", ";", "{", "}", "i++;", "#define N 3\n"]),
    ),
    min_size=1,
    max_size=5,
)


@given(st.sampled_from([STENCIL, PLAIN]), EDITS)
@settings(max_examples=120, deadline=None)
def test_edits_give_the_same_as_from_scratch(text: str, edits: list[tuple[int, int, str]]) -> None:
    frontend = CFrontend()
    cache: dict[str, str] = {}  # what the caller keeps: a function with a known fingerprint is not lowered again
    for place, size, new in [(0, 0, ""), *edits]:
        at = place % (len(text) + 1)
        text = text[:at] + new + text[at + size :]
        source = SourceText.of(text)
        frontend.update(source)
        fresh = lower_file(source)
        kept = [cache.setdefault(c.fingerprint, repr(frontend.lower(c))) for c in frontend.chunks()]
        assert kept == [repr(p.function) for p in fresh.functions]
        rest = frontend.file()
        assert (rest.globals, rest.problems) == (fresh.globals, fresh.problems)


def fingerprints(text: str, **options: object) -> dict[str, str]:
    frontend = CFrontend(**options)  # type: ignore[arg-type]
    frontend.update(SourceText.of(text))
    return {chunk.name: chunk.fingerprint for chunk in frontend.chunks()}


def changed(before: str, after: str) -> set[str]:
    old, new = fingerprints(before), fingerprints(after)
    return {name for name in new if old.get(name) != new[name]}


FILE = """\
#define M 3
#define SIZE (M * 2)
typedef float real;
struct point { real x; };
static real table[SIZE];
int helper(struct point *p);
void f(int n) { table[n] = SIZE; }
void g(int n) { struct point p; helper(&p); }
void h(int n) { n = 1; }
"""


def test_a_function_depends_on_what_it_names() -> None:
    assert changed(FILE, FILE.replace("#define M 3", "#define M 4")) == {"f"}
    assert changed(FILE, FILE.replace("typedef float", "typedef double")) == {"f", "g"}
    assert changed(FILE, FILE.replace("int helper", "void helper")) == {"g"}
    assert changed(FILE, FILE.replace("n = 1", "n = 2")) == {"h"}
    assert changed(FILE, FILE.replace("void h", "/* hello */ void h")) == set()
    assert changed(FILE, FILE + "\nint other;\n") == set()


def test_flags_count() -> None:
    assert fingerprints(FILE) != fingerprints(FILE, defines=(("X", "1"),))


def test_moves_do_not_count() -> None:
    moved = FILE.replace("void f", "\n\n\nvoid f").replace("void h", "// a comment\n\nvoid h")
    assert changed(FILE, moved) == set()
    swapped = FILE.replace("void h(int n) { n = 1; }\n", "").replace("void f", "void h(int n) { n = 1; }\nvoid f")
    assert changed(FILE, swapped) == set()


def test_the_line_of_an_object_does_not_count() -> None:
    assert changed(FILE, FILE.replace("typedef", "\ntypedef")) == set()
    assert changed(STENCIL, "\n" + STENCIL) == set()
    frontend = CFrontend()
    frontend.update(SourceText.of(FILE))
    before = frontend._environment
    frontend.update(SourceText.of("\n" + FILE))
    assert frontend._environment is before


def test_no_declaration_depends_on_where_it_stands() -> None:
    text = "const int k = __LINE__;\nenum { E = __LINE__ };\nvoid f(int *a) { a[k] = E; }\n"
    (placed,) = lower_file(SourceText.of(text)).functions
    (moved,) = lower_file(SourceText.of("\n" + text)).functions
    assert repr(placed.function) == repr(moved.function)
    assert placed.function.globals[0].value is None


def test_an_unchanged_function_is_equal_wherever_it_stands() -> None:
    before, after = (
        lower_file(SourceText.of(STENCIL)),
        lower_file(SourceText.of(STENCIL.replace("int main", "\n\n\nint main"))),
    )
    assert [repr(p.function) for p in before.functions] == [repr(p.function) for p in after.functions]
    assert after.functions[-1].start == before.functions[-1].start + 3
    assert after.functions[-1].line == before.functions[-1].line + 3


def test_chunks_tell_where_functions_stand() -> None:
    frontend = CFrontend()
    text = "int x;\n\nint *f(int a)\n{ return 0; }\n"
    frontend.update(SourceText.of(text))
    (chunk,) = frontend.chunks()
    assert (chunk.name, chunk.line) == ("f", 2)
    assert text[chunk.span.start : chunk.span.end] == "int *f(int a)\n{ return 0; }"
    assert chunk.start == chunk.span.start


def test_crlf_and_form_feeds() -> None:
    pragma = "#pragma omp parallel \\\r\n  for\r\n"
    text = f"#define N 3\r\n\f\r\nvoid f(int *a)\r\n{{\r\n{pragma}  for (int i = 0; i < N; i++) a[i] = 0;\r\n}}\r\n"
    (placed,) = lower_file(SourceText.of(text)).functions
    assert placed.line == 2
    assert placed.function.problems == ()
    (construct,) = placed.function.body.statements
    assert text[placed.start + construct.span.start :].startswith("#pragma")
    assert text[placed.start + construct.span.end - 9 : placed.start + construct.span.end] == "a[i] = 0;"
