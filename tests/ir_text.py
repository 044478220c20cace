"""The intermediate representation as compact text, for tests that compare it."""

from __future__ import annotations

from analyzers.frontends.c import lower_file
from analyzers.ir.expressions import (
    Address,
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    Unary,
)
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    Evaluate,
    Function,
    If,
    Jump,
    Label,
    Loop,
    SourceFile,
    Stmt,
    Switch,
    Unknown,
)
from analyzers.text import SourceText


def lowered(text: str | bytes, **options: object) -> SourceFile:
    return lower_file(SourceText.of(text), **options)  # type: ignore[arg-type]


def function(text: str | bytes, index: int = -1, **options: object) -> Function:
    """The last function of a text."""
    return lowered(text, **options).functions[index].function


def body(text: str, parameters: str = "int n, int m, double *p, double *q", before: str = "", **options: object) -> str:
    """The printed body of a function with these statements."""
    source = f"{before}\nvoid f({parameters}) {{ {text} }}"
    return "; ".join(show(s) for s in function(source, **options).body.statements)


def expr(e: Expr | None) -> str:
    match e:
        case None:
            return ""
        case Constant(value=value):
            return repr(value)
        case Name(symbol=symbol):
            # An entry value is marked: what the variable holds when a loop begins.
            mark = "@" if "@" in symbol.uid else ""
            return (symbol.name or "t" + symbol.uid.split("/")[1].split(":")[0]) + mark
        case Element(base=base, subscripts=subscripts):
            return f"{expr(base)}[{', '.join(map(expr, subscripts))}]"
        case Field(base=base, name=name):
            return f"{expr(base)}.{name}"
        case Address(operand=operand):
            return f"&{expr(operand)}"
        case Call(callee=callee, arguments=arguments):
            return f"{expr(callee)}({', '.join(map(expr, arguments))})"
        case Unary(op=op, operand=operand):
            return f"{op}{expr(operand)}"
        case Binary(op=op, left=left, right=right):
            return f"({expr(left)} {op} {expr(right)})"
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return f"({expr(condition)} ? {expr(then)} : {expr(otherwise)})"
        case Cast(operand=operand, type=kind):
            return f"({kind.name}){expr(operand)}"
        case Opaque(text=text, reason=reason, reads=reads):
            return f"<{text}|{reason}|{', '.join(map(expr, reads))}>"
    raise AssertionError(e)


def block(b: Block) -> str:
    return "{" + "; ".join(show(s) for s in b.statements) + "}"


def show(s: Stmt) -> str:
    match s:
        case Declare(symbol=symbol, value=value):
            name = expr(Name(symbol))
            return f"new {name}" if value is None else f"new {name} = {expr(value)}"
        case Assign(target=target, value=value, op=op):
            return f"{expr(target)} {op or ''}= {expr(value)}"
        case Evaluate(value=value):
            return expr(value)
        case Block():
            return block(s)
        case If(condition=condition, then=then, otherwise=otherwise):
            tail = f" else {block(otherwise)}" if otherwise.statements else ""
            return f"if {expr(condition)} {block(then)}{tail}"
        case Loop():
            mark = "!" if s.tainted else ""
            init, step = ", ".join(map(show, s.init)), ", ".join(map(show, s.step))
            return f"{s.kind}{mark}({init}; {expr(s.condition)}; {step}) {block(s.body)}"
        case Switch(value=value, arms=arms, exhaustive=exhaustive):
            return f"switch{'!' if exhaustive else ''} {expr(value)} {' '.join(map(block, arms))}"
        case Jump(kind=kind, value=value, label=label):
            return " ".join(part for part in (kind, expr(value), label or "") if part)
        case Label(name=name):
            return f"{name}:"
        case Construct(directive=directive, body=inner):
            clauses = "".join(f" {c.name}({', '.join(i.text for i in c.items)})" for c in directive.clauses)
            return f"#{directive.name}{clauses}" + ("" if inner is None else " " + block(inner))
        case Unknown(reason=reason, mentions=mentions):
            return f"??{reason}|{', '.join(map(expr, mentions))}"
    raise AssertionError(s)
