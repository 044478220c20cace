"""The kinds of statements that generated loops are made of: `PARALLEL` ones, and those that carry a dependence."""

from __future__ import annotations

from collections.abc import Callable

from models.training.writer import Writer

# independent of the other iterations


def plain(w: Writer) -> None:
    w.line(f"{w.array(written=True)}[{w.i}] = {w.expression()};")


def update(w: Writer) -> None:
    w.line(f"{w.array(written=True)}[{w.i}] {w.rng.choice(('+=', '-=', '*=', '/='))} {w.expression(1)};")


def own_reread(w: Writer) -> None:
    a = w.array(written=True)
    w.line(f"{a}[{w.i}] = {a}[{w.i}] {w.rng.choice('+*-')} {w.expression(1)};")


def helper(w: Writer) -> None:
    t = w.helper(w.expression())
    if w.rng.random() < 0.4:
        t = w.helper(f"{t} {w.rng.choice('+*-')} {w.expression(1)}")
    w.line(f"{w.array(written=True)}[{w.i}] = {w.rng.choice((t, f'{t} * {t}', f'{t} + {w.expression(1)}'))};")


def branches(w: Writer) -> None:
    t = w.helper("0.0")
    w.line(f"if ({w.element()} > {w.scalar()}) {t} = {w.expression(1)};")
    w.line(f"else {t} = {w.expression(1)};")
    w.line(f"{w.array(written=True)}[{w.i}] = {t};")


def row_sum(w: Writer) -> None:
    t = w.helper("0" if w.rng.random() < 0.5 else "0.0")
    m = w.scalar("int")
    j = w.inner(m)
    a = w.array(dims=2) if w.rng.random() < 0.5 else ""
    element = f"{a}[{w.i}][{j}]" if a else f"{w.array()}[{w.i} * {m} + {j}]"
    w.line(f"{t} += {element} * {w.array()}[{j}];")
    w.close()
    w.line(f"{w.array(written=True)}[{w.i}] = {t};")


def matrix(w: Writer) -> None:
    a = w.array(dims=2, written=True)
    j = w.inner()
    b = w.array(dims=2)
    forms = (f"{b}[{w.i}][{j}]", f"{b}[{j}][{w.i}]", f"{b}[{w.i}][{j}] + {b}[{w.i}][{j}+1]", f"{b}[{w.i}+1][{j}]")
    w.line(f"{a}[{w.i}][{j}] = {w.rng.choice(forms)} * {w.scalar()};")
    w.close()
    if w.n.isdigit() and int(w.n) < 64:
        w.collapse, w.second_index = 2, j


def flat_matrix(w: Writer) -> None:
    m = w.scalar("int")
    a = w.array(written=True)
    j = w.inner(m)
    w.line(f"{a}[{w.i} * {m} + {j}] = {w.array()}[{j} * {m} + {w.i}];")
    w.close()


def stencil(w: Writer) -> None:
    a, b, m = w.array(dims=2, written=True), w.array(dims=2), w.scalar("int")
    j = w.inner(f"{m} - 1", "1")
    i = w.i
    w.line(f"{a}[{i}][{j}] = 0.25 * ({b}[{i}-1][{j}] + {b}[{i}+1][{j}] + {b}[{i}][{j}-1] + {b}[{i}][{j}+1]);")
    w.close()


def product(w: Writer) -> None:
    a, b, c = w.array(dims=2, written=True), w.array(dims=2), w.array(dims=2)
    j = w.inner()
    w.line(f"{a}[{w.i}][{j}] = 0;")
    k = w.inner()
    w.line(f"{a}[{w.i}][{j}] += {b}[{w.i}][{k}] * {c}[{k}][{j}];")
    w.close()
    w.close()


def total(w: Writer) -> None:
    s = w.outer()
    op = w.rng.choice(("+", "+", "+", "+", "-", "*"))
    w.reductions.append(("+" if op == "-" else op, s))
    w.line(f"{s} {op}= {w.expression()};" if w.rng.random() < 0.8 else f"{s} = {s} {op} ({w.expression()});")


def guarded_count(w: Writer) -> None:
    s = w.outer("int")
    w.reductions.append(("+", s))
    w.line(f"if ({w.element()} {w.rng.choice(('<', '>', '=='))} {w.scalar()}) {s}++;")


def extreme(w: Writer) -> None:
    s = w.outer()
    op = w.rng.choice(("max", "min"))
    w.reductions.append((op, s))
    if w.rng.random() < 0.5:
        t = w.element()
        w.line(f"if ({t} {'>' if op == 'max' else '<'} {s}) {s} = {t};")
    elif w.rng.random() < 0.5:
        w.line(f"{s} = {'fmax' if op == 'max' else 'fmin'}({s}, {w.expression(1)});")
    else:
        t = w.helper(w.expression(1))
        w.line(f"if ({s} {'<' if op == 'max' else '>'} {t}) {{ {s} = {t}; }}")


def flag(w: Writer) -> None:
    op, start = w.rng.choice((("&&", "1"), ("||", "0")))
    s = w.outer("int", start)
    w.reductions.append((op, s))
    w.line(f"{s} = {s} {op} ({w.element()} > {w.scalar()});")


def bits(w: Writer) -> None:
    op = w.rng.choice("|&^")
    s = w.outer("int")
    w.reductions.append((op, s))
    w.line(f"{s} {op}= {w.array('int')}[{w.i}];")


def nested_total(w: Writer) -> None:
    s = w.outer()
    w.reductions.append(("+", s))
    j = w.inner()
    b = w.array(dims=2)
    w.line(f"{s} += {b}[{w.i}][{j}] * {b}[{w.i}][{j}];")
    w.close()


def guarded(w: Writer) -> None:
    a = w.array(written=True)
    w.line(f"if ({w.element()} {w.rng.choice(('<', '>'))} {w.scalar()}) {a}[{w.i}] = {w.expression(1)};")


def gather(w: Writer) -> None:
    w.line(f"{w.array(written=True)}[{w.i}] = {w.array()}[{w.array('int')}[{w.i}]];")


def members(w: Writer) -> None:
    p = w.record(("x", "y", "vx", "vy"))
    w.line(f"{p}[{w.i}].x += {w.scalar()} * {p}[{w.i}].vx;")
    if w.rng.random() < 0.6:
        w.line(f"{p}[{w.i}].y += {w.scalar()} * {p}[{w.i}].vy;")


def pairs(w: Writer) -> None:
    p = w.record(("x", "y", "fx", "fy"))
    t = w.helper("0")
    j = w.inner(w.n)
    d = w.helper(f"{p}[{w.i}].x - {p}[{j}].x")
    w.line(f"{t} += {d} * {w.scalar()};")
    w.close()
    w.line(f"{p}[{w.i}].fx = {t};")


def row_pointer(w: Writer) -> None:
    m, a, r = w.scalar("int"), w.array(written=True), w.fresh("scalar")
    w.line(f"{w.real} *{r} = &{a}[{w.i} * {m}];")
    j = w.inner(m)
    w.line(f"{r}[{j}] = {w.expression(1)};")
    w.close()


def called(w: Writer) -> None:
    f = w.call(2)
    w.line(f"{w.array(written=True)}[{w.i}] = {f}({w.i}, {w.element()});")


def calls_only(w: Writer) -> None:
    f = w.call(2, "void")
    w.line(f"{f}({w.i}, {w.rng.choice((w.scalar(), w.element()))});")


def filled(w: Writer) -> None:
    f = w.call(2, "void", pointer=True)
    t = w.helper("0")
    w.line(f"{f}({w.i}, &{t});")
    w.line(f"{w.array(written=True)}[{w.i}] = {t} * {w.expression(1)};")


def method(w: Writer) -> None:
    f, a = w.call(2, "int"), w.array(written=True)
    t = w.helper(f"{f}({w.i}, {w.scalar()})", "int")
    w.line(f"if ({t} > 0) {a}[{w.i}] = {w.array()}[{t}];")


def work_array(w: Writer) -> None:
    size = w.rng.choice((3, 4, 10))
    t = w.work_array(size)
    j = w.inner(str(size))
    w.line(f"{t}[{j}] = {w.element()} * {j};")
    w.close()
    w.line(f"{w.array(written=True)}[{w.i}] = {t}[0] + {t}[{size - 1}];")


def triangle(w: Writer) -> None:
    a, b = w.array(dims=2, written=True), w.array()
    w.schedule = "dynamic"
    j = w.inner(w.i) if w.rng.random() < 0.5 else w.inner(w.n, w.i)
    w.line(f"{a}[{w.i}][{j}] = {b}[{w.i}] * {b}[{j}];")
    w.close()


def sparse_row(w: Writer) -> None:
    start, column = w.array("int"), w.array("int")
    t = w.helper("0")
    j = w.inner(f"{start}[{w.i} + 1]", f"{start}[{w.i}]")
    w.line(f"{t} += {w.array()}[{j}] * {w.array()}[{column}[{j}]];")
    w.close()
    w.line(f"{w.array(written=True)}[{w.i}] = {t};")


def image(w: Writer) -> None:
    width = w.scalar("int")
    out = w.array("int", written=True)
    x = w.inner(width)
    o = w.helper(f"{w.i} * {width} + {x}", "int")
    w.line(f"{out}[{o}] = {w.array('int')}[{o}] > {w.scalar('int')} ? 255 : 0;")
    w.close()


def interleaved(w: Writer) -> None:
    a = w.array(written=True)
    w.line(f"{a}[2 * {w.i}] = {w.expression(1)};")
    w.line(f"{a}[2 * {w.i} + 1] = {w.expression(1)};")


def three_deep(w: Writer) -> None:
    a, b = w.array(dims=3, written=True), w.array(dims=3)
    j = w.inner()
    k = w.inner()
    w.line(f"{a}[{w.i}][{j}][{k}] = {b}[{w.i}][{j}][{k}] {w.rng.choice('+-*')} {w.scalar()};")
    w.close()
    w.close()


def protected(w: Writer) -> None:
    h = w.array("int", written=True)
    w.line("#pragma omp atomic")
    w.line(f"{h}[{w.array('int')}[{w.i}]]++;")


def critical_best(w: Writer) -> None:
    t, best, arg = w.helper(w.expression(1)), w.outer(), w.outer("int")
    w.line("#pragma omp critical")
    w.line(f"if ({t} > {best}) {{ {best} = {t}; {arg} = {w.i}; }}")


def iterate(w: Writer) -> None:
    z, c, m = w.helper("0.0"), w.helper("0", "int"), w.scalar("int")
    w.schedule = "dynamic"
    w.block(f"while ({c} < {m} && {z} < 4.0)")
    w.line(f"{z} = {z} * {z} + {w.array()}[{w.i}];")
    w.line(f"{c}++;")
    w.close()
    w.line(f"{w.array('int', written=True)}[{w.i}] = {c};")


def cpp_element(w: Writer) -> None:
    v, out = w.fresh("array"), w.fresh("array")
    w.declare(v, f"const std::vector<{w.real}> &{v}")
    w.declare(out, f"std::vector<{w.real}> &{out}")
    w.line(f"{out}{w.rng.choice((f'[{w.i}]', f'.at({w.i})'))} = {v}[{w.i}] * {w.scalar()};")


def cpp_rows(w: Writer) -> None:
    v, out = w.fresh("array"), w.fresh("array")
    w.declare(v, f"const std::vector<std::vector<{w.real}>> &{v}")
    w.declare(out, f"std::vector<{w.real}> &{out}")
    t, j = w.fresh("scalar"), w.fresh("index")
    w.line(f"{w.real} {t} = 0;")
    w.block(f"for (size_t {j} = 0; {j} < {v}[{w.i}].size(); {j}++)")
    w.line(f"{t} += {v}[{w.i}][{j}];")
    w.close()
    w.line(f"{out}[{w.i}] = {t};")


def cpp_local(w: Writer) -> None:
    t, out, j = w.fresh("array"), w.fresh("array"), w.fresh("index")
    w.declare(out, f"std::vector<std::vector<{w.real}>> &{out}")
    w.line(f"std::vector<{w.real}> {t}({w.scalar('int')});")
    w.block(f"for (size_t {j} = 0; {j} < {t}.size(); {j}++)")
    w.line(f"{t}[{j}] = {w.expression(1)};")
    w.close()
    w.line(f"{out}[{w.i}] = {t};")


def cpp_range(w: Writer) -> None:
    v, e, s = w.fresh("array"), w.fresh("scalar"), w.fresh("scalar")
    out = w.array(written=True)
    w.declare(v, f"const std::vector<std::vector<{w.real}>> &{v}")
    w.line(f"{w.real} {s} = 0;")
    w.block(f"for (const auto &{e} : {v}[{w.i}])")
    w.line(f"{s} += {e};")
    w.close()
    w.line(f"{out}[{w.i}] = {s};")


# carrying a value from one iteration to the next


def recurrence(w: Writer) -> None:
    a, k = w.array(written=True), w.rng.choice((1, 1, 1, 2))
    w.line(f"{a}[{w.i}] = {a}[{w.i} - {k}] {w.rng.choice('+*-')} {w.expression(1)};")


def forwards(w: Writer) -> None:
    a = w.array(written=True)
    w.line(f"{a}[{w.i} + 1] = {a}[{w.i}] * {w.scalar()};")


def carried_scalar(w: Writer) -> None:
    s = w.outer()
    w.line(f"{s} = {s} * {w.scalar()} + {w.element()};")
    w.line(f"{w.array(written=True)}[{w.i}] = {s};")


def prefix(w: Writer) -> None:
    s = w.outer()
    w.line(f"{s} += {w.expression(1)};")
    w.line(f"{w.array(written=True)}[{w.i}] = {s};")


def histogram(w: Writer) -> None:
    h = w.array("int", written=True)
    w.line(f"{h}[{w.array('int')}[{w.i}]]{w.rng.choice(('++', ' += 1'))};")


def leaves(w: Writer) -> None:
    found = w.outer("int")
    w.line(f"if ({w.element()} == {w.scalar()}) {{ {found} = {w.i}; break; }}")


def appended(w: Writer) -> None:
    k, out = w.outer("int"), w.array(written=True)
    w.line(f"if ({w.element()} > {w.scalar()}) {out}[{k}++] = {w.element()};")


def wrapped(w: Writer) -> None:
    t = w.outer()
    w.line(f"{w.array(written=True)}[{w.i}] = {t};")
    w.line(f"{t} = {w.element()};")


def in_place(w: Writer) -> None:
    a = w.array(dims=2, written=True)
    j = w.inner(None, "1")
    w.line(f"{a}[{w.i}][{j}] = 0.5 * ({a}[{w.i}-1][{j}] + {a}[{w.i}][{j}]);")
    w.close()


def generator(w: Writer) -> None:
    s = w.outer("unsigned", "1")
    w.line(f"{s} = {s} * 1103515245 + 12345;")
    w.line(f"{w.array('int', written=True)}[{w.i}] = {s} % 100;")


def state_call(w: Writer) -> None:
    s, f = w.outer(), w.call(2)
    w.line(f"{s} = {f}({w.i}, {s});")
    if w.rng.random() < 0.5:
        w.line(f"{w.array(written=True)}[{w.i}] = {s};")


def position(w: Writer) -> None:
    best, arg = w.outer(), w.outer("int")
    b = w.array()
    w.line(f"if ({b}[{w.i}] > {best}) {{ {best} = {b}[{w.i}]; {arg} = {w.i}; }}")


def reversed_copy(w: Writer) -> None:
    a = w.array(written=True)
    w.line(f"{a}[{w.n} - 1 - {w.i}] = {a}[{w.i}];")


def mixed(w: Writer) -> None:
    s = w.outer()
    w.line(f"{s} += {w.expression(1)};")
    w.line(f"{s} *= {w.scalar()};")


def reads_input(w: Writer) -> None:
    a = w.array("int", written=True)
    w.line(f'scanf("%d", &{a}[{w.i}]);')


def time_step(w: Writer) -> None:
    a, b = w.array(written=True), w.array(written=True)
    m = w.scalar("int")
    for target, source in ((a, b), (b, a)):
        j = w.inner(f"{m} - 1", "1")
        w.line(f"{target}[{j}] = {w.rng.choice(('0.5', '0.25'))} * ({source}[{j} - 1] + {source}[{j} + 1]);")
        w.close()


def shared_row(w: Writer) -> None:
    a = w.array(written=True)
    j = w.inner()
    w.line(f"{a}[{j}] += {w.array(dims=2)}[{w.i}][{j}] * {a}[{j}];")
    w.close()


def reread_total(w: Writer) -> None:
    s = w.outer()
    w.line(f"{s} += {w.element()};")
    w.line(f"if ({s} > {w.scalar()}) {w.array(written=True)}[{w.i}] = {w.scalar()};")


def cpp_push(w: Writer) -> None:
    out = w.fresh("array")
    w.declare(out, f"std::vector<{w.real}> &{out}")
    w.line(f"{out}.push_back({w.expression(1)});")


def cpp_text(w: Writer) -> None:
    out = w.fresh("scalar")
    w.declare(out, f"std::string &{out}")
    w.line(f"{out} += std::to_string({w.element()});")


def chain(w: Writer) -> None:
    a = w.array("int", written=True)
    w.line(f"{a}[{w.i}] = {a}[{a}[{w.i} - 1]];")


Kind = Callable[[Writer], None]
PARALLEL: tuple[Kind, ...] = (
    plain, update, helper, row_sum, own_reread, matrix, flat_matrix, stencil, total, branches, extreme, flag, guarded,
    gather, guarded_count, members, row_pointer, called, calls_only, pairs, filled, method, work_array, triangle, bits,
    sparse_row, image, interleaved, three_deep, iterate, cpp_element, cpp_rows, cpp_local, protected, product,
    critical_best, nested_total, cpp_range,
)  # fmt: skip
CARRYING: tuple[Kind, ...] = (
    recurrence, carried_scalar, prefix, histogram, forwards, leaves, appended, wrapped, in_place, generator, state_call,
    position, reversed_copy, mixed, shared_row, reads_input, time_step, cpp_push, cpp_text, chain, reread_total,
)  # fmt: skip
