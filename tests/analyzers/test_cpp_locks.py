"""Mutexes of C++: how long guards hold them, and whom they keep out."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.text import SourceText

HEAD = """\
#include <mutex>
#include <shared_mutex>
#include <vector>
double s; std::mutex m, q; std::shared_mutex r;
struct G { std::mutex &held; G(std::mutex &a) : held(a) { held.lock(); } ~G() { held.unlock(); } };
"""


def races(text: str) -> list[str]:
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    found = [finding for placed in report.functions for finding in placed.result.findings]
    return [f.rule for f in found if f.rule.startswith("race-") and f.confidence != "possible"]


def in_loop(body: str) -> str:
    return (
        f"void f(std::vector<double> &v) {{\n#pragma omp parallel for\nfor (int i = 0; i < 9999; i++) {{ {body} }} }}"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{ std::lock_guard<std::mutex> l(m); v[i] = 1; } s += v[i];",
        "if (v[i] > 0) { std::lock_guard l(m); v[i] = 1; } else { std::lock_guard l(m); v[i] = 2; } s += v[i];",
        "if (std::lock_guard l(m); v[i] > 0) v[i] = 1; s += v[i];",
        "auto g = [&](int k) { std::lock_guard l(m); v[k] = 1; }; g(i); s += v[i];",
        "std::unique_lock<std::mutex> l(m); v[i] = 1; l.unlock(); s += v[i];",
        "std::unique_lock<std::mutex> l(m, std::defer_lock); s += v[i];",
        "std::lock_guard<std::mutex>{m}; s += v[i];",
        "std::mutex own; std::lock_guard<std::mutex> l(own); s += v[i];",
        "std::mutex own; own.lock(); s += v[i]; own.unlock();",
        "std::shared_lock l(r); s += v[i];",
        "if (i & 1) { std::lock_guard l(m); s += v[i]; } else { std::lock_guard l(q); s += v[i]; }",
    ],
)
def test_what_no_mutex_protects_races(body: str) -> None:
    assert races(in_loop(body))


@pytest.mark.parametrize(
    "body",
    [
        "std::lock_guard<std::mutex> l(m); s += v[i];",
        "std::unique_lock<std::mutex> l(m, std::defer_lock); l.lock(); s += v[i];",
        "std::unique_lock<std::mutex> l(m); l.unlock(); v[i] = 2; l.lock(); s += v[i];",
        "m.lock(); std::lock_guard l(m, std::adopt_lock); s += v[i];",
        "std::lock(m, q); s += v[i]; m.unlock(); q.unlock();",
        "if (m.try_lock()) { s += v[i]; m.unlock(); }",
        "if (i & 1) { std::scoped_lock l(m, q); s += v[i]; } else { std::lock_guard l(q); s += v[i]; }",
        "auto g = [&](int k) { std::lock_guard l(m); s += v[k]; }; g(i);",
        "{ std::shared_lock l(r); v[i] = s; } std::unique_lock u(r); s += 1;",
        "G g(m); s += v[i];",
    ],
)
def test_what_a_mutex_protects_does_not_race(body: str) -> None:
    assert not races(in_loop(body))


@pytest.mark.parametrize(
    "text",
    [
        "void f(std::vector<double> &v, std::mutex &own) {\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { std::scoped_lock l(own); s += v[i]; } }",
        "struct S { std::mutex own; double t; void f(std::vector<double> &v) {\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { std::lock_guard<std::mutex> l(own); t += v[i]; } } };",
        "void f(std::vector<double> &v) { std::timed_mutex own;\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { std::lock_guard<std::timed_mutex> l(own); s += v[i]; } }",
    ],
)
def test_mutexes_by_reference_of_objects_and_with_time_limits(text: str) -> None:
    assert not races(text)


def test_a_private_lock_of_openmp_keeps_nobody_out() -> None:
    text = (
        "#include <omp.h>\nvoid f(std::vector<double> &v) { omp_lock_t own;\n#pragma omp parallel for private(own)\n"
        "for (int i = 0; i < 9999; i++) { omp_set_lock(&own); s += v[i]; omp_unset_lock(&own); } }"
    )
    assert races(text)
