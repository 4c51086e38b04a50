"""Tag patterns of fluxd as image policies of Flux v2, under which nothing moves by accident.

Flux v1 took the newest build and Flux v2 cannot order by build time, so an order is looked for in the tags
themselves. What is found is tried with the known tags; what fails becomes a pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, is_at_least
from fluxv2_migrate.frozen import frozen
from fluxv2_migrate.given import checked_list, checked_text
from fluxv2_migrate.pages import fragment, prose, table
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.tags.comparison import TagComparison, as_markdown, as_text, compare_tags
from fluxv2_migrate.tags.orders import Order, Trust, orders_of
from fluxv2_migrate.tags.policies import LAST, PINNED, PolicyCandidate, exactly
from fluxv2_migrate.tags.ranges import filter_of_versions, meant_range, translate_range
from fluxv2_migrate.tags.shapes import pieces_of
from fluxv2_migrate.tags.trials import Measured, Trial, ranked

Confidence = Literal["proved", "structural", "guess", "none"]
_HEAD: Final = ("", "")
_FEW: Final = 0.1
"""Share of pairs in a wrong order that rebuilds and hotfixes account for."""
_MANY: Final = 1 / 3
"""Share of pairs in a wrong order from which on an order is none; by chance it is a half."""


@dataclass(frozen=True, slots=True)
class PolicyTranslation:
    """An image policy for a tag pattern.

    Attributes:
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`, or `None`.
        order: what orders the tags, in words.
        candidates: other policies that fit, the best first.
        confidence: `proved` on the given build times, `structural` by what the tags show, a `guess`, or
            `none`: then it is the pin.
        findings: what a person must know.
        digest_reflection: the `spec.digestReflectionPolicy`; `Always` wants a `spec.interval` beside it.
        pattern: of fluxd, with its prefix.
        flux_version: the Flux release that will run.
    """

    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None
    order: str
    candidates: tuple[PolicyCandidate, ...]
    confidence: Confidence
    findings: tuple[Finding, ...]
    digest_reflection: Literal["Never", "Always"]
    pattern: str
    flux_version: FluxVersion

    def __post_init__(self) -> None:
        for name in ("policy", "filter_tags"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def compare(self, images: Iterable[TaggedImage | str]) -> TagComparison:
        """Gives what fluxd and this policy make of the same tags.

        Args:
            images: the tags, with their build times where these are known.

        >>> found = translate_tag_pattern("semver:~1", current_tag="1.0.0")
        >>> found.compare(["1.0.0", "1.2.0", "2.0.0"]).flux2
        ('1.2.0', '1.0.0')
        """
        return compare_tags(
            images, self.pattern, self.policy, self.filter_tags, flux_version=self.flux_version
        )

    def to_markdown(self) -> str:
        """Gives the policy with what is to be known of it.

        >>> print(translate_tag_pattern("semver:1.4").to_markdown().splitlines()[2])
        | `Flux v1` | `semver:1.4` |
        """
        return f"{as_markdown(_HEAD, self._rows())}\n"

    def __str__(self) -> str:
        return as_text(_HEAD, self._rows())

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        rows = [*self._fields(), *((each.code, prose(each.message)) for each in self.findings)]
        return fragment("Image policy", table(self.pattern, ("field", "value"), rows))

    def _rows(self) -> list[tuple[str, str]]:
        return [*self._fields(), *((each.code, each.message) for each in self.findings)]

    def _fields(self) -> list[tuple[str, str]]:
        rows = [("Flux v1", self.pattern), ("order", self.order), ("confidence", self.confidence)]
        for kind, fields in self.policy.items():
            rows += [(f"policy.{kind}.{name}", str(value)) for name, value in fields.items()]
        rows += [(f"filterTags.{name}", value) for name, value in (self.filter_tags or {}).items()]
        if self.digest_reflection != "Never":
            rows.append(("digestReflectionPolicy", self.digest_reflection))
        return rows


def translate_tag_pattern(
    pattern: str,
    *,
    current_tag: str | None = None,
    images: Iterable[TaggedImage] | None = None,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> PolicyTranslation:
    """Gives an image policy that selects what fluxd would have, or the pin where that cannot be known.

    Args:
        pattern: of fluxd, with its prefix.
        current_tag: the tag that runs.
        images: the known tags, with their build times where these are known.
        flux_version: the Flux release that will run.

    Returns:
        The policy. Selecting from the current tag alone gives it; selecting from the known tags gives it, or
        what fluxd selects from them.

    Source: fluxcd/flux 1.25.4 `pkg/policy/pattern.go`; image-reflector-controller 1.2.0 `internal/policy`.

    >>> found = translate_tag_pattern("semver:~1.4", current_tag="1.4.7")
    >>> found.policy, found.filter_tags, found.confidence
    ({'semver': {'range': '~1.4'}}, None, 'structural')
    >>> found = translate_tag_pattern("glob:main-*", current_tag="main-3f1c2ab-1602225929")
    >>> found.policy, found.filter_tags["extract"], found.order
    ({'numerical': {'order': 'asc'}}, '$n', 'a timestamp')
    >>> translate_tag_pattern("glob:*", current_tag="3f1c2ab").filter_tags
    {'pattern': '^3f1c2ab$'}
    """
    chosen = TagPattern.parse(pattern)
    if current_tag is not None:
        checked_text(current_tag, "the tag that runs")
    trial = Trial(chosen, current_tag, tuple(checked_list(images or (), "images", TaggedImage)), flux_version)
    findings: list[Finding] = []
    orders = _orders(chosen, current_tag, trial, flux_version, findings)
    tried = ranked([each.candidate for each in orders], trial, flux_version)
    trusts = {_identity(each.candidate): each.trust for each in orders}
    objections: list[str] = []
    for measured in tried:
        candidate = measured.candidate
        trust = trusts[_identity(candidate)]
        objection = _objection(measured, trial, trust)
        if objection is not None:
            objections.append(objection)
            continue
        reflected = _follow(candidate, chosen, flux_version, findings)
        return PolicyTranslation(
            candidate.policy,
            candidate.filter_tags,
            candidate.order,
            tuple(
                each.candidate
                for each in tried
                if each is not measured and trusts[_identity(each.candidate)] != "shared"
            ),
            _confidence(measured, trial, findings, trust),
            _with_what_is_written(findings, chosen.kind, candidate),
            reflected,
            pattern,
            flux_version,
        )
    candidates = tuple(each.candidate for each in tried if trusts[_identity(each.candidate)] != "shared")
    findings.append(_unordered(chosen, current_tag, objections))
    pin = _held(current_tag)
    return PolicyTranslation(
        LAST,
        pin,
        PINNED,
        candidates,
        "none",
        _with_what_is_written(findings, chosen.kind, None),
        "Never",
        pattern,
        flux_version,
    )


class TagTranslations:
    """Image policies of tag patterns: what many workloads have in common is translated once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], PolicyTranslation] = {}

    def of(
        self,
        pattern: str,
        current_tag: str | None,
        images: tuple[TaggedImage, ...],
        flux_version: FluxVersion,
    ) -> PolicyTranslation:
        """Gives what `translate_tag_pattern` gives."""
        key = (pattern, current_tag, images, flux_version)
        if key not in self._known:
            self._known[key] = translate_tag_pattern(
                pattern, current_tag=current_tag, images=images, flux_version=flux_version
            )
        return self._known[key]


def _with_what_is_written(
    findings: Sequence[Finding], kind: str, candidate: PolicyCandidate | None
) -> tuple[Finding, ...]:
    """Gives findings of which those of an invalid pattern say what stands in the policy instead of it."""
    said = "the tag that runs is held"
    if candidate is not None:
        filter_tags = candidate.filter_tags or {}
        written = candidate.policy["semver"]["range"] if kind == "semver" else filter_tags.get("pattern")
        said = f"`{written}` is taken"
    return tuple(
        replace(finding, message=f"{finding.message}; {said}") if finding.code == "IM004" else finding
        for finding in findings
    )


def _identity(candidate: PolicyCandidate) -> str:
    return repr((candidate.policy, candidate.filter_tags))


def _orders(
    chosen: TagPattern,
    current_tag: str | None,
    trial: Trial,
    flux_version: FluxVersion,
    findings: list[Finding],
) -> Sequence[Order]:
    if chosen.kind == "semver":
        return _of_range(chosen, current_tag, flux_version, findings)
    if chosen.kind == "glob" and "*" not in chosen.pattern:
        return [Order(PolicyCandidate(LAST, exactly(chosen.pattern), "one tag"), "structural")]
    if not chosen.valid:
        meant = TagPattern.parse(f"regexp:{chosen.pattern})")
        findings.append(Finding("IM004", f"`{chosen}` is invalid, and fluxd took every tag"))
        if not meant.valid:
            return ()
        chosen = meant
    reference = current_tag if current_tag is not None else trial.newest
    pieces = None if reference is None else pieces_of(chosen, reference)
    return () if pieces is None else orders_of(pieces)


def _objection(measured: Measured, trial: Trial, trust: Trust) -> str | None:
    """Gives why an order is not to be taken."""
    order = measured.candidate.order
    if trust == "shared":
        return (
            f"{order} does not tell builds apart that differ in another part, and an older one could be taken"
        )
    if trust == "doubtful" and not (trial.enough and measured.lost <= _FEW):
        return f"{order} may order nothing, and no build times bear it out"
    if trial.enough and measured.wrong > _MANY:
        return f"ordered by {order}, the tags are not in the order of their builds"
    return trial.objection(measured.candidate)


def _confidence(measured: Measured, trial: Trial, findings: Sequence[Finding], trust: Trust) -> Confidence:
    if trial.proves(measured):
        return "proved"
    # What fluxd selected from and this policy leaves out is a difference to come.
    left_out = measured.kept < len(trial.times)
    guessed = trust != "structural" or bool(measured.candidate.wrong_pairs) or left_out
    if guessed or any(finding.code in ("IM004", "IM019") for finding in findings):
        return "guess"
    return "structural"


def _follow(
    candidate: PolicyCandidate, chosen: TagPattern, flux_version: FluxVersion, findings: list[Finding]
) -> Literal["Never", "Always"]:
    # A tag that names no build, as `latest` and `stable` do not, stays the same while its image changes.
    if candidate.order != "one tag" or any(letter.isdigit() for letter in chosen.pattern):
        return "Never"
    fluxd = f"fluxd never noticed that `{chosen.pattern}` moved"
    if not is_at_least(flux_version, "2.6"):
        findings.append(Finding("IM006", f"{fluxd}, and Flux {flux_version} does not either"))
        return "Never"
    findings.append(Finding("IM006", f"{fluxd}, and Flux v2 follows its digest"))
    return "Always"


def lacking_version(translated: PolicyTranslation) -> str | None:
    """Gives a version that the range of a pattern held to fluxd, and none that Flux v2 knows for it does.

    >>> lacking_version(translate_tag_pattern("semver:^0.0.3", current_tag="0.0.3"))
    '0.1.3'
    """
    chosen = TagPattern.parse(translated.pattern)
    text = _range_of(chosen) if chosen.kind == "semver" else None
    found = None if text is None else translate_range(text, translated.flux_version)
    return None if found is None else found.lost


def _range_of(chosen: TagPattern) -> str | None:
    """Gives the range of a pattern, or what an invalid one was to say, if anybody can tell."""
    return chosen.pattern.strip() if chosen.valid else meant_range(chosen.pattern)


def _of_range(
    chosen: TagPattern, current_tag: str | None, flux_version: FluxVersion, findings: list[Finding]
) -> list[Order]:
    text = _range_of(chosen)
    if not chosen.valid:
        message = f"the range `{chosen.pattern}` is invalid, and fluxd took every version"
        findings.append(Finding("IM004", message))
    if text is None:
        return []
    found = translate_range(text, flux_version)
    if found is None:
        findings.append(Finding("IM019", f"Flux {flux_version} has no range that means `{text}`"))
        return []
    if found.lost is not None:
        message = f"no range of Flux {flux_version} means `{text}`: `{found.text}` lacks {found.lost}"
        findings.append(Finding("IM019", message))
    elif found.text != text:
        message = f"the range `{text}` is written as `{found.text}` for Flux {flux_version}"
        findings.append(Finding("IM019", message))
    filter_tags = None if current_tag is None else filter_of_versions(current_tag, flux_version)
    if filter_tags is not None:
        message = f"tags like `{current_tag}` are no versions to Flux {flux_version}, and are rewritten"
        findings.append(Finding("IM003", message))
    return [Order(PolicyCandidate({"semver": {"range": found.text}}, filter_tags, "versions"), "structural")]


def _unordered(
    chosen: TagPattern,
    current_tag: str | None,
    objections: Sequence[str],
) -> Finding:
    if current_tag is None:
        message = f"it is not known which tag of `{chosen}` runs"
    elif not chosen.selects(current_tag):
        message = f"the tag that runs, `{current_tag}`, is none that fluxd would select by `{chosen}`"
    elif objections:
        message = f"no order is known that is right for the tags of `{chosen}`: {objections[0]}"
    else:
        message = f"nothing is known that orders the tags of `{chosen}`"
    # What a person takes over without a look moves nothing.
    answer = Override(policy=LAST, filter_tags=_held(current_tag))
    return Finding("IM005", message, answer=answer)


def _held(current_tag: str | None) -> Mapping[str, str]:
    # Without a tag there is nothing to hold: a filter that no tag passes moves nothing either.
    return {"pattern": "^$"} if current_tag is None else exactly(current_tag)
