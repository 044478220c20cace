"""The order in which functions are summarised: callees first, those that call each other together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def components(callees: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """Strongly connected components of the call graph, callees first (Tarjan 1972, with an explicit stack). Callees
    that are no keys do not count."""
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    path: list[Node] = []
    on_path: set[Node] = set()
    found: list[list[Node]] = []
    for start in callees:
        if start in number:
            continue
        work = [(start, iter(callees[start]))]
        number[start] = low[start] = len(number)
        path.append(start)
        on_path.add(start)
        while work:
            name, below = work[-1]
            for callee in below:
                if callee not in callees:
                    continue
                if callee not in number:
                    number[callee] = low[callee] = len(number)
                    path.append(callee)
                    on_path.add(callee)
                    work.append((callee, iter(callees[callee])))
                    break
                if callee in on_path:
                    low[name] = min(low[name], number[callee])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    component = []
                    while True:
                        top = path.pop()
                        on_path.discard(top)
                        component.append(top)
                        if top == name:
                            break
                    found.append(component)
    return found
