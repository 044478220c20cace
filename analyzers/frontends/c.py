"""The C frontend: a document cut into functions, each lowered on request to `ir.statements.Function`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import tree_sitter_c
from tree_sitter import Language, Node, Parser, Tree

from analyzers.frontends import c_chunks, c_declarations
from analyzers.frontends.c_chunks import Item
from analyzers.frontends.c_context import Context, Scope
from analyzers.frontends.c_function import lower_function
from analyzers.frontends.directives import parse as parse_directive
from analyzers.frontends.macros import Macro, expand, parse_define, words
from analyzers.frontends.masking import Masked, PreprocessorLine, blank_ranges, mask
from analyzers.frontends.preprocessor import PREDEFINED, MacroTable, Preprocessed, preprocess
from analyzers.ir.directives import Directive
from analyzers.ir.statements import Function, PlacedFunction, Problem, SourceFile
from analyzers.ir.symbols import Symbol, Type
from analyzers.text import SourceText, Span

LANGUAGE = Language(tree_sitter_c.language())
_ADDRESSED = re.compile(rb"(?<![&\w\])])[ \t]*&[ \t]*\(*[ \t]*([A-Za-z_]\w*)(?!\w*[ \t]*(?:\[|->|\())")
_DECLARATIVE = re.compile(r"\s*#\s*pragma\s+omp\s+(?:declare\s+(?:simd|variant)|begin)\b")


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


@dataclass(slots=True)
class Environment:
    """The file scope as seen by all functions: rebuilt when a declaration or a function's head changes."""

    key: tuple[object, ...]
    scope: Scope
    texts: dict[str, list[bytes]]  # what declares a name
    problems: tuple[Problem, ...]
    addressed: frozenset[str]
    digests: dict[bytes, bytes] = field(default_factory=dict)
    fingerprints: dict[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileLevel:
    """What stands outside functions; spans are absolute."""

    globals: tuple[Symbol, ...]
    prototypes: tuple[Symbol, ...]
    directives: tuple[Directive, ...]
    problems: tuple[Problem, ...]


class _Names(dict[str, "Symbol | Type"]):
    """Remembers which names were declared since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[str] = []

    def __setitem__(self, name: str, value: Symbol | Type) -> None:
        self.fresh.append(name)
        super().__setitem__(name, value)


class CFrontend:
    """One C document. Belongs to one thread; never raises, whatever the text."""

    def __init__(
        self,
        defines: Iterable[tuple[str, str]] = (),
        include_paths: Iterable[str] = (),
        path: str | None = None,
        snippet: bool = False,
    ) -> None:
        self.path = path
        self.snippet = snippet
        self.include_paths = tuple(include_paths)
        self.predefined: dict[bytes, Macro] = dict(PREDEFINED)
        for name, value in defines:
            macro = parse_define(f"#define {name} {value}".encode())
            if macro is not None:
                self.predefined[macro.name] = macro
        self._flags = repr((tuple(defines), self.include_paths, snippet)).encode()
        self._parser = Parser(LANGUAGE)
        self._trees: dict[bytes, Tree] = {}
        self._words: dict[bytes, frozenset[bytes]] = {}
        self._expansions: dict[bytes, bytes] = {}
        self._expansions_of: object = None
        self._environment: Environment | None = None
        self.source = SourceText.of(b"")
        self._masked = Masked(b"", b"", ())
        self._code = b""
        self._pre = Preprocessed((), (), MacroTable({}), (), (), ())
        self._macros: Mapping[bytes, Macro] = {}
        self._complex: frozenset[bytes] = frozenset()
        self._items: list[Item] = []

    # The document

    def update(self, source: SourceText) -> None:
        """Take the next version of the text."""
        self.source = source
        masked = mask(source.data)
        self._masked = masked
        self._pre = preprocess(masked.lines, dict(self.predefined), len(source.data))
        inactive = list(self._pre.inactive)
        self._code = blank_ranges(masked.code, inactive)
        skeleton = blank_ranges(masked.skeleton, inactive) if inactive else masked.skeleton
        self._macros = self._pre.macros.view(len(source.data), len(source.data))
        self._complex = frozenset(name for name, macro in self._macros.items() if macro.number is None)
        definitions = tuple((m.name, m.parameters, m.body) for m in self._macros.values())
        if definitions != self._expansions_of:
            self._expansions_of = definitions
            self._expansions = {}
        items = c_chunks.cut(self._code, skeleton)
        if self.snippet and not any(item.kind == "function" for item in items):
            items = [Item("function", 0, len(self._code), 0, "", 0)]
        self._items = items
        self._set_environment()

    def _set_environment(self) -> None:
        code = self._code
        key: list[object] = [self._expansions_of]
        for item in self._items:
            if item.kind == "function":
                key.append(code[item.start : item.body])
            else:
                key.append((code[item.start : item.end], self.source.line_of(item.start)))
        key.append(_threadprivate(self._pre.pragmas))
        frozen = tuple(key)
        if self._environment is None or self._environment.key != frozen:
            self._environment = self._build(frozen)

    def _build(self, key: tuple[object, ...]) -> Environment:
        """Declare everything at file scope, in order."""
        names = _Names()
        scope = Scope(None, 0, names)
        texts: dict[str, list[bytes]] = {}
        problems: list[Problem] = []
        addressed = frozenset(m.decode() for m in _ADDRESSED.findall(self._code))
        for item in self._items:
            function = item.kind == "function"
            if function and item.body == item.start:
                continue
            data = self._code[item.start : item.body if function else item.end]
            context = Context(
                data,
                scope,
                macros=self._macros,
                addressed=addressed,
                snippet=self.snippet,
                type_name=c_declarations.type_name,
            )
            context.line_starts = tuple(s - item.start for s in self.source.line_starts)
            context.data = data
            parsed = self._expanded(context, data)
            tree = self._parse(parsed + b"{}" if function else parsed)
            context.data = parsed
            names.fresh.clear()
            for node in tree.root_node.children:
                self._declare(context, node)
            for name in names.fresh:
                texts.setdefault(name, []).append(data)
            if tree.root_node.has_error and not function:
                problems.append(Problem("syntax", "cannot read this declaration", Span(item.start, item.end)))
            problems += [Problem(p.kind, p.message, p.span.shifted(item.start)) for p in context.problems]
        for name in _threadprivate(self._pre.pragmas):
            symbol = names.get(name)
            if isinstance(symbol, Symbol):
                names[name] = replace(symbol, threadprivate=True)
        return Environment(key, scope, texts, tuple(problems), addressed)

    def _declare(self, context: Context, node: Node) -> None:
        if node.type in ("declaration", "type_definition"):
            c_declarations.declaration(context, node)
        elif node.type in ("struct_specifier", "union_specifier", "enum_specifier"):
            c_declarations.specified(context, node)
        elif node.type == "function_definition":
            base, _ = c_declarations.specifiers(context, node)
            declarator = node.child_by_field_name("declarator")
            if declarator is not None:
                name, kind = c_declarations.declarator(context, declarator, base)
                if name is not None and kind.kind == "function":
                    context.declare(context.text(name), kind, "function", context.span(name))

    def _expanded(self, context: Context, data: bytes) -> bytes:
        used = self._words_of(data) & self._complex
        if not used:
            return data
        expansion = expand(data, self._macros, used, self._expansions)
        context.expanded = expansion
        return expansion.text

    def _words_of(self, data: bytes) -> frozenset[bytes]:
        found = self._words.get(data)
        if found is None:
            if len(self._words) > 4096:
                self._words.clear()
            found = self._words[data] = words(data)
        return found

    def _parse(self, data: bytes) -> Tree:
        tree = self._trees.get(data)
        if tree is None:
            if len(self._trees) > 512:
                self._trees.clear()
            tree = self._trees[data] = self._parser.parse(data)
        return tree

    # Functions

    def chunks(self) -> tuple[Chunk, ...]:
        """Every function definition, in order; nothing is lowered."""
        found: list[Chunk] = []
        pragmas = self._pre.pragmas
        at = 0
        previous = 0
        for item in self._items:
            if item.kind == "function":
                while at < len(pragmas) and pragmas[at].span.start < previous:
                    at += 1
                lines: list[PreprocessorLine] = []
                start = item.start
                for line in pragmas[at:]:
                    if line.span.start >= item.end:
                        break
                    if line.span.start > item.start:
                        lines.append(line)
                    elif _DECLARATIVE.match(line.text):
                        start = min(start, line.span.start)
                        lines.append(line)
                found.append(
                    Chunk(
                        item.name,
                        start,
                        self.source.line_of(start),
                        Span(start, item.end),
                        self._fingerprint(item, start),
                        item,
                        tuple(lines),
                    )
                )
            previous = item.end
        return tuple(found)

    def _fingerprint(self, item: Item, start: int) -> str:
        environment = self._environment
        assert environment is not None
        text = self.source.data[start : item.end]
        known = environment.fingerprints.get(text)
        if known is not None:
            return known
        code = self._code[start : item.end]
        digest = blake2b(text, digest_size=16)
        digest.update(code)
        digest.update(self._flags)
        for word in sorted(self._reachable(code + text if b"#" in text else code)):
            name = word.decode("utf-8", "replace")
            macro = self._macros.get(word)
            if macro is not None:
                digest.update(repr(macro).encode())
            for part in environment.texts.get(name, ()):
                digest.update(part)
            symbol = environment.scope.names.get(name)
            if isinstance(symbol, Symbol) and symbol.storage == "global":
                digest.update(f"{name} {symbol.line} {symbol.address_taken} {symbol.threadprivate}".encode())
        result = digest.hexdigest()
        environment.fingerprints[text] = result
        return result

    def _reachable(self, code: bytes) -> set[bytes]:
        """The names that a text depends on, through macros and declarations."""
        environment = self._environment
        assert environment is not None
        found: set[bytes] = set()
        stack = list(self._words_of(code))
        while stack:
            word = stack.pop()
            if word in found:
                continue
            macro = self._macros.get(word)
            texts = environment.texts.get(word.decode("utf-8", "replace"), ())
            if macro is None and not texts:
                continue
            found.add(word)
            if macro is not None:
                stack.extend(self._words_of(macro.body))
            for text in texts:
                stack.extend(self._words_of(text))
        return found

    def lower(self, chunk: Chunk) -> Function:
        """The function of a chunk of the current version."""
        environment = self._environment
        assert environment is not None
        data = self._code[chunk.start : chunk.span.end]
        context = Context(
            data,
            environment.scope,
            macros=self._macros,
            addressed=frozenset(m.decode() for m in _ADDRESSED.findall(data)),
            globals_addressed=environment.addressed,
            snippet=self.snippet,
            type_name=c_declarations.type_name,
        )
        first, last = chunk.line, self.source.line_of(chunk.span.end)
        context.line_starts = tuple(s - chunk.start for s in self.source.line_starts[first : last + 1])
        context.line_starts = (0, *context.line_starts[1:])
        parsed = self._expanded(context, data)
        if context.expanded is not None:
            context.addressed |= frozenset(m.decode() for m in _ADDRESSED.findall(parsed))
        context.data = parsed
        bare = self.snippet and chunk.item.body == chunk.item.start
        return lower_function(context, chunk.name, chunk.start, chunk.directives, chunk.fingerprint, self._parse, bare)

    # The rest of the file

    def file(self) -> FileLevel:
        """File-scope objects, prototypes, directives and problems."""
        environment = self._environment
        assert environment is not None
        symbols = [s for s in environment.scope.names.values() if isinstance(s, Symbol)]
        return FileLevel(
            tuple(s for s in symbols if s.storage == "global"),
            tuple(s for s in symbols if s.storage == "function"),
            (),
            (*self._pre.problems, *environment.problems),
        )


_THREADPRIVATE = re.compile(r"\s*#\s*pragma\s+omp\s+threadprivate\b")


def _threadprivate(lines: Iterable[PreprocessorLine]) -> tuple[str, ...]:
    """The names in threadprivate directives (OpenMP 5.2 §5.2). One inside a function names a static object there, or
    one of file scope, of which there is one either way."""
    found: list[str] = []
    for line in lines:
        directive = (
            parse_directive(line.text, lambda i: i, lambda *_: None) if _THREADPRIVATE.match(line.text) else None
        )
        if directive is not None:
            found += [item.text for clause in directive.all("list") for item in clause.items]
    return tuple(found)


def lower_file(
    source: SourceText,
    defines: Iterable[tuple[str, str]] = (),
    include_paths: Iterable[str] = (),
    path: str | None = None,
    snippet: bool = False,
) -> SourceFile:
    """Lower a whole text from scratch."""
    frontend = CFrontend(defines, include_paths, path, snippet)
    frontend.update(source)
    functions = tuple(PlacedFunction(frontend.lower(chunk), chunk.start, chunk.line) for chunk in frontend.chunks())
    rest = frontend.file()
    return SourceFile("c", functions, rest.globals, rest.directives, rest.problems, rest.prototypes)
