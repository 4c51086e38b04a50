"""Placeholders that something fills in before a manifest is applied: a pipeline, a template, a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_list, as_object


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder.

    Attributes:
        form: how its language writes one.
        text: the placeholder as it stands.
        field: where it stands; empty for a text that is no manifest.
    """

    form: str
    text: str
    field: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What becomes of a manifest that has it."""
        return f"placeholders of the form {self.form} are filled in elsewhere: the files stay as they are"


_BLOCKS: Final = {"{% … %}": re.compile(r"\{%.*?%\}"), "<% … %>": re.compile(r"<%.*?%>")}
_FORMS: Final = {
    "{{ … }}": re.compile(r"\{\{.*?(?:\}\}|$)"),
    **_BLOCKS,
    "$(…)": re.compile(r"\$\([^)]*\)?"),
    "${…}": re.compile(r"\$\{[^}]*\}?"),
    "$…": re.compile(r"\$[A-Za-z_]\w*"),
    "#{…}#": re.compile(r"#\{[^}]*\}#?"),
    "<…>": re.compile(r"<[A-Za-z][\w .-]*>"),
    "[[ … ]]": re.compile(r"\[\[.*?\]\]"),
    "((…))": re.compile(r"\(\(.*?\)\)"),
    "@…@": re.compile(r"@[A-Za-z_][\w.-]*@"),
    "%…%": re.compile(r"%[A-Za-z_]\w{2,}%"),
    "__…__": re.compile(r"__[A-Za-z]\w*?__"),
}
_MARKS_OF_FORMS: Final = re.compile(r"[{$<\[(%]|@.*@|__")
"""What stands in each of these forms, and in hardly a name."""
# A word that no name of Kubernetes and hardly a branch has: parts of capitals, joined by `_`.
_CAPITALS: Final = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z][A-Z0-9]*)+(?![A-Za-z0-9_])")
# What people write where a pipeline is to put something; an application may be called so.
_TO_BE_FILLED: Final = re.compile(r"(?i:(?:change|replace|fill)[-_]?me|todo|tbd|fixme|placeholder)")
_IN_COMMENT: Final = re.compile(
    r"^[ \t-]*(?:(?:target|)[nN]amespace|(?:release|)[nN]ame|git|ref|path|repository|version):[ \t]+"
    r"(#\{\w[^}\"]*\}#?)[ \t]*\r?$",
    re.MULTILINE,
)
_LINE: Final = re.compile(r"^[ \t]*\$\{[^}\n]*\}[ \t]*\r?$", re.MULTILINE)
_OF_SOURCE: Final = ("git", "ref", "repository", "version")
_ANY: Final = re.compile("|".join([*(form.pattern for form in _FORMS.values()), _CAPITALS.pattern]))
_OF_KUBERNETES: Final = ("name", "namespace", "targetNamespace")
_NAMES: Final = (("releaseName",), ("targetNamespace",))
_OF_CHART: Final = ("git", "ref", "path", "repository", "name", "version")


def placeholder_of_release(manifest: Mapping[str, Any]) -> Placeholder | None:
    """Gives a placeholder in what a release is called and where its chart comes from; values may hold any.

    >>> placeholder_of_release({"spec": {"chart": {"git": "git@git.example.com:a", "ref": "APPS_REF"}}}).text
    'APPS_REF'
    >>> placeholder_of_release({"spec": {"chart": {"ref": "release/1.0"}, "values": {"a": "${B}"}}}) is None
    True
    """
    for field, value in _identifying(manifest):
        for form, pattern in _FORMS.items() if _MARKS_OF_FORMS.search(value) else ():
            if match := pattern.search(value):
                return Placeholder(form, match[0], field)
        # An object of Kubernetes may be called so, but not in capitals.
        may_be = field[-1] in _OF_SOURCE or (field[-1] in _OF_KUBERNETES and not value.islower())
        if may_be and _TO_BE_FILLED.fullmatch(value):
            return Placeholder("A_WORD_TO_BE_REPLACED", value, field)
        if _may_be_capitals(field, value) and (match := _CAPITALS.search(value)):
            return Placeholder("A_WORD_IN_CAPITALS", match[0], field)
    return None


def has_placeholder(text: str) -> bool:
    """Gives whether a text is filled in elsewhere, or a part of it.

    >>> has_placeholder("${CLUSTER}-web"), has_placeholder("CHANGEME"), has_placeholder("web")
    (True, True, False)
    """
    is_to_be_filled = not text.islower() and _TO_BE_FILLED.fullmatch(text) is not None
    return _ANY.search(text) is not None or is_to_be_filled


def fits_placeholders(text: str, name: str) -> bool:
    """Gives whether a text may become a name once its placeholders are filled in.

    >>> fits_placeholders("${CLUSTER}-web", "eu-web"), fits_placeholders("${CLUSTER}-web", "eu-db")
    (True, False)
    """
    return re.fullmatch(".+".join(map(re.escape, _ANY.split(text))), name, re.DOTALL) is not None


def _may_be_capitals(field: tuple[str, ...], value: str) -> bool:
    """Gives whether a word in capitals is none of the field's own: folders and owners may be called so."""
    if field[-1] in ("git", "repository"):
        host = re.split("[/:]", value.partition("://")[2] or value)[0]
        return _CAPITALS.search(host) is not None
    return field[-1] not in ("path", "chartGitPath") and not value.startswith("refs/")


def _identifying(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    metadata, spec = as_object(manifest.get("metadata")), as_object(manifest.get("spec"))
    chart = as_object(spec.get("chart"))
    fields: list[tuple[tuple[str, ...], Any]] = [
        (("metadata", key), metadata.get(key)) for key in ("name", "namespace")
    ]
    fields += [(("spec", *path), spec.get(path[0])) for path in _NAMES]
    fields += [(("spec", "chart", key), chart.get(key)) for key in _OF_CHART]
    fields += [(("spec", "chartGitPath"), spec.get("chartGitPath"))]
    for index, entry in enumerate(as_list(spec.get("valuesFrom"))):
        for kind in ("configMapKeyRef", "secretKeyRef"):
            for key in ("name", "namespace"):
                place = ("spec", "valuesFrom", str(index), kind, key)
                fields.append((place, as_object(as_object(entry).get(kind)).get(key)))
    for field, value in fields:
        if isinstance(value, str):
            yield field, value
        elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            # Without quotes YAML takes brackets for lists.
            yield field, f"[[{', '.join(map(str, value[0]))}]]"


def placeholder_in_text(text: str) -> Placeholder | None:
    r"""Gives a placeholder in a text that is no YAML because of it.

    >>> placeholder_in_text("metadata:\\n  {% if x %}\n  name: {{ name }}\\n").form
    '{% … %}'
    >>> placeholder_in_text("spec:\n  values:\n${values}\n").text
    '${values}'
    """
    for form in ("{% … %}", "<% … %>", "{{ … }}", "((…))", "[[ … ]]", "@…@", "#{…}#", "%…%"):
        if match := _FORMS[form].search(text):
            return Placeholder(form, match[0])
    # Values have it everywhere; alone on a line it stands for lines that come from elsewhere.
    if match := _LINE.search(text):
        return Placeholder("${…}", match[0].strip())
    return None


def placeholder_in_comment(text: str) -> Placeholder | None:
    r"""Gives a placeholder of the form `#{…}` where nothing else stands: for YAML it is a comment.

    >>> placeholder_in_comment("metadata:\n  namespace: #{Namespace}\n").text
    '#{Namespace}'
    >>> placeholder_in_comment("a: 1 #{x}\n") is None
    True
    """
    match = _IN_COMMENT.search(text) if "#{" in text else None
    return None if match is None else Placeholder("#{…}#", match[1])
