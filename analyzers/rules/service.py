"""Pages of the findings that no rule makes: they are about comments and about hpc-ls itself."""

from __future__ import annotations

from analyzers.rules.registry import Rule

UNUSED_SUPPRESSION = """A comment accepts a finding that is not there.

What it finds
A comment `hpc-ls: ignore[...]` or `hpc-ls: ignore-file[...]` that accepts nothing: the code below it is clean, the rule
is misspelt, or the comment stands where it covers no code. A rule that was not run counts as needed.

Why it matters
A comment that accepts nothing today hides a new finding tomorrow.

Example
Bad:

    void clear(int n, double *a)
    {
        for (int i = 0; i < n; i++) // hpc-ls: ignore[race]
            a[i] = 0.0;
    }

Good:

    double sum(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            s += x[i]; // hpc-ls: ignore[race-missing-reduction] to show what goes wrong
        return s;
    }

Fix
Remove the comment, or the names in it that are not needed.

References
docs/accepting-findings.md
"""

INTERNAL_ERROR = """hpc-ls failed on a function; the rest of the file is analysed.

What it finds
A defect of hpc-ls itself. It costs the function its results, never the file or the session.

Why it matters
Nothing is said of this function, so its loops and its races are not checked.

Example
There is none: a program that shows it is a defect to be repaired.

Fix
Please report it. `hpc-ls doctor` prints what belongs in a report; the log holds the trace.

References
CONTRIBUTING.md
"""

RULES: tuple[tuple[Rule, str], ...] = (
    (
        Rule(
            "unused-suppression",
            "syntax",
            "information",
            "a comment accepts a finding that is not there",
            "hpc-ls",
            lambda _: iter(()),
        ),
        UNUSED_SUPPRESSION,
    ),
    (
        Rule(
            "internal-error",
            "syntax",
            "information",
            "hpc-ls failed on a function",
            "hpc-ls",
            lambda _: iter(()),
        ),
        INTERNAL_ERROR,
    ),
)
