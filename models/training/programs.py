"""Generated MPI programs: every call in them is a question with a known answer.

A program is made of blocks, each a way in which processes talk to each other; a block declares what it needs.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from models.vocabulary import words_of

_TYPES = {
    "int": "MPI_INT", "double": "MPI_DOUBLE", "float": "MPI_FLOAT", "char": "MPI_CHAR", "long": "MPI_LONG",
    "unsigned": "MPI_UNSIGNED", "long long": "MPI_LONG_LONG",
}  # fmt: skip
_NAMES = words_of(
    "data buf a x value msg number local part sum result count n chunk rows total tmp row block sub in out u v"
)
_HELD = words_of("payload cells share_ token samples field state_ piece answer load_ halo grid_ seed_ bins")
_RANKS = (
    ("rank", "size"),
    ("myrank", "nprocs"),
    ("my_id", "num_procs"),
    ("id", "p"),
    ("me", "np"),
    ("world_rank", "world_size"),
)


class Program:
    """The text of one program while it is written."""

    def __init__(self, rng: random.Random, held: bool) -> None:
        self.rng, self.held = rng, held
        self.rank, self.size = rng.choice(_RANKS)
        self._declared: list[str] = []
        self._used: set[str] = {self.rank, self.size}
        self._lines: list[str] = []
        self._depth = 1
        self.comm = "MPI_COMM_WORLD"
        self.root = "0"
        self.status = ""

    def name(self) -> str:
        """A new name."""
        name = self.rng.choice(_HELD if self.held else _NAMES)
        while name in self._used:
            name += self.rng.choice("12_bcs")
        self._used.add(name)
        return name

    def kind(self) -> tuple[str, str]:
        """A type of C and the one of MPI."""
        return self.rng.choice((("int", "MPI_INT"), ("double", "MPI_DOUBLE"), *_TYPES.items()))

    def declare(self, text: str) -> None:
        """One declaration at the beginning of the function."""
        self._declared.append(text)

    def scalar(self, kind: str, value: str = "") -> str:
        """A scalar variable."""
        name = self.name()
        self.declare(f"{kind} {name}{f' = {value}' if value else ''};")
        return name

    def length(self) -> str:
        """A number of elements: a constant or a variable."""
        if self.rng.random() < 0.5:
            return str(self.rng.choice((1, 2, 4, 5, 8, 10, 16, 20, 32, 64, 100, 128, 256, 1000, 1024)))
        return self.scalar("int", self.rng.choice(("10", "100", "64", "1000", "")))

    def array(self, kind: str, count: str) -> str:
        """An array, or memory of that many elements."""
        name = self.name()
        if count.isdigit():
            self.declare(f"{kind} {name}[{count}];")
        else:
            self.declare(f"{kind} *{name};")
            self.line(f"{name} = ({kind} *)malloc({count} * sizeof({kind}));")
        return name

    def buffer(self, kind: str) -> tuple[str, str]:
        """What a call gets for a message: the expression of the buffer and the count."""
        if self.rng.random() < 0.45:
            name = self.scalar(kind)
            if self.rng.random() < 0.5:
                self.line(f"{name} = {self.rng.choice(('0', '1', self.rank, '42'))};")
            return f"&{name}", "1"
        count = self.length()
        name = self.array(kind, count)
        return (name if self.rng.random() < 0.85 else f"&{name}[0]"), count

    def tag(self) -> str:
        """A message tag."""
        if self.rng.random() < 0.2:
            return self.scalar("int", str(self.rng.choice((0, 1, 99))))
        return str(self.rng.choice((0, 0, 0, 0, 1, 1, 2, 3, 10, 42, 99, 100, 123)))

    def state(self) -> str:
        """What a receive gets for its status."""
        if self.rng.random() < 0.35:
            return "MPI_STATUS_IGNORE"
        if not self.status:
            self.status = self.rng.choice(("status", "st", "stat"))
            self._used.add(self.status)
            self.declare(f"MPI_Status {self.status};")
        return f"&{self.status}"

    def line(self, text: str) -> None:
        """One line of the function."""
        self._lines.append("  " * self._depth + text)

    def block(self, head: str) -> None:
        """Open a block."""
        self.line(f"{head} {{")
        self._depth += 1

    def close(self, head: str = "") -> None:
        """Close the block, and open the next one where `head` says so."""
        self._depth -= 1
        self.line("}" if not head else f"}} {head} {{")
        self._depth += bool(head)

    def body(self) -> str:
        """The declarations and what follows them."""
        return "\n".join((f"int {self.rank}, {self.size};", *self._declared, *self._lines)) + "\n"

    def text(self) -> str:
        """The whole program."""
        first = [
            "  MPI_Init(&argc, &argv);",
            f"  MPI_Comm_rank({self.comm}, &{self.rank});",
            f"  MPI_Comm_size({self.comm}, &{self.size});",
        ]
        if self.rng.random() < 0.4:
            first[1:] = reversed(first[1:])
        declared = [
            f"int {self.rank}, {self.size};" if self.rng.random() < 0.5 else f"int {self.rank};\n  int {self.size};"
        ]
        declared += self._declared
        lines = ["int main(int argc, char *argv[]) {", *(f"  {d}" for d in declared), *first, *self._lines]
        return "\n".join((*lines, "  MPI_Finalize();", "  return 0;", "}")) + "\n"


def work(p: Program) -> None:
    """Something between two calls."""
    t = p.scalar("int")
    p.line(
        p.rng.choice(
            (f"{t} = {p.rank} * 2;", f'printf("%d\\n", {p.rank});', f"for ({t} = 0; {t} < 10; {t}++) compute({t});")
        )
    )


def one_way(p: Program) -> None:
    kind, mpi = p.kind()
    (x, n), tag = p.buffer(kind), p.tag()
    a, b = p.rng.choice(((0, 1), (0, 1), (1, 0), (0, 2)))
    p.block(f"if ({p.rank} == {a})")
    p.line(f"{p.rng.choice(('MPI_Send', 'MPI_Send', 'MPI_Ssend'))}({x}, {n}, {mpi}, {b}, {tag}, {p.comm});")
    p.close(f"else if ({p.rank} == {b})")
    p.line(f"MPI_Recv({x}, {n}, {mpi}, {a}, {tag}, {p.comm}, {p.state()});")
    p.close()


def ping_pong(p: Program) -> None:
    kind, mpi = p.kind()
    (x, n), tag, back = p.buffer(kind), p.tag(), p.tag()
    p.block(f"if ({p.rank} == 0)")
    p.line(f"MPI_Send({x}, {n}, {mpi}, 1, {tag}, {p.comm});")
    p.line(f"MPI_Recv({x}, {n}, {mpi}, 1, {back}, {p.comm}, {p.state()});")
    p.close("else" if p.rng.random() < 0.5 else f"else if ({p.rank} == 1)")
    p.line(f"MPI_Recv({x}, {n}, {mpi}, 0, {tag}, {p.comm}, {p.state()});")
    p.line(f"MPI_Send({x}, {n}, {mpi}, 0, {back}, {p.comm});")
    p.close()


def collect(p: Program) -> None:
    kind, mpi = p.kind()
    (x, n), tag, i = p.buffer(kind), p.tag(), p.scalar("int")
    p.block(f"if ({p.rank} != 0)")
    p.line(f"MPI_Send({x}, {n}, {mpi}, 0, {tag}, {p.comm});")
    p.close("else")
    p.block(f"for ({i} = 1; {i} < {p.size}; {i}++)")
    source = p.rng.choice((i, i, "MPI_ANY_SOURCE"))
    p.line(f"MPI_Recv({x}, {n}, {mpi}, {source}, {tag}, {p.comm}, {p.state()});")
    p.close()
    p.close()


def hand_out(p: Program) -> None:
    kind, mpi = p.kind()
    n, tag, i = p.length(), p.tag(), p.scalar("int")
    x, part = p.array(kind, n), p.scalar("int", "")
    p.line(f"{part} = {n} / {p.size};")
    p.block(f"if ({p.rank} == 0)")
    p.block(f"for ({i} = 1; {i} < {p.size}; {i}++)")
    p.line(f"MPI_Send(&{x}[{i} * {part}], {part}, {mpi}, {i}, {tag}, {p.comm});")
    p.close()
    p.close("else")
    p.line(f"MPI_Recv({x}, {part}, {mpi}, 0, {tag}, {p.comm}, {p.state()});")
    p.close()


def ring(p: Program) -> None:
    kind, mpi = p.kind()
    (x, n), tag = p.buffer(kind), p.tag()
    left, right = p.scalar("int"), p.scalar("int")
    p.line(f"{right} = ({p.rank} + 1) % {p.size};")
    p.line(f"{left} = ({p.rank} - 1 + {p.size}) % {p.size};")
    y, _ = (p.array(kind, n), n) if n != "1" else (f"&{p.scalar(kind)}", n)
    form = p.rng.random()
    if form < 0.4:
        p.line(f"MPI_Send({x}, {n}, {mpi}, {right}, {tag}, {p.comm});")
        p.line(f"MPI_Recv({y}, {n}, {mpi}, {left}, {tag}, {p.comm}, {p.state()});")
    elif form < 0.7:
        p.line(f"MPI_Sendrecv({x}, {n}, {mpi}, {right}, {tag}, {y}, {n}, {mpi}, {left}, {tag}, {p.comm}, {p.state()});")
    else:
        r = p.name()
        p.declare(f"MPI_Request {r}[2];")
        p.line(f"MPI_Irecv({y}, {n}, {mpi}, {left}, {tag}, {p.comm}, &{r}[0]);")
        p.line(f"MPI_Isend({x}, {n}, {mpi}, {right}, {tag}, {p.comm}, &{r}[1]);")
        p.line(f"MPI_Waitall(2, {r}, MPI_STATUSES_IGNORE);")


def later(p: Program) -> None:
    kind, mpi = p.kind()
    (x, n), tag, r = p.buffer(kind), p.tag(), p.name()
    p.declare(f"MPI_Request {r};")
    p.block(f"if ({p.rank} == 0)")
    p.line(f"MPI_Isend({x}, {n}, {mpi}, 1, {tag}, {p.comm}, &{r});")
    p.line(f"MPI_Wait(&{r}, {p.state()});")
    p.close("else")
    p.line(f"MPI_Irecv({x}, {n}, {mpi}, 0, {tag}, {p.comm}, &{r});")
    p.line(f"MPI_Wait(&{r}, {p.state()});")
    p.close()


def halo(p: Program) -> None:
    kind, mpi = p.rng.choice((("double", "MPI_DOUBLE"), ("float", "MPI_FLOAT")))
    n, tag, u = p.scalar("int", "100"), p.tag(), p.name()
    p.declare(f"{kind} *{u};")
    p.line(f"{u} = malloc(({n} + 2) * sizeof({kind}));")
    p.block(f"if ({p.rank} > 0)")
    p.line(f"MPI_Send(&{u}[1], 1, {mpi}, {p.rank} - 1, {tag}, {p.comm});")
    p.line(f"MPI_Recv(&{u}[0], 1, {mpi}, {p.rank} - 1, {tag}, {p.comm}, {p.state()});")
    p.close()
    p.block(f"if ({p.rank} < {p.size} - 1)")
    p.line(f"MPI_Recv(&{u}[{n} + 1], 1, {mpi}, {p.rank} + 1, {tag}, {p.comm}, {p.state()});")
    p.line(f"MPI_Send(&{u}[{n}], 1, {mpi}, {p.rank} + 1, {tag}, {p.comm});")
    p.close()


def broadcast(p: Program) -> None:
    kind, mpi = p.kind()
    x, n = p.buffer(kind)
    if p.rng.random() < 0.5:
        p.block(f"if ({p.rank} == {p.root})")
        p.line(f'scanf("%d", {x});')
        p.close()
    p.line(f"MPI_Bcast({x}, {n}, {mpi}, {p.root}, {p.comm});")


def reduce(p: Program) -> None:
    kind, mpi = p.kind()
    op = p.rng.choice(("MPI_SUM", "MPI_SUM", "MPI_SUM", "MPI_MAX", "MPI_MIN", "MPI_PROD"))
    if p.rng.random() < 0.75:
        x, y, n = f"&{p.scalar(kind, '0')}", f"&{p.scalar(kind)}", "1"
    else:
        n = p.length()
        x, y = p.array(kind, n), p.array(kind, n)
    if p.rng.random() < 0.65:
        p.line(f"MPI_Reduce({x}, {y}, {n}, {mpi}, {op}, {p.root}, {p.comm});")
        p.line(f'if ({p.rank} == {p.root}) printf("%f\\n", {y.lstrip("&")});')
    else:
        p.line(f"MPI_Allreduce({x}, {y}, {n}, {mpi}, {op}, {p.comm});")


def spread(p: Program) -> None:
    kind, mpi = p.kind()
    part = p.scalar("int")
    n = p.length()
    p.line(f"{part} = {n} / {p.size};")
    x, y = p.array(kind, n), p.array(kind, part)
    p.line(f"MPI_Scatter({x}, {part}, {mpi}, {y}, {part}, {mpi}, {p.root}, {p.comm});")
    i = p.scalar("int")
    p.line(f"for ({i} = 0; {i} < {part}; {i}++) {y}[{i}] *= 2;")
    if p.rng.random() < 0.7:
        p.line(f"MPI_Gather({y}, {part}, {mpi}, {x}, {part}, {mpi}, {p.root}, {p.comm});")


def gather_one(p: Program) -> None:
    kind, mpi = p.kind()
    x, all_ = p.scalar(kind), p.name()
    p.declare(f"{kind} *{all_} = NULL;")
    p.line(f"if ({p.rank} == {p.root}) {all_} = malloc({p.size} * sizeof({kind}));")
    if p.rng.random() < 0.6:
        p.line(f"MPI_Gather(&{x}, 1, {mpi}, {all_}, 1, {mpi}, {p.root}, {p.comm});")
    else:
        p.line(f"MPI_Allgather(&{x}, 1, {mpi}, {all_}, 1, {mpi}, {p.comm});")


def uneven(p: Program) -> None:
    kind, mpi = p.kind()
    counts, starts, mine = p.array("int", p.size), p.array("int", p.size), p.scalar("int")
    x, y = p.array(kind, p.length()), p.array(kind, mine)
    p.line(f"{mine} = {counts}[{p.rank}];")
    if p.rng.random() < 0.5:
        p.line(f"MPI_Scatterv({x}, {counts}, {starts}, {mpi}, {y}, {mine}, {mpi}, {p.root}, {p.comm});")
    else:
        p.line(f"MPI_Gatherv({y}, {mine}, {mpi}, {x}, {counts}, {starts}, {mpi}, {p.root}, {p.comm});")


def timed(p: Program) -> None:
    a, b = p.scalar("double"), p.scalar("double")
    if p.rng.random() < 0.6:
        p.line(f"MPI_Barrier({p.comm});")
    p.line(f"{a} = MPI_Wtime();")
    work(p)
    p.line(f"{b} = MPI_Wtime(){p.rng.choice(('', f' - {a}'))};")


def barrier(p: Program) -> None:
    p.line(f"MPI_Barrier({p.comm});")


def refuse(p: Program) -> None:
    p.block(f"if ({p.size} {p.rng.choice(('!=', '<'))} {p.rng.choice('2348')})")
    p.line('printf("wrong number of processes\\n");')
    p.line(p.rng.choice((f"MPI_Abort({p.comm}, {p.rng.choice(('1', 'EXIT_FAILURE', '-1'))});", "MPI_Finalize();")))
    p.close()


def column(p: Program) -> None:
    kind, mpi = p.kind()
    n, m, t, x = p.length(), p.length(), p.name(), p.name()
    p.declare(f"MPI_Datatype {t};")
    p.declare(f"{kind} {x}[64][64];")
    form = p.rng.choice((f"MPI_Type_vector({n}, 1, {m}, {mpi}, &{t});", f"MPI_Type_contiguous({n}, {mpi}, &{t});"))
    p.line(form)
    p.line(f"MPI_Type_commit(&{t});")
    tag = p.tag()
    p.block(f"if ({p.rank} == 0)")
    p.line(f"MPI_Send(&{x}[0][0], 1, {t}, 1, {tag}, {p.comm});")
    p.close("else")
    p.line(f"MPI_Recv(&{x}[0][0], 1, {t}, 0, {tag}, {p.comm}, {p.state()});")
    p.close()
    p.line(f"MPI_Type_free(&{t});")


def split(p: Program) -> None:
    c, colour, r = p.name(), p.scalar("int"), p.scalar("int")
    p.declare(f"MPI_Comm {c};")
    p.line(f"{colour} = {p.rank} {p.rng.choice('%/')} 2;")
    p.line(f"MPI_Comm_split({p.comm}, {colour}, {p.rank}, &{c});")
    p.line(f"MPI_Comm_rank({c}, &{r});")
    if p.rng.random() < 0.5:
        kind, mpi = p.kind()
        x, n = p.buffer(kind)
        p.line(f"MPI_Bcast({x}, {n}, {mpi}, 0, {c});")
    p.line(f"MPI_Comm_free(&{c});")


def window(p: Program) -> None:
    kind, mpi = p.kind()
    n, w = p.length(), p.name()
    x, y = p.array(kind, n), p.array(kind, n)
    p.declare(f"MPI_Win {w};")
    p.line(f"MPI_Win_create({x}, {n} * sizeof({kind}), sizeof({kind}), MPI_INFO_NULL, {p.comm}, &{w});")
    p.line(f"MPI_Win_fence(0, {w});")
    p.block(f"if ({p.rank} == 0)")
    p.line(f"{p.rng.choice(('MPI_Put', 'MPI_Get'))}({y}, {n}, {mpi}, 1, 0, {n}, {mpi}, {w});")
    p.close()
    p.line(f"MPI_Win_fence(0, {w});")
    p.line(f"MPI_Win_free(&{w});")


def hostname(p: Program) -> None:
    x, n = p.name(), p.scalar("int")
    p.declare(f"char {x}[MPI_MAX_PROCESSOR_NAME];")
    p.line(f"MPI_Get_processor_name({x}, &{n});")
    p.line(f'printf("%s %d\\n", {x}, {p.rank});')


def probed(p: Program) -> None:
    kind, mpi = p.kind()
    n, tag, s = p.scalar("int"), p.tag(), p.state()
    if s == "MPI_STATUS_IGNORE":
        return one_way(p)
    p.line(f"MPI_Probe(0, {tag}, {p.comm}, {s});")
    p.line(f"MPI_Get_count({s}, {mpi}, &{n});")
    x = p.array(kind, n)
    p.line(f"MPI_Recv({x}, {n}, {mpi}, 0, {tag}, {p.comm}, {s});")
    return None


def cartesian(p: Program) -> None:
    dims, periods, coords, c = p.array("int", "2"), p.array("int", "2"), p.array("int", "2"), p.name()
    left, right = p.scalar("int"), p.scalar("int")
    p.declare(f"MPI_Comm {c};")
    p.line(f"MPI_Dims_create({p.size}, 2, {dims});")
    p.line(f"MPI_Cart_create({p.comm}, 2, {dims}, {periods}, {p.rng.choice('01')}, &{c});")
    p.line(f"MPI_Cart_coords({c}, {p.rank}, 2, {coords});")
    p.line(f"MPI_Cart_shift({c}, {p.rng.choice('01')}, 1, &{left}, &{right});")


BLOCKS: tuple[Callable[[Program], None], ...] = (
    one_way, ping_pong, collect, reduce, later, hand_out, broadcast, spread, timed, ring, barrier, refuse, gather_one,
    split, column, halo, window, hostname, probed, uneven, cartesian, work,
)  # fmt: skip
_HELD_BLOCKS = (hand_out, halo, probed)  # other forms of the same calls stay in training


def program(seed: int, held: bool = False) -> str:
    """An MPI program. `held`: with blocks and names that training never sees."""
    rng = random.Random(f"programs {seed} {held}")
    p = Program(rng, held)
    if rng.random() < 0.2:
        p.root = p.scalar("int", "0")
    blocks = [b for b in BLOCKS if b not in _HELD_BLOCKS]
    picked = [rng.choice(blocks) for _ in range(rng.randint(1, 4))]
    if held:
        picked.insert(rng.randrange(len(picked) + 1), rng.choice(_HELD_BLOCKS))
    for block in picked:
        block(p)
    return p.text()


def piece(seed: int) -> str:
    """One block of a program with its declarations, without the function around it."""
    rng = random.Random(f"pieces {seed}")
    p = Program(rng, held=False)
    rng.choice([b for b in BLOCKS if b not in _HELD_BLOCKS])(p)
    return p.body()
