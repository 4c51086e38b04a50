"""The file of answers: what somebody fills in who knows the clusters, and no Python."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.quoting import few
from fluxv2_migrate.report.outline import places_of
from fluxv2_migrate.settings.overrides import entry_of
from fluxv2_migrate.yaml_text import Style, emit_item

_HEAD: Final = """\
# Answers to the questions of the migration to Flux v2.
# Each entry counts as soon as the file is given back: read it, fill in what is empty, correct what is wrong,
# and remove what is not true. An entry that is still empty decides nothing.
# cluster, kind, namespace, name, path and container say what an answer is about. * and ? stand for anything,
# so one entry may take the place of several: `cluster: "*"` is about every cluster.
"""
_NOTHING: Final = "# The migration to Flux v2 asks nothing.\n"
_WIDTH: Final = 100
_SHOWN: Final = 5
_WHAT: Final[Mapping[str, str]] = {
    "release_name": "the name that `helm list -A` shows for the release",
    "storage_namespace": "the namespace that `helm list -A` shows for the release",
    "ref_kind": "branch, tag or commit: what the ref is in the repository of the chart",
    "source_name": "a name of your own for the source of the chart",
    "secret_name": "the name of the Secret with which the source is read",
    "policy": "what orders the tags: semver with a range, numerical or alphabetical with an order",
    "filter_tags": "which tags count: a pattern, and with extract the part of it that is ordered",
    "pull_secret": "the name of the Secret with which the tags of the image are read",
    "helm_versions": "what the operator's --enabled-helm-versions was; v3 only if `helm list -A` of Helm 3 "
    "shows the releases",
    "fluxd_version": "the version of fluxd that runs, such as 1.18.0",
    "git_url": "fluxd's --git-url",
    "update_images": "true has the images updated from now on",
    "leave": "true leaves it as it is, in Flux v1",
    "accept": "the code, once you have read what it says and nothing has to be done",
}


def answers_of(findings: Iterable[Finding]) -> list[tuple[dict[str, Any], list[Finding]]]:
    """Gives each answer that settles an error, in JSON's types, with all the findings that it settles."""
    answers: list[tuple[dict[str, Any], list[Finding]]] = []
    for finding in findings:
        if finding.severity != "error" or finding.answer is None:
            continue
        given = entry_of(finding.answer)
        known = next((settled for answer, settled in answers if answer == given), None)
        if known is None:
            answers.append((given, [finding]))
        else:
            known.append(finding)
    return answers


def questions_text(findings: Iterable[Finding]) -> str:
    """Gives the answers as YAML with comments; what it holds is a list for `MigrationOptions.overrides`.

    >>> print(questions_text([]), end="")
    # The migration to Flux v2 asks nothing.
    []
    """
    findings = tuple(findings)
    answers = answers_of(findings)
    told: set[tuple[str, str]] = set()
    blocks = [_HEAD, *("".join(_block(given, settled, told)) for given, settled in answers)]
    edits = [each for each in findings if each.severity == "error" and each.answer is None]
    if not answers and not edits:
        return f"{_NOTHING}[]\n"
    if edits:
        blocks.append("".join(_edits(edits)))
    if not answers:
        blocks.append("[]\n")
    return "\n".join(blocks)


def _block(given: Mapping[str, Any], settled: list[Finding], told: set[tuple[str, str]]) -> Iterator[str]:
    """Gives an answer with what is to be known of it; what stands above it is not said a second time."""

    def untold(text: str) -> bool:
        is_new = (settled[0].code, text) not in told
        told.add((settled[0].code, text))
        return is_new

    first = settled[0]
    message = f"{first.message}." if untold(first.message) else "as above."
    remedy = f" {first.remedy}" if untold(first.remedy) else ""
    yield from _comment(f"{first.code} {first.slug}: {message}{remedy}")
    places = [place for finding in settled for place in places_of(finding)]
    if places:
        yield from _comment(f"Where: {few(places, _SHOWN)}")
    for field in given:
        if field in _WHAT and untold(field):
            yield from _comment(f"{field}: {_WHAT[field]}")
    yield emit_item(given, 0, Style())


def _edits(findings: list[Finding]) -> Iterator[str]:
    yield "# What no answer settles; the repository has to be edited:\n"
    for finding in findings:
        where = f" ({', '.join(places_of(finding)[:_SHOWN])})" if places_of(finding) else ""
        yield from _comment(f"{finding.code} {finding.slug}: {finding.message}. {finding.remedy}{where}")


def _comment(text: str) -> Iterator[str]:
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    yield from (f"# {line}\n" for line in lines)
