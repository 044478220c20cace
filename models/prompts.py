"""What the model is asked and what its answers mean: facts and code without names in, pragmas and calls with names out.

A prompt is a short list of words of `models.vocabulary` (at most `LONGEST`); the model answers with more words up to
`<end>`. No text is tokenized, so nothing in a user's file can become a control token. The tasks:

    task       made by                      the answer
    <pragma>   for_loop(...)                the whole directive, `parallel for private ( v1 )`, or `<none>`: leave it
    <rest>     for_loop(..., typed=...)     what follows the words that were typed already
    <choice>   for_loop(..., typed=...)     the same after data-sharing clauses: schedule, collapse, simd
    <intent>   for_loop(..., comment=...)   the directive that a comment above the loop asks for
    <mpi>      for_call(...)                `MPI_Send ( & v0 , 1 , MPI_INT , 1 , 0 , MPI_COMM_WORLD )`, after `typed`

and all prompts are built alike, facts last, next to the answer and in its form, so that most of it can be copied:

    <begin> LANGUAGE TASK <code> TOKEN* <facts> STATUS REASON* ASSUMPTION* (ROLE ( NAME , NAME ))* <comment> WORD*
    <begin> LANGUAGE <mpi> <code> TOKEN* <types> (NAME TYPE ;)* <calls> (CALL ;)*

both followed by `<ask>` and the words of the answer that were typed already.

To rank candidates, ask for the `<pragma>` and sum the logarithms of what the model gives each word of
`answer(prompt, candidate)` and its `<end>`; `<none>` is a candidate as well. Everything here is plain data: no engine,
no file, no clock. Answers are proposals: whoever shows one asks `analyzers.api.verify_pragma` first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.api import Language, LoopReport, SourceText, Span
from models import vocabulary
from models.anonymize import Names, Token, declared, is_dealt, is_name, tokens
from models.vocabulary import words_of

LONGEST = 448  # words of a prompt
ANSWER = 64  # words of an answer
_CODE = 256  # words of a loop that are shown: its beginning and its end
_BEFORE, _AFTER = 130, 60  # words around a call that are shown
_TYPES, _CALLS = 90, 60
_COMMENT = 40
_LISTED = 16  # names of one role
_FACTS = 150  # words about roles; the last ones are those of clauses
_DIRECTIVE = frozenset(vocabulary.DIRECTIVE_WORDS)
_WORDS = frozenset(vocabulary.WORDS)
_REASONS = frozenset(vocabulary.REASONS)
_SHOWN = (
    "index", "shared-read", "shared-distinct", "conflict", "linear", "private", "firstprivate", "lastprivate",
    "reduction",
)  # fmt: skip
_PLAIN = {"dependent": "is-dependent", "parallel": "is-parallel", "unknown": "is-unknown"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question. `names` leads back from the words of this prompt to what they stand for."""

    task: str
    words: tuple[str, ...]
    names: Mapping[str, Token]
    known: Mapping[Token, str]
    typed: tuple[str, ...] = ()  # the last words: what the answer begins with

    @property
    def ids(self) -> list[int]:
        """The words as the model gets them."""
        return vocabulary.encode(self.words)


def for_loop(
    source: SourceText,
    language: Language,
    loop: LoopReport,
    start: int,
    *,
    typed: str | None = None,
    comment: str | None = None,
    facts: bool = True,
) -> Prompt:
    """Ask for the directive of a loop. `start` is the offset of its function, as `analyzers.api.loops_of` says it.

    `typed`: the directive so far, with or without `#pragma omp`, up to a whole word; `comment`: what a person wrote
    above the loop, who asks for a directive by that.
    """
    span = loop.span.shifted(start)
    code = tokens(source.data[span.start : span.end].decode("utf-8", "replace"), language)
    names = Names()
    names.look(code)
    body = names.say(code)
    known = ["<facts>", *_verdict(loop), *_roles(loop, language, names)] if facts else []
    if comment is not None:
        known += ["<comment>", *_said(comment, language, names)]
    asked = _words_of_directive(typed, language, names) if typed is not None else []
    task = "<intent>" if comment is not None else _task(asked)
    return _prompt(task, language, body, [*known, "<ask>", *asked], names, asked)


def for_call(
    source: SourceText, language: Language, hole: Span, typed: str = "", *, within: Span | None = None
) -> Prompt:
    """Ask for an MPI call in place of `hole`; `typed` is what stands there so far, "MPI_Send(&x, " say. `within` is the
    function around it; without it the whole text counts."""
    within = within or Span(0, len(source.data))
    before = tokens(source.data[within.start : hole.start].decode("utf-8", "replace"), language)
    after = tokens(source.data[hole.end : within.end].decode("utf-8", "replace"), language)
    so_far = tokens(typed, language)
    types = declared(before) | declared(after)
    names = Names()
    names.look([*before, *so_far, *after])
    shown = [*before[-_BEFORE:], "<hole>", *after[:_AFTER]]
    calls = list(_calls(before[:-_BEFORE]))
    code = names.say(shown)
    listed = [word for call in calls for word in names.say(call)][:_CALLS]
    asked = names.say(so_far)
    known = ["<types>", *_types(types, names, shown), "<calls>", *listed]
    return _prompt("<mpi>", language, code, [*known, "<ask>", *asked], names, asked)


def answer(prompt: Prompt, text: str, language: Language = "c") -> tuple[str, ...] | None:
    """The words for a directive or a call that may be an answer, without `<end>`; None where it names what the prompt
    does not show. Variables in the lists of clauses are in the order of the prompt, as in what the model learnt."""
    names = Names(words=dict(prompt.known))
    if prompt.task == "<mpi>":
        names.look(found := tokens(text, language))
        words = names.say(found)
    else:
        words = _ordered(_words_of_directive(text, language, names))
    if "<other>" in words or any(is_dealt(w) and w not in prompt.names for w in words):
        return None
    return tuple(words)


def spelled(prompt: Prompt, words: Sequence[str]) -> str | None:
    """What an answer says, names put back: a directive with `#pragma omp`, or a call. `words` begin with
    `prompt.typed`; `<end>` and what follows is dropped. None where it says nothing: `<none>`, words without a
    meaning here, brackets that do not close."""
    said = list(words[: words.index("<end>")] if "<end>" in words else words)
    if not said or any(w.startswith("<") and w in vocabulary.CONTROL for w in said):
        return None
    if any(is_dealt(w) and w not in prompt.names for w in said) or not _closes(said):
        return None
    parts = [prompt.names.get(w, w) for w in said]
    if prompt.task == "<mpi>":
        return _joined_call(parts) if said[0] in vocabulary.MPI_FUNCTIONS else None
    if said[0] not in _DIRECTIVE:
        return None
    return f"#pragma omp {_joined_directive(parts)}"


def follow(prompt: Prompt, words: Sequence[str]) -> frozenset[str]:
    """The words that may come next after `words` (which begin with `prompt.typed`), `<end>` among them where the answer
    may end: for decoding that cannot leave the grammar. A superset of what is right."""
    if len(words) >= ANSWER or (words and words[-1] == "<none>"):
        return frozenset(("<end>",))
    if prompt.task == "<mpi>":
        return _in_call(prompt, words)
    found = _in_directive(prompt, words)
    return found | {"<none>"} if len(words) == len(prompt.typed) else found


def _in_call(prompt: Prompt, words: Sequence[str]) -> frozenset[str]:
    if not words:
        return vocabulary.MPI_FUNCTIONS
    if _depth(words) > 0:
        return _named(prompt) | _CALL_WORDS
    return frozenset(("<end>",)) if ")" in words else frozenset("(")


def _in_directive(prompt: Prompt, words: Sequence[str]) -> frozenset[str]:
    if not words:
        return _STARTS
    if _depth(words) > 0:
        return _named(prompt) | _INSIDE
    if words[-1] in _TAKES_LIST:
        return frozenset("(")
    done = {w for i, w in enumerate(words) if i + 1 < len(words) and words[i + 1] == "("} & _ONCE
    return (_CLAUSES | (_DIRECTIVES if ")" not in words else frozenset()) | {"<end>"}) - done - {words[-1]}


_DIRECTIVES = frozenset(words_of("parallel for do simd taskloop loop target teams distribute"))
_STARTS = _DIRECTIVES - {"do", "distribute", "loop"}
_ONCE = frozenset(["schedule", "collapse", "num_threads", "if", "default", "safelen", "simdlen", "ordered"])
_TAKES_LIST = frozenset(
    words_of(
        "private firstprivate lastprivate shared reduction linear default schedule collapse num_threads if safelen"
        " simdlen aligned map num_teams thread_limit grainsize num_tasks proc_bind order copyin"
    )
)
_CLAUSES = _TAKES_LIST | {"nowait", "ordered"}
_INSIDE = frozenset(
    words_of(
        "( ) [ ] , : + * - & | ^ && || < > <= >= == != . -> ! / % max min static dynamic guided auto runtime"
        " monotonic nonmonotonic none shared inscan conditional to from tofrom alloc concurrent simd parallel"
    )
) | frozenset(vocabulary.NUMBERS)
_CALL_WORDS = (
    frozenset(words_of("( ) [ ] , . -> + - * / % & ? : == != < > <= >= << >> ! | && || ~ <string>"))
    | frozenset(words_of("sizeof int double float char long void unsigned struct strlen size data begin"))
    | frozenset((*vocabulary.NUMBERS, *vocabulary.CONSTANTS))
    | vocabulary.KNOWN_MPI
)


def _named(prompt: Prompt) -> frozenset[str]:
    return frozenset(word for word in prompt.names if word in vocabulary.IDS)


def _prompt(
    task: str, language: Language, code: list[str], known: list[str], names: Names, asked: Sequence[str]
) -> Prompt:
    begin = ("<begin>", f"<{language}>", task, "<code>")
    room = max(LONGEST - len(begin) - len(known), 8)
    words = (*begin, *_shortened(code, min(room, _CODE)), *known)
    return Prompt(task, words[:LONGEST], names.spelled(), dict(names.words), tuple(asked))


def _task(asked: Sequence[str]) -> str:
    if not asked:
        return "<pragma>"
    return "<choice>" if _depth(asked) == 0 and ("for" in asked or "do" in asked) and asked[-1] != "for" else "<rest>"


def _shortened(words: list[str], longest: int) -> list[str]:
    if len(words) <= longest:
        return words
    return [*words[: longest * 3 // 4 - 1], "<cut>", *words[-(longest // 4) :]]


def _verdict(loop: LoopReport) -> Iterator[str]:
    """What the analysis says of the loop: the verdict, what is in the way, what would have to hold."""
    yield _PLAIN[loop.verdict.status]
    yield f"is-{loop.verdict.confidence}"
    codes = dict.fromkeys(r.code if r.code in _REASONS else "unknown-statement" for r in loop.verdict.reasons)
    yield from list(codes)[:6]
    yield from dict.fromkeys(a.kind for a in loop.verdict.assumptions)


def _roles(loop: LoopReport, language: Language, names: Names) -> list[str]:
    """What each variable is, as clauses would say it: `private ( v1 , v2 ) reduction ( + : v3 )`."""
    listed: dict[tuple[str, str], list[list[str]]] = {}
    for kind in _SHOWN:
        for role in loop.roles:
            item = tokens(role.clause_item or role.name, language)
            if role.kind == kind and 0 < len(item) <= 8 and "(" not in item and _are_known(item, names):
                listed.setdefault((kind, role.op or ""), []).append(names.say(item))
    found: list[str] = []
    for (kind, op), items in listed.items():
        inside = [w for item in sorted(items, key=lambda i: _place(i[0]))[:_LISTED] for w in (*item, ",")][:-1]
        found += [kind, "(", *((op if is_name(op) else names.word(op), ":") if op else ()), *inside, ")"]
    return found[-_FACTS:]


def _are_known(code: Sequence[Token], names: Names) -> bool:
    return all(not is_name(token) or token in names.words for token in code)


def _said(comment: str, language: Language, names: Names) -> list[str]:
    """The words of a comment that the model knows: names of the loop, numbers, words about loops."""
    found = []
    for token in re.findall(r"[A-Za-z_][\w$]*|\d+|[+*]", comment):
        if token in names.words and (len(token) > 2 or token.lower() not in _WORDS):
            found.append(names.words[token])
        elif token.lower() in _WORDS or token.lower() in _DIRECTIVE or not is_name(token):
            found.append(token.lower() if is_name(token) else names.word(token))
    return found[:_COMMENT]


def _words_of_directive(text: str, language: Language, names: Names) -> list[str]:
    """A directive as words: those of the directive itself stay, names inside its brackets are those of the code."""
    found = tokens(re.sub(r"\\\r?\n", " ", re.sub(r"^\s*#\s*pragma\s+omp\b", "", text)), language)
    words: list[str] = []
    depth = 0
    for i, token in enumerate(found):
        before, after = found[i - 1] if i else "", found[i + 1] if i + 1 < len(found) else ""
        depth += (token == "(") - (token == ")")
        modifier = depth > 0 and before in ("(", ",", ":") and after in (":", ",", ")") and token not in names.words
        if token in _DIRECTIVE and (depth == 0 or modifier or after == ":"):
            words.append(token)
        elif not is_name(token):
            words.append(names.word(token))
        else:
            words.append(names.words.get(token) or (token if token in vocabulary.ALWAYS_KNOWN else "<other>"))
    return words


_SORTED = ("private", "firstprivate", "lastprivate", "shared", "reduction")


def _ordered(words: list[str]) -> list[str]:
    """The variables of each list in the order in which the prompt deals them out; other lists as they are."""
    done: list[str] = []
    i = 0
    while i < len(words):
        close = words.index(")", i) if words[i] == "(" and ")" in words[i:] else 0
        if not close or not done or done[-1] not in _SORTED:
            done.append(words[i])
            i += 1
            continue
        colon = next((k for k in range(i, close) if words[k] == ":"), i)
        items = words[colon + 1 : close : 2]
        plain = all(is_dealt(w) for w in items) and all(w == "," for w in words[colon + 2 : close : 2])
        inside = [w for item in sorted(items, key=_place) for w in (item, ",")][:-1]
        done += [*words[i : colon + 1], *(inside if plain else words[colon + 1 : close]), ")"]
        i = close + 1
    return done


def _place(word: str) -> tuple[str, int]:
    return (word[0], int(word[1:])) if is_dealt(word) else (word, 0)


def _types(types: Mapping[str, tuple[Token, ...]], names: Names, shown: Sequence[Token]) -> list[str]:
    """What the names in the code are, then the other variables in scope, as many as there is room for."""
    seen = dict.fromkeys(t for t in shown if t in types)
    found: list[str] = []
    for name in (*seen, *(n for n in types if n not in seen)):
        item = [names.word(name), *names.say(types[name]), ";"]
        if len(found) + len(item) > _TYPES:
            break
        found += item
    return found


def _calls(code: Sequence[Token]) -> Iterator[list[Token]]:
    """The MPI calls of a piece of code, those that tell rank and size first, then the last ones."""
    found: list[list[Token]] = []
    for i, token in enumerate(code):
        if token in vocabulary.MPI_FUNCTIONS and i + 1 < len(code) and code[i + 1] == "(":
            end, depth = i + 1, 0
            while end < len(code):
                depth += (code[end] == "(") - (code[end] == ")")
                end += 1
                if depth == 0:
                    break
            found.append([*code[i:end], ";"])
    first = [c for c in found if c[0] in ("MPI_Comm_rank", "MPI_Comm_size")]
    yield from first
    yield from reversed([c for c in found if c not in first and c[0] not in ("MPI_Init", "MPI_Finalize")])


def _depth(words: Sequence[str]) -> int:
    return words.count("(") - words.count(")")


def _closes(words: Sequence[str]) -> bool:
    depth = 0
    for word in words:
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth < 0:
            return False
    return depth == 0


_RELATIONS = ("<", ">", "<=", ">=", "==", "!=", "&&", "||")


def _joined_directive(parts: Sequence[str]) -> str:
    text = ""
    for i, part in enumerate(parts):
        before = parts[i - 1] if i else ""
        if text and before != "(" and part in _RELATIONS:
            text += f" {part} "
            continue
        wordlike = is_name(part) or part[:1].isdigit()
        if text and (before in (",", ")") or (wordlike and (is_name(before) or before[:1].isdigit()))):
            text += " " if part not in (")", ",", "[", ".", "->", ":") else ""
        text += part
        if part == ":" and re.search(r"\b(?:lastprivate|linear)\([^()]*\Z", text):
            text += " "
    return text


def _joined_call(parts: Sequence[str]) -> str:
    text = ""
    for i, part in enumerate(parts):
        before = parts[i - 1] if i else ""
        if before == "," or (is_name(part) and is_name(before)):
            text += " "
        text += part
    return text
