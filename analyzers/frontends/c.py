"""The C frontend: a document cut into functions, each lowered on request to `ir.statements.Function`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from analyzers.frontends import c_chunks, c_declarations, c_directives, c_environment, c_linkage
from analyzers.frontends.c_chunks import Item
from analyzers.frontends.c_context import Context, Scope
from analyzers.frontends.c_dialect import Dialect
from analyzers.frontends.c_environment import Body, Environment, Macros, Texts
from analyzers.frontends.c_function import C, lower_function
from analyzers.frontends.compile_commands import Flags, flags_for
from analyzers.frontends.includes import HeaderReader, IncludeCache, Signature, memory_order, threadprivate_names
from analyzers.frontends.macros import Expanded, Macro, expand, joined, parse_define
from analyzers.frontends.masking import Masked, PreprocessorLine, blank_pragma_operators, blank_ranges, mask
from analyzers.frontends.preprocessor import (
    Include,
    MacroTable,
    Preprocessed,
    macro_at,
    predefined,
    preprocess,
)
from analyzers.ir.directives import Directive
from analyzers.ir.linkage import Declared, Linkage
from analyzers.ir.statements import Function, PlacedFunction, Problem, SourceFile
from analyzers.ir.symbols import Symbol
from analyzers.text import NOWHERE, SourceText, Span
from analyzers.words import counted, listed, quoted

_BEFORE_FUNCTION = re.compile(r"\s*#\s*pragma\s+omp\s+declare\s+(?:simd|variant|target\s*$)")
_WORD = re.compile(r"[A-Za-z_]\w*")


_LESS = re.compile(rb"<")
_NAMED = 3  # missing headers that are told by name
_FIRST_LINE = PreprocessorLine("include", NOWHERE, "", ())  # where the headers of `-include` are asked for


@dataclass(frozen=True, slots=True)
class Chunk:
    """A function of the current version. `fingerprint` is that of its text and of all that its meaning depends on."""

    name: str
    start: int  # byte offset of the function in the file, spans of its lowering are relative to it
    line: int
    span: Span  # absolute
    fingerprint: str
    item: Item = field(repr=False)
    directives: tuple[PreprocessorLine, ...] = field(default=(), repr=False)
    body: Body | None = field(default=None, repr=False)  # of a header: offsets and the span are those of its text


@dataclass(frozen=True, slots=True)
class FileLevel:
    """What stands outside functions; spans are absolute."""

    globals: tuple[Symbol, ...]
    prototypes: tuple[Symbol, ...]
    directives: tuple[Directive, ...]
    problems: tuple[Problem, ...]


class CFrontend:
    """One C document. Belongs to one thread; never raises, whatever the text.

    Instead of one syntax tree that is edited, the text is cut into its top-level items, and each has a tree of its own
    that lives as long as its text: an edit costs one function, and an error stays inside its function.
    """

    dialect: ClassVar[Dialect] = C

    def __init__(
        self,
        defines: Iterable[tuple[str, str]] = (),
        include_paths: Iterable[str] = (),
        path: str | None = None,
        snippet: bool = False,
        database: str = "",
    ) -> None:
        """`path` is where the document lies, for its headers and its compilation database; None: nowhere. `database`
        is the compilation database that the user named."""
        self.path = path
        self.snippet = snippet
        self.database = database
        self.defines = tuple(defines)
        self.include_paths = tuple(include_paths)
        self.source = SourceText.of(b"")
        self._texts = Texts(self.dialect.parser(), self.dialect)
        self._flags: Flags | None = None
        self._flag_bytes = b""
        self._predefined: dict[bytes, Macro] = {}
        self._includes = IncludeCache(HeaderReader((), None))
        self._masked = Masked(b"", b"", ())
        self._code = b""
        self._pre = Preprocessed((), (), MacroTable({}), (), (), ())
        self._macro_key: object = None
        self._macros = Macros.of({})
        self._positional: dict[bytes, list[tuple[int, Macro | None]]] = {}
        self._placed_names: dict[frozenset[bytes], frozenset[bytes]] = {}
        self._items: list[Item] = []
        self._codes: list[bytes] = []  # the text of each item
        self._chunks: tuple[Chunk, ...] | None = None  # of this version, made when first asked for
        self._environment_key: object = None
        self._header_key: object = None
        self._headers = Environment(Scope(None, 0, {}), {})
        self._environment = self._headers
        self._declaring: tuple[Environment, dict[str, frozenset[str] | None]] = (self._headers, {})
        self._file_lines: tuple[PreprocessorLine, ...] = ()
        self._memory_order = ""
        self._function_lines: dict[int, tuple[PreprocessorLine, ...]] = {}

    # The document

    def update(self, source: SourceText) -> None:
        """Take the next version of the text. The same text again means: what is around it may have changed."""
        if source.data == self.source.data:
            self._includes.forget()
        self.source = source
        self._refresh_flags()
        masked = self._masked = mask(source.data)
        key = (self._flag_bytes, tuple(line.text for line in masked.lines if line.keyword != "pragma"))
        include = self._includes.begin(key)
        macros = dict(self._predefined)
        for name in self._flags.included if self._flags is not None else ():
            include(Include(name, False, _FIRST_LINE), macros)
        self._pre = preprocess(masked.lines, macros, len(source.data), include, self._includes.exists)
        inactive = list(self._pre.inactive)
        self._code = blank_ranges(masked.code, inactive)
        skeleton = blank_ranges(masked.skeleton, inactive)
        items = self.dialect.cut(self._code, skeleton)
        self._items = c_chunks.with_statements(self._code, items) if self.snippet else items
        self._codes = [item.text(self._code) for item in self._items]
        self._chunks = None
        self._place_directives()
        self._set_macros()
        self._set_environment()

    @property
    def built_as_cpp(self) -> bool:
        """Whether the build compiles the file as C++, whatever it is called."""
        return self._flags is not None and self._flags.cpp

    def _refresh_flags(self) -> None:
        flags = Flags() if self.path is None else flags_for(self.path, self.database)
        if flags == self._flags:
            return
        self._flags = flags
        self._predefined = predefined(self.dialect.name == "cpp", flags.standard)
        for name in flags.undefined:
            self._predefined.pop(name.encode(), None)
        for name, value in (*flags.defines, *self.defines):
            macro = parse_define(f"#define {name} {value}".encode())
            if macro is not None:
                self._predefined[macro.name] = macro
        paths = (*self.include_paths, *flags.include_paths)
        directory = None if self.path is None else str(Path(self.path).absolute().parent)
        self._includes = IncludeCache(HeaderReader(paths, directory))
        self._flag_bytes = repr(
            (self.defines, replace(flags, database=None, problem=None), paths, self.snippet)
        ).encode()

    def _set_macros(self) -> None:
        """The macros that mean the same in all functions, and apart from them those that do not."""
        table = self._pre.macros
        first = next((item.start for item in self._items if item.kind == "function"), len(self._code))
        self._positional = table.positional(first)
        self._placed_names.clear()
        final = {name: macro for name, macro in table.final().items() if name not in self._positional}
        if final != self._macro_key:
            self._macro_key = final
            self._macros = Macros.of(final)

    def _place_directives(self) -> None:
        """Which pragma belongs to which function; those at file scope apart."""
        outside: list[PreprocessorLine] = []
        inside: dict[int, list[PreprocessorLine]] = {}
        functions = [item for item in self._items if item.kind == "function"]
        ends = [item.end for item in functions]
        for line in self._pre.pragmas:
            k = bisect_left(ends, line.span.start + 1)
            item = functions[k] if k < len(functions) else None
            if (item is not None and (line.span.start > item.start or item.body == item.start)) or (
                item is not None and _BEFORE_FUNCTION.match(line.text) and self._adjacent(line, item)
            ):
                inside.setdefault(item.start, []).append(line)
            else:
                outside.append(line)
        self._file_lines = tuple(outside)
        self._memory_order = memory_order(line.text for line in outside)
        self._function_lines = {start: tuple(lines) for start, lines in inside.items()}

    def _adjacent(self, line: PreprocessorLine, item: Item) -> bool:
        between = self._code[line.span.end : item.start]
        return not between or between.isspace()

    def system_headers(self) -> frozenset[str]:
        """The headers that the file includes, itself or through the project's, and that are not of the project."""
        reading = self._includes.reading
        return frozenset(reading.system) if reading is not None else frozenset()

    def vague(self) -> Mapping[str, str]:
        """The functions whose definitions do not say what a call does, with the reason; completes "`f` ..."."""
        return dict.fromkeys(self._environment.replaced, "may be another function of that name in the whole program")

    def _set_environment(self) -> None:
        reading = self._includes.reading
        project = tuple(reading.headers) if reading is not None else ()
        header_key = (project, self._macro_key)
        if header_key != self._header_key:
            self._header_key = header_key
            self._headers = c_environment.of_headers(project, self._macros, self._texts)
            self._environment_key = None
        private = frozenset(name for line in self._file_lines for name in threadprivate_names(line.text))
        addresses = self._addresses()
        complete = not self._misses_headers
        pairs = zip(self._items, self._codes, strict=True)
        heads = [code[: item.declaring - item.start] if item.kind == "function" else code for item, code in pairs]
        key = (
            self._macro_key,
            private,
            addresses,
            complete,
            [(item.kind, item.holder, item.space) for item in self._items],
            heads,
        )
        if key != self._environment_key:
            self._environment_key = key
            self._environment = c_environment.of_file(
                self._items, self._code, self._headers, self._macros, self._texts, private, addresses, complete
            )

    def _addresses(self) -> frozenset[str]:
        """The names whose address is taken in some function or macro of the file, or in a function of a header."""
        texts = self._texts
        reading = self._includes.reading
        headers = [] if reading is None else [header.code for header in reading.headers if header.bodies is not None]
        items = map(texts.addressed, (*self._codes, *headers))
        return frozenset().union(*items, *(texts.addressed(m.body) for m in self._macros.table.values()))

    # Functions

    def chunks(self) -> tuple[Chunk, ...]:
        """Every function definition, in order; nothing is lowered."""
        if self._chunks is None:
            self._chunks = tuple(self._cut())
        return self._chunks

    def _cut(self) -> Iterator[Chunk]:
        for item, code in zip(self._items, self._codes, strict=True):
            if item.kind != "function":
                continue
            lines = self._function_lines.get(item.start, ())
            start = min(item.start, lines[0].span.start) if lines else item.start
            span = Span(start, item.end)
            if start < item.start:
                code = self._code[start : item.end]
            print_ = self._fingerprint(span, code, f"{item.space} {item.holder}".strip().encode())
            yield Chunk(item.name, start, self.source.line_of(start), span, print_, item, lines)

    def in_headers(self, name: str) -> tuple[Chunk, ...]:
        """The definitions in headers of the project of the functions called `name`, whatever their classes; none where
        one of them cannot be read as it stands there."""
        bodies = self._headers.bodies.get(name.rpartition("::")[2], ())
        readable = all(c_environment.is_readable(body, self._texts) for body in bodies)
        return tuple(map(self._chunk_of, bodies)) if readable else ()

    def _chunk_of(self, body: Body) -> Chunk:
        item = body.item
        assert body.header.bodies is not None
        lines = tuple(line for line in body.header.bodies.pragmas if item.start <= line.span.start < item.end)
        code = body.header.code[item.start : item.end]
        extra = f"{body.number} {self._misses_headers} {item.space} {item.holder} {[line.text for line in lines]}"
        key = (code, code, self._flag_bytes + extra.encode())
        known = self._environment.fingerprints.get(key)
        if known is None:
            known = c_environment.fingerprint(code, code, self._environment, body.macros, self._texts, key[2])
            self._environment.fingerprints[key] = known
        return Chunk(item.name, item.start, 0, Span(item.start, item.end), known, item, lines, body)

    def _fingerprint(self, span: Span, code: bytes, holder: bytes) -> str:
        environment = self._environment
        if holder:  # members are named without their class
            code = holder + b" " + code
        text = self.source.data[span.start : span.end]
        extra = self._flag_bytes
        named = code + b" " + text if b"#" in text else code  # clauses name macros too
        if placed := self._by_place(self._texts.words(named)):
            extra += repr(self._local_events(span, placed)).encode()
        if self._misses_headers:
            extra += b"missing headers"
        extra += self._memory_order.encode()
        if self._pre.guesses:
            extra += repr(self._unsure(span)).encode()
        key = (text, code, extra)
        known = environment.fingerprints.get(key)
        if known is None:
            known = c_environment.fingerprint(text, code, environment, self._macros, self._texts, extra)
            environment.fingerprints[key] = known
        return known

    def _local_events(self, span: Span, placed: frozenset[bytes]) -> list[tuple[bytes, list[tuple[int, Macro | None]]]]:
        """What the names that change their meaning are in a stretch, offsets relative to it."""
        found = []
        for name in sorted(placed):
            events = self._positional[name]
            within = [(offset - span.start, macro) for offset, macro in events if span.start <= offset < span.end]
            found.append((name, [(-1, macro_at(events, span.start)), *within]))
        return found

    def _unsure(self, span: Span) -> tuple[tuple[str, Span], ...]:
        """The `#if`s inside that a header which was not read might decide otherwise, with code in several branches."""
        code = self._masked.code
        return tuple(
            (f"`{guess.name}` could be defined by a header that was not read", guess.span.shifted(-span.start))
            for guess in self._pre.guesses
            if span.contains(guess.span)
            and sum(not code[b.start : b.end].isspace() for b in guess.branches if b.start < b.end) > 1
        )

    def lower(self, chunk: Chunk) -> Function:
        """The function of a chunk of the current version."""
        environment = self._environment
        body = chunk.body
        data = (self._code if body is None else body.header.code)[chunk.start : chunk.span.end]
        last = self.source.line_of(chunk.span.end) if body is None else 0
        starts = self.source.line_starts[chunk.line + 1 : last + 1]
        context = Context(
            data,
            environment.scope,
            self.dialect,
            macros=(self._macros if body is None else body.macros).table,
            globals_addressed=environment.addressed,
            snippet=self.snippet,
            type_name=c_declarations.type_name,
            line_starts=(0, *(s - chunk.start for s in starts)),
            missing_headers=self._misses_headers,
            unsure=self._unsure(chunk.span) if self._pre.guesses and body is None else (),
            memory_order=self._memory_order,
            holder=chunk.item.holder,
            space=chunk.item.space,
        )
        self._expand(context, chunk)
        context.addressed = c_environment.addressed(context.data)
        scope_type = c_environment.is_type(environment.scope)
        before = context.data
        context.data = self.dialect.rewritten(before, self._texts.words(data), scope_type)
        if context.data != before:
            context.flipped = frozenset(m.start() for m in _LESS.finditer(before) if context.data[m.start()] == 0x3E)
        bare = self.snippet and chunk.item.body == chunk.item.start
        return lower_function(context, chunk.name, chunk.start, chunk.directives, chunk.fingerprint, self._texts, bare)

    @property
    def _misses_headers(self) -> bool:
        return self._includes.reading is not None and not self._includes.reading.complete

    def _expand(self, context: Context, chunk: Chunk) -> None:
        """Replace the macros in the text of the function; one that is a number is looked up when it is met."""
        data = context.data
        used = self._texts.words(data)
        macros = self._macros if chunk.body is None else chunk.body.macros
        if self._positional and chunk.directives and chunk.body is None:
            here = ((name, macro_at(events, chunk.start)) for name, events in self._positional.items())
            context.macros = {**self._macros.table, **{name: macro for name, macro in here if macro is not None}}
        names = self._by_place(used) if chunk.body is None else None
        if not names:
            compound = used & macros.compound
            if not compound:
                return
            expanded = expand(data, macros.table, compound, macros.expansions)
        else:
            expanded = self._expand_by_place(data, used, names, chunk)
        context.expanded = expanded
        context.limit = len(expanded.text)
        context.failed = frozenset(data[s.start : s.end].split(b"(")[0].strip() for s in expanded.failed)
        for span in expanded.failed:
            name = data[span.start : span.end].decode("utf-8", "replace").split("(")[0].strip()
            context.problems.append(Problem("preprocessor", f"macro `{name}` cannot be expanded here", span))
        context.data = expanded.text
        if b"_Pragma" in expanded.text:
            context.data, operators = blank_pragma_operators(expanded.text)
            for place, line in operators:
                span = expanded.span(line.span.start, line.span.end)
                context.operators.append((place, replace(line, span=span, pieces=((0, span.start),))))

    def _by_place(self, used: frozenset[bytes]) -> frozenset[bytes]:
        """The names among `used`, or behind the macros among them, that mean different things at different places."""
        if not self._positional:
            return frozenset()
        known = self._placed_names.get(used)
        if known is not None:
            return known
        seen: set[bytes] = set()
        stack = list(used)
        while stack:
            word = stack.pop()
            if word in seen:
                continue
            seen.add(word)
            events = self._positional.get(word) or [(0, self._macros.table.get(word))]
            for _, macro in events:
                if macro is not None:
                    stack.extend(self._texts.words(macro.body))
        known = self._placed_names[used] = frozenset(seen & self._positional.keys())
        return known

    def _expand_by_place(self, data: bytes, used: frozenset[bytes], placed: frozenset[bytes], chunk: Chunk) -> Expanded:
        """Expansion where macros change between or inside functions: stretch by stretch."""
        end = chunk.span.end
        within = {o for name in placed for o, _ in self._positional[name] if chunk.start < o < end}
        borders = [chunk.start, *sorted(within), end]
        parts: list[Expanded] = []
        for start, stop in pairwise(borders):
            table = dict(self._macros.table)
            names = set(self._macros.compound)
            for name in placed:
                macro = macro_at(self._positional[name], start)
                if macro is not None:
                    table[name] = macro
                    names.add(name)
            parts.append(expand(data[start - chunk.start : stop - chunk.start], table, used & names, {}))
        return joined(parts, [border - chunk.start for border in borders])

    # Other files

    def declared(self, name: str) -> Declared | None:
        """A function as this file declares it."""
        below, known = self._declaring
        if below is not self._headers:
            self._declaring = (self._headers, known := {})
        if name not in known:
            reading = self._includes.reading
            headers = reading.headers if reading is not None else ()
            known[name] = c_linkage.declaring(name, self._headers, headers)
        return c_linkage.declared(name, self._environment, known[name], self.dialect.name)

    def linkage(self, chunk: Chunk, name: str) -> Linkage:
        """Who may mean the function `name` of a chunk; what stands in a namespace is not told apart by its name."""
        return c_linkage.linkage(chunk.item, name, self._environment, self._masked.lines)

    def internal_names(self) -> frozenset[str]:
        """The objects at file scope that other files do not see."""
        return c_linkage.internal_names(self._headers, self._environment)

    def project_headers(self) -> tuple[tuple[Signature, ...], tuple[str, ...]]:
        """The headers of the project that were read, as they were, and the names of those that were not found."""
        reading = self._includes.reading
        return (
            ((), ())
            if reading is None
            else (tuple(reading.signatures), tuple(missing.name for missing in reading.missing))
        )

    # The rest of the file

    def file(self) -> FileLevel:
        """File-scope objects, prototypes, directives and problems."""
        environment = self._environment
        known = {**self._headers.scope.names, **environment.scope.names}
        symbols = [s for s in known.values() if isinstance(s, Symbol)]
        defined = {item.name for item in self._items if item.kind == "function"}
        broken = (Span(self._items[k].start, self._items[k].end) for k in environment.broken)
        problems = [*self._pre.problems, *(Problem("syntax", "cannot read this declaration", s) for s in broken)]
        if self._flags is not None and self._flags.problem is not None:
            problems.append(self._flags.problem)
        problems += self._missing_headers()
        return FileLevel(
            tuple(s for s in symbols if s.storage == "global"),
            tuple(s for s in symbols if s.storage == "function" and s.name not in defined),
            tuple(self._file_directives()),
            tuple(problems),
        )

    def _missing_headers(self) -> Iterator[Problem]:
        """One problem for all headers that were not found, where the first of them is asked for."""
        reading = self._includes.reading
        if reading is None or self.path is None or self.snippet:
            return
        lost = [missing for missing in reading.missing if not missing.library]
        names = list(dict.fromkeys(missing.name for missing in lost))
        if not names:
            return
        forced = len(self._flags.included) if self._flags is not None else 0
        first = lost[0].asked - forced  # negative: a header of `-include`, which no line asks for
        span = self._pre.includes[first].line.span if first >= 0 else NOWHERE
        shown = quoted(names[:_NAMED])
        if len(names) > _NAMED:
            shown.append(counted(len(names) - _NAMED, "other header"))
        yield Problem("header", f"{listed(shown)} {'were' if len(names) > 1 else 'was'} not found", span)

    def _file_directives(self) -> Iterable[Directive]:
        context = Context(
            self._code,
            self._environment.scope,
            self.dialect,
            macros=self._macros.table,
            type_name=c_declarations.type_name,
            missing_headers=self._misses_headers,
        )
        for line in self._file_lines:
            directive = c_directives.parse(context, line.text, line.offset_of)
            if directive is not None:
                yield directive


def lower_file(
    source: SourceText,
    defines: Iterable[tuple[str, str]] = (),
    include_paths: Iterable[str] = (),
    path: str | None = None,
    snippet: bool = False,
    database: str = "",
    speaks: type[CFrontend] = CFrontend,
) -> SourceFile:
    """Lower a whole text from scratch."""
    frontend = speaks(defines, include_paths, path, snippet, database)
    frontend.update(source)
    functions = tuple(PlacedFunction(frontend.lower(chunk), chunk.start, chunk.line) for chunk in frontend.chunks())
    rest = frontend.file()
    return SourceFile(speaks.dialect.name, functions, rest.globals, rest.directives, rest.problems, rest.prototypes)
