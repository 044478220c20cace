"""No unsound verdict on random loop nests: every "parallel" and every "dependent" is checked against enumeration.

HPC_LS_PROPERTY_CASES sets the number of nests (CI: 20,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText
from tests.property import nests, traces

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "2000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "1"))
BATCH = 40


def claim(report: LoopReport) -> traces.Claim | None:
    """What the report asserts, None for an honest "unknown"."""
    status = report.verdict.status
    if status == "unknown":
        if report.verdict.confidence != "likely":
            return None
        status = "parallel"  # the ordinary assumption, that p and q do not overlap, holds in these nests
    roles = {role.name: (role.kind, role.op) for role in report.roles}
    return traces.Claim(status, roles)


def test_no_unsound_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for first in range(SEED, SEED + CASES, BATCH):
        batch = [nests.generate(seed, f"f{seed}") for seed in range(first, min(first + BATCH, SEED + CASES))]
        source = SourceText.of(nests.PREAMBLE + "".join(nest.c for nest in batch))
        report = api.analyze(source, "c")
        placed = {p.result.name: p for p in report.functions}
        for nest in batch:
            function = placed[nest.name]
            line = source.line_of(function.start)
            loops = {source.line_of(function.start + r.span.start) - line: r for r in function.result.loops}
            runs = [traces.run(nest, n, m) for n, m in traces.SIZES]
            for site in nest.loops:
                said = claim(loops[site.line])
                counts[loops[site.line].verdict.confidence if said is None else said.status] += 1
                problem = traces.judge(nest, site, said, runs) if said else None
                if problem:
                    failures.append(f"seed {nest.name[1:]} line {site.line} {said}: {problem}\n{nest.c}")
    total = sum(counts.values())
    with capsys.disabled():
        shares = ", ".join(f"{name} {count / total:.1%}" for name, count in sorted(counts.items()))
        print(f"\n{CASES} nests, {total} loops: {shares} (possible: unknown)")
    assert not failures, f"{len(failures)} unsound verdicts\n" + "\n".join(failures[:5])
    assert counts["parallel"] > total * 0.2, "the analysis decides too little for this test to mean anything"
    assert counts["dependent"] > total * 0.1
