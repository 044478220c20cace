"""Expressions and declarations of C as typed expressions without side effects."""

from __future__ import annotations

import pytest

from analyzers.ir.expressions import Binary, Constant, Name, walk
from analyzers.ir.statements import Assign, Declare, expressions, walk_statements
from analyzers.ir.symbols import Type
from tests.ir_text import body, expr, function, lowered

PARAMETERS = (
    "int n, int m, int k, unsigned u, double *p, double **pp, double (*r)[20], double a[10][20], struct S *s, "
    "struct S t, int (*fp)(int)"
)
BEFORE = (
    "struct S { double x; double v[3]; struct S *next; struct { int b; } in; union { int i; float f; }; };\n"
    "typedef double real; enum { RED, GREEN = 5, BLUE }; double g[4][5]; int h(int);\n"
)


def one(text: str) -> str:
    return body(text, PARAMETERS, BEFORE)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        # Elements: one subscript list for an array object, one Element for each pointer loaded.
        ("p[n] = 0;", "p[n] = 0"),
        ("g[n][m] = 0;", "g[n, m] = 0"),
        ("a[n][m] = 0;", "a[n, m] = 0"),
        ("r[n][m] = 0;", "r[n, m] = 0"),
        ("pp[n][m] = 0;", "pp[n][m] = 0"),
        ("*p = 0;", "p[0] = 0"),
        ("*(p + n) = 0;", "p[n] = 0"),
        ("*(p + n - 1) = 0;", "p[(n - 1)] = 0"),
        ("(p + n)[m] = 0;", "p[(n + m)] = 0"),
        ("n[p] = 0;", "p[n] = 0"),
        ("*(*(a + n) + m) = 0;", "a[n, m] = 0"),
        ("**pp = 0;", "pp[0][0] = 0"),
        ("(*r)[m] = 0;", "r[0, m] = 0"),
        ("*&n = 0;", "n = 0"),
        ("(&p[2])[1] = 0;", "p[(2 + 1)] = 0"),
        ("*&p[n] = 0;", "p[n] = 0"),
        ("p = &a[n][0];", "p = &a[n, 0]"),
        ("p = a[n];", "p = a[n]"),
        # Records
        ("s->x = t.x;", "s[0].x = t.x"),
        ("(*s).x = 0;", "s[0].x = 0"),
        ("s[n].v[m] = 0;", "s[n].v[m] = 0"),
        ("s->next->next->x = 0;", "s[0].next[0].next[0].x = 0"),
        ("(&t)->in.b = s->i;", "t.in.b = s[0].anonymous 4.i"),
        # Constants
        ("n = BLUE + GREEN;", "n = (6 + 5)"),
        ("n = 'a' + '\\n' + '\\x41' + 0x1F + 017;", "n = ((((97 + 10) + 65) + 31) + 15)"),
        ("n = sizeof(int) + sizeof(struct S *) + sizeof t.x;", "n = ((4 + 8) + 8)"),
        ("n = sizeof(double[3]);", "n = 24"),
        ("n = sizeof(a[0]) ;", "n = 160"),
        ("n = -5;", "n = -5"),
        ("p = NULL;", "p = 0"),
        ("n = sizeof(struct S);", "n = 48"),
        ("n = sizeof(struct { int a : 3; });", "n = <sizeof(struct { int a : 3; })|None|>"),
        ("n = sizeof(struct { char a; union { char b; double d; }; char e; });", "n = 24"),
        # Casts and what reads like one
        ("n = (int) *p;", "n = (int)p[0]"),
        ("n = (n) * m;", "n = (n * m)"),
        ("n = (n) - 1;", "n = (n - 1)"),
        ("n = (n) & m;", "n = (n & m)"),
        ("n = (n) + (m) * (k) - (n);", "n = ((n + (m * k)) - n)"),
        ("*p = (real) n * m;", "p[0] = ((double)n * m)"),
        ("*p = (real)(n) * m;", "p[0] = ((double)n * m)"),
        ("*p = (real) - n / m + k;", "p[0] = (((double)-n / m) + k)"),
        ("*p = (real) *pp[0] * 2;", "p[0] = ((double)pp[0][0] * 2)"),
        ("*p = (real) -n;", "p[0] = (double)-n"),
        ("n = (fp)(m) + (*fp)(m) + h(m);", "n = ((fp(m) + fp(m)) + h(m))"),
        ("n = sizeof(n) * m;", "n = (4 * m)"),
        # Side effects in order
        ("n = m = 0;", "m = 0; n = 0"),
        ("n = m = k;", "m = k; n = m"),
        ("p[n++] = 0;", "p[n] = 0; n += 1"),
        ("p[++n] = 0;", "n += 1; p[n] = 0"),
        ("p[n--] += p[--m];", "m -= 1; p[n] += p[m]; n -= 1"),
        ("*p++ = *pp[0]++;", "p[0] = pp[0][0]; p += 1; pp[0] += 1"),
        ("n = (m++, k);", "m += 1; n = k"),
        ("n++, m--, k += 2;", "n += 1; m -= 1; k += 2"),
        ("n <<= 2; n %= m; n ^= k;", "n <<= 2; n %= m; n ^= k"),
        ("n = m ? k : u;", "n = (m ? k : u)"),
        ("n = m < k ? m : k;", "n = ((m < k) ? m : k)"),
        ("n && h(m);", "if n {h(m)}"),
        ("n || h(m);", "if n {} else {h(m)}"),
        ("n ? h(m) : h(k);", "if n {h(m)} else {h(k)}"),
        ("n = m && k++;", "new t13 = (m != 0); if t13 {new t12 = k; k += 1; t13 = (t12 != 0)}; n = t13"),
        ("n = m ? k++ : 0;", "new t13; if m {new t12 = k; k += 1; t13 = t12} else {t13 = 0}; n = t13"),
        ("n = ({ int z = m; z + 1; });", "new z = m; n = (z + 1)"),
        ("(void) n;", "(void)n"),
        # Initialisers
        ("int z[3] = {n, m};", "new z = <{n, m}|None|n, m>"),
        ("struct S z = {.x = *p};", "new z = <{.x = *p}|None|p[0]>"),
        ("int z = {n};", "new z = n"),
        ("t = (struct S){n};", "t = <{n}|None|n>"),
        ("char *z = \"a\" \"b\\n\";", "new z = 'ab\\n'"),
        ("n = __builtin_expect(m, 1);", "n = m"),
    ],
)  # fmt: skip
def test_expressions(text: str, result: str) -> None:
    assert one(text) == result


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("n + m", "int"), ("n + u", "unsigned int"), ("n + 1u", "unsigned int"), ("n + 1L", "long"), ("u + 1L", "long"),
        ("n + 1.0", "double"), ("1.0f + n", "float"), ("c + c", "int"), ("n < u", "int"), ("c << u", "int"),
        ("sizeof(n) - n", "size_t"), ("0xFFFFFFFF", "unsigned int"), ("4294967295", "long"), ("-u", "unsigned int"),
        ("!u", "int"), ("n ? n : u", "unsigned int"), ("p - p", "ptrdiff_t"), ("p + n", "double *"),
        ("(char) n", "char"),
        ("l * u", "long"), ("b + b", "int"), ("sqrt(n)", "double"), ("h(n)", "float"), ("e", "int"), ("&n", "int *"),
    ],
)  # fmt: skip
def test_types(text: str, kind: str) -> None:
    before = "float h(int); enum { e };"
    parameters = "int n, int m, unsigned u, char c, long l, _Bool b, double *p"
    (statement,) = function(f"{before} void f({parameters}) {{ x = {text}; }}").body.statements
    assert isinstance(statement, Assign)
    assert statement.value.type.name == kind


def declared(text: str) -> Type:
    statements = walk_statements(
        function(f"typedef int T[3][4]; typedef struct {{ T t; }} R; void f(int n) {{ {text} }}").body
    )
    return next(s.symbol.type for s in statements if isinstance(s, Declare))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("int x[2][3];", "array(integer) 2 3"),
        ("int x[n][n + 1];", "array(integer) n (n + 1)"),
        ("int (*x)[3];", "pointer(array(integer) 3)"),
        ("int *x[3];", "array(pointer(integer)) 3"),
        ("int **x;", "pointer(pointer(integer))"),
        ("T x;", "array(integer) 3 4"),
        ("T x[2];", "array(integer) 2 3 4"),
        ("T *x;", "pointer(array(integer) 3 4)"),
        ("int (*x)(int);", "pointer(function(integer))"),
        ("int x[] = {1, 2, 3};", "array(integer) 3"),
        ('char x[] = "abc";', "array(character) 4"),
        ("unsigned long long x;", "integer"),
        ("const volatile double x;", "real volatile"),
        ("double _Complex x;", "complex"),
        ("_Atomic(int) x;", "integer atomic"),
        ("_Atomic int x;", "integer atomic"),
        ("int *restrict x;", "pointer(integer) restrict"),
        ("int *__restrict__ x;", "pointer(integer) restrict"),
        ("__typeof__(n) x;", "integer"),
        ("R x;", "record"),
        ("volatile int x[3];", "array(integer volatile) 3 volatile"),
    ],
)
def test_declarators(text: str, shape: str) -> None:
    assert shaped(declared(text)) == shape


def shaped(kind: Type) -> str:
    words = [kind.kind if kind.element is None else f"{kind.kind}({shaped(kind.element)})"]
    words += ("?" if e.size is None else expr(e.size) for e in kind.extents)
    words += (w for w in ("volatile", "atomic", "restrict") if getattr(kind, w))
    return " ".join(words)


def test_macros_as_lvalues_and_bounds() -> None:
    before = (
        "#define N 100\n#define A(i, j) p[(i) * N + (j)]\n"
        "#define SWAP(a, b) do { int t_ = a; a = b; b = t_; } while (0)"
    )
    assert body("A(n, m + 1) = A(0, n);", before=before) == "p[((n * 100) + (m + 1))] = p[((0 * 100) + n)]"
    assert body("SWAP(n, m);", before=before) == "do-while(; 0; ) {new t_ = n; n = m; m = t_}"


def test_spans_in_a_macro_are_those_of_the_invocation() -> None:
    text = "#define A(i) p[(i) * 2]\nvoid f(int n, double *p) { A(n) = n; }"
    fn = function(text)
    start = text.index("void")
    (statement,) = fn.body.statements
    assert isinstance(statement, Assign)
    assert text[start + statement.target.span.start : start + statement.target.span.end] == "A(n)"
    assert text[start + statement.value.span.start : start + statement.value.span.end] == "n"
    assert text[start + statement.span.start : start + statement.span.end] == "A(n) = n"


def test_macros_in_parameters_and_declarations() -> None:
    text = (
        "#define ARRAY(x, n) x[n][n]\n#define REAL double\n"
        "void f(int n, REAL ARRAY(a, n)) { REAL ARRAY(b, 3); b[0][1] = a[1][2]; }"
    )
    fn = function(text)
    assert [p.name for p in fn.params] == ["n", "a"]
    assert fn.params[1].type.kind == "pointer"
    statement = fn.body.statements[1]
    assert isinstance(statement, Assign)
    assert expr(statement.target) == "b[0, 1]"
    assert expr(statement.value) == "a[1, 2]"


def test_a_macro_means_what_it_means_at_its_place() -> None:
    text = (
        "#define N 1\nvoid f(void) { x = N; }\n#undef N\n#define N 2\n"
        "void g(void) { x = N;\n#undef N\n#define N 3\nx = N; }"
    )
    file = lowered(text)
    values = [expr(s.value) for p in file.functions for s in p.function.body.statements if isinstance(s, Assign)]
    assert values == ["1", "2", "3"]


def test_a_macro_that_cannot_be_expanded_does_anything() -> None:
    assert body("n = F(1);", before="#define F(a, b) a") == (
        "??macro `F` cannot be expanded|; n = <F(1)|macro `F` cannot be expanded|>"
    )


def test_undeclared_names() -> None:
    fn = function("void f(void) { for (i = 0; i < n; i++) { a[i][j] = b[i]; g(i); } }")
    kinds = {
        s.symbol.name: s.symbol
        for st in walk_statements(fn.body)
        for e in expressions(st)
        for s in walk(e)
        if isinstance(s, Name)
    }
    assert {n: s.storage for n, s in kinds.items()} == dict.fromkeys(kinds, "undeclared")
    assert {n: s.type.kind for n, s in kinds.items()} == {
        "i": "integer", "n": "integer", "j": "integer", "a": "pointer", "b": "pointer", "g": "function",
    }  # fmt: skip


def test_a_long_sum_and_deep_parentheses() -> None:
    fn = function("void f(int n) { n = " + " + ".join(["n"] * 3000) + "; }")
    (statement,) = fn.body.statements
    assert isinstance(statement, Assign)
    assert sum(isinstance(e, Name) for e in walk(statement.value)) == 3000
    fn = function("void f(int n) { n = " + "(" * 1000 + "n" + ")" * 1000 + "; }")
    (statement,) = fn.body.statements
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Name)


@pytest.mark.parametrize(
    "text",
    [
        "n = " + "f(" * 1000 + "n" + ")" * 1000 + ";",
        "n = " + "-(" * 1000 + "n" + ")" * 1000 + ";",
        "n = " + "n ? n : " * 1000 + "n;",
        "n = " + "n = " * 1000 + "n;",
        "n = " + "(n + " * 1000 + "n" + ")" * 1000 + ";",
        "n = p" + "[p" * 500 + "]" * 500 + ";",
        "n = " + "!" * 1000 + "n;",
        "n" + ", n" * 3000 + ";",
        "{" * 500 + "n = 1;" + "}" * 500,
        "if (n) " * 500 + "n = 1;",
        "if (n) n = 1; " + "else if (n) n = 2; " * 1000,
        "n" + " && n" * 3000 + ";",
        "n" + " && (n++" * 300 + ")" * 300 + ";",
        "for (;;) " * 300 + ";",
    ],
)
def test_deep_nesting_never_raises(text: str) -> None:
    assert function(f"int f(int n, int *p) {{ {text} }}").name == "f"


def test_constants_of_macros_keep_their_type() -> None:
    fn = function("#define N 10u\nvoid f(void) { x = N; }")
    (statement,) = fn.body.statements
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Constant)
    assert statement.value.type.is_unsigned


def test_unsigned_survives_in_sums() -> None:
    fn = function("void f(unsigned u, int n, double *p) { p[u - 1 + n] = 0; }")
    (statement,) = fn.body.statements
    assert isinstance(statement, Assign)
    index = next(e for e in walk(statement.target) if isinstance(e, Binary))
    assert index.type.is_unsigned
