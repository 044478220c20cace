"""What the questions about one function may cost."""

from __future__ import annotations

from analyzers.api import SourceText, analyze
from analyzers.dependence.allowance import PATIENCE, Allowance
from analyzers.settings import Options

STENCIL = """\
void f(int n, double a[n][n]) {
#pragma omp parallel for
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < n - 1; j++)
            a[i][j] = a[i - 1][j] + a[i + 1][j] + a[i][j - 1] + a[i][j + 1];
}
"""


def test_a_share_is_paid_from_the_whole() -> None:
    whole = Allowance(90)
    part = whole.share(1 / 3)
    part.spend(40)
    assert part.spent and not whole.spent
    assert whole.left == 50
    whole.spend(50)
    assert whole.share(1 / 3).spent


def test_patience_ends_for_the_whole_function() -> None:
    whole = Allowance(90)
    for _ in range(PATIENCE):
        assert whole.patient
        whole.share(1 / 3).in_vain()
    assert not whole.patient and not whole.share(1 / 3).patient


def test_what_is_found_before_the_allowance_is_spent_is_told() -> None:
    for budget, races, complete in ((100_000, True, True), (60, True, False), (0, False, False)):
        (placed,) = analyze(SourceText.of(STENCIL), "c", Options(budget=budget)).functions
        assert any(f.category == "race" for f in placed.result.findings) == races
        assert placed.result.complete == complete


def test_a_loop_that_asks_too_much_is_undecided() -> None:
    (placed,) = analyze(
        SourceText.of(STENCIL.replace("#pragma omp parallel for", "")), "c", Options(budget=0)
    ).functions
    for loop in placed.result.loops:
        assert loop.verdict.status == "unknown"
        assert [reason.code for reason in loop.verdict.reasons] == ["budget"]
