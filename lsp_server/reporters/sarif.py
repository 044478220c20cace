"""SARIF 2.1.0 for code-scanning services (OASIS Static Analysis Results Interchange Format, errata 01)."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

from analyzers.api import Finding, SourceText, Span
from lsp_server.baseline import fingerprints
from lsp_server.outcomes import Located, Outcome

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
RANKS = {"proved": 100.0, "likely": 70.0, "possible": 30.0}
ROOT = "SRCROOT"
Json = dict[str, object]


class SarifReporter:
    """Writes one run when it is left: the rules stand before the results and are known only then."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._results: list[Json] = []
        self._rules: dict[str, Finding] = {}
        self._notifications: list[Json] = []

    def __enter__(self) -> SarifReporter:
        return self

    def add(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._notifications.append(
                {
                    "level": "error",
                    "message": {"text": f"{outcome.name}: {outcome.error}"},
                    "locations": [{"physicalLocation": {"artifactLocation": artifact(outcome)}}],
                }
            )
            return
        for located, fingerprint in fingerprints(outcome):
            self._rules.setdefault(located.finding.rule, located.finding)
            index = list(self._rules).index(located.finding.rule)
            self._results.append(result(outcome, located, index, fingerprint))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        run: Json = {
            "tool": {
                "driver": {
                    "name": "hpc-ls",
                    "version": version("hpc-ls"),
                    "semanticVersion": version("hpc-ls"),
                    "rules": [_rule(code, finding) for code, finding in self._rules.items()],
                }
            },
            "invocations": [
                {
                    "executionSuccessful": not self._notifications,
                    "toolExecutionNotifications": self._notifications,
                }
            ],
            "originalUriBaseIds": {ROOT: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}},
            "columnKind": "utf16CodeUnits",
            "results": self._results,
        }
        document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
        text = json.dumps(document, ensure_ascii=False, indent=1)
        self._out.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")


def result(outcome: Outcome, located: Located, index: int, fingerprint: str) -> Json:
    """One `result` object (§3.27)."""
    finding = located.finding
    location: Json = {"physicalLocation": _physical(outcome, finding.span)}
    if located.function:
        location["logicalLocations"] = [{"name": located.function, "kind": "function"}]
    text = "\n".join(part for part in (finding.message, finding.why, finding.help) if part)
    entry: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "rank": RANKS[finding.confidence],
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"hpcLsFinding/v1": fingerprint},
        "properties": {"confidence": finding.confidence, "category": finding.category},
    }
    if finding.related:
        entry["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(outcome, related.span), "message": {"text": related.message}}
            for number, related in enumerate(finding.related, 1)
        ]
    if finding.fixes:
        entry["fixes"] = [
            {
                "description": {"text": fix.title},
                "artifactChanges": [
                    {
                        "artifactLocation": artifact(outcome),
                        "replacements": [
                            {"deletedRegion": region(outcome.source, edit.span), "insertedContent": {"text": edit.text}}
                            for edit in fix.edits
                        ],
                    }
                ],
            }
            for fix in finding.fixes
            if fix.edits
        ]
    return entry


def _rule(code: str, finding: Finding) -> Json:
    """One `reportingDescriptor` (§3.49), with the rule's own page where it has one."""
    from analyzers.rules import documentation, registry

    record = registry.rules().get(code)
    page = documentation.find(code)
    summary = record.summary if record is not None else finding.message
    entry: Json = {
        "id": code,
        "shortDescription": {"text": summary},
        "defaultConfiguration": {"level": LEVELS[record.severity if record is not None else finding.severity]},
        "properties": {"category": finding.category, "tags": [finding.category, "openmp", "hpc"]},
    }
    if page is not None:
        entry["fullDescription"] = {"text": page.sections.get("What it finds") or page.title}
        entry["help"] = {"text": documentation.plain(page), "markdown": documentation.markdown(page)}
    return entry


def artifact(outcome: Outcome) -> Json:
    """Where the file is: relative to the working folder where it lies below it."""
    if outcome.path is None:
        return {"uri": "stdin"}
    relative = os.path.relpath(outcome.path.absolute())
    if relative.startswith(os.pardir):
        return {"uri": outcome.path.absolute().as_uri()}
    return {"uri": quote(os.fsencode(Path(relative).as_posix())), "uriBaseId": ROOT}


def region(source: SourceText, span: Span) -> Json:
    """One-based lines and columns, the columns in UTF-16 units; the end column is exclusive (§3.30)."""
    start, end = source.position(span.start), source.position(span.end)
    return {
        "startLine": start.line + 1,
        "startColumn": start.column + 1,
        "endLine": end.line + 1,
        "endColumn": end.column + 1,
    }


def _physical(outcome: Outcome, span: Span) -> Json:
    return {
        "artifactLocation": artifact(outcome),
        "region": {**region(outcome.source, span), "snippet": {"text": outcome.source.slice(span)}},
    }
