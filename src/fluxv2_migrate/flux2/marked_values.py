"""What a marker would write, held against what stands in its field.

The updater does not look at the value that it replaces, so a marker of the wrong form, or behind the wrong
field, makes a manifest that no longer says what it should.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`, measured on single files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from fluxv2_migrate.flux2.image_objects import canonical_image, parts_of_image
from fluxv2_migrate.flux2.markers import Marker

MisplacedCode = Literal[
    "another-image",
    "no-image-field",
    "not-a-digest",
    "reference-over-tag",
    "tag-apart",
    "tag-lost",
    "tag-over-reference",
]

_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_IMAGE: Final = re.compile(r"[a-z0-9][\w./:-]*", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
# What Kubernetes reads in these fields is never an image or a tag.
_OTHER_FIELDS: Final = frozenset(
    {
        "apiVersion",
        "imagePullPolicy",
        "interval",
        "kind",
        "namespace",
        "protocol",
        "releaseName",
        "restartPolicy",
        "serviceAccountName",
        "storageNamespace",
        "targetNamespace",
        "timeout",
    }
)
# Nor in fields of charts with such names.
_NO_TAG: Final = re.compile(
    r"(?i).*(?:count|cpu|domain|enabled|host|interval|memory|password|path|port|replicas|seconds|secret|size|"
    r"timeout|token|url)"
)
_CHART: Final = ("chart", "spec")
_TAG_FIELDS: Final = ("newTag", "tag")
_NAME_FIELDS: Final = ("newName", "repository", "image")


def misplacement_of(
    marker: Marker, image: str | None, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    """Gives what is wrong with a marker behind its value, with the marker that would be right.

    Args:
        marker: one that the updater sees.
        image: of the policy's ImageRepository, where that is known.
        beside: the fields of the same mapping that say something, with their texts; a mapping or list has an
            empty one.
    """
    value = marker.value or ""
    field = marker.path[-1] if marker.path else ""
    is_image = image is not None and canonical_image(parts_of_image(value).name) == canonical_image(image)
    is_of_chart = marker.path is not None and marker.path[-3:-1] == _CHART
    is_no_tag = marker.part == "tag" and isinstance(field, str) and _NO_TAG.fullmatch(field) is not None
    if is_no_tag or field in _OTHER_FIELDS or (field == "name" and not is_image) or is_of_chart:
        return "no-image-field", f"{field} holds no image, and would be overwritten; put it behind the image"
    check = {"": _whole, "name": _name, "tag": _tag, "digest": _digest}[marker.part]
    return check(marker, value, image, is_image=is_image, beside=beside)


def _right(marker: Marker, part: str) -> str:
    named = f"{marker.namespace}:{marker.policy}" + (f":{part}" if part else "")
    return f'{{"$imagepolicy": "{named}"}}'


def _whole(
    marker: Marker, value: str, image: str | None, *, is_image: bool, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    is_name = marker.path is not None and marker.path[-1:] == ("newName",)
    if is_image and (_has_tag(beside) or is_name) and not parts_of_image(value).tag:
        right = f"{_right(marker, 'name')}, and {_right(marker, 'tag')} behind the tag"
        return "tag-apart", f"the tag has a field of its own, and would stand here as well; write {right}"
    if is_image or " " in value or "=" in value:
        return None
    if value and _TAG.fullmatch(value):
        return (
            "reference-over-tag",
            f"the whole reference would stand where a tag is; write {_right(marker, 'tag')}",
        )
    if _DIGEST.fullmatch(value):
        return (
            "reference-over-tag",
            f"the whole reference would stand where a digest is; write {_right(marker, 'digest')}",
        )
    return _another(value, image)


def _name(
    marker: Marker, value: str, image: str | None, *, is_image: bool, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    parts = parts_of_image(value)
    if parts.tag or parts.digest:
        return "tag-lost", f"only the name would be left, without its tag; write {_right(marker, '')}"
    return None if is_image else _another(value, image)


def _tag(
    marker: Marker, value: str, image: str | None, *, is_image: bool, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    is_of_tag = marker.path is not None and marker.path[-1] in _TAG_FIELDS and not _IMAGE.fullmatch(value)
    is_tag = _TAG.fullmatch(value) and not (is_image and "/" in (image or ""))
    # What something else fills in for a tag is one, too.
    if not value or is_tag or is_of_tag:
        return _tag_of_another(marker, image, beside)
    part = "" if parts_of_image(value).tag or not _has_tag(beside) else "name"
    return (
        "tag-over-reference",
        f"the bare tag would stand where a whole reference is; write {_right(marker, part)}",
    )


def _has_tag(beside: Mapping[str, str]) -> bool:
    return any(name in beside for name in _TAG_FIELDS)


def _tag_of_another(
    marker: Marker, image: str | None, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    """Gives whether the image beside a tag is not that of the policy."""
    field = marker.path[-1] if marker.path else ""
    if image is None or field not in _TAG_FIELDS:
        return None
    # In a kustomization the name is that of the image unless it gets another one.
    names = (*_NAME_FIELDS, *(("name",) if field == "newTag" else ()))
    name = next((beside[key] for key in names if beside.get(key)), "")
    named = parts_of_image(name).name
    registry = beside.get("registry", "")
    known = {canonical_image(each) for each in (named, f"{registry}/{named}".lstrip("/"))}
    if not _IMAGE.fullmatch(named) or canonical_image(image) in known:
        return None
    return "another-image", f"the policy is of {image}, and the tag of {named}; name the policy of that image"


def _digest(
    marker: Marker, value: str, image: str | None, *, is_image: bool, beside: Mapping[str, str]
) -> tuple[MisplacedCode, str] | None:
    if not value or _DIGEST.fullmatch(value):
        return None
    return "not-a-digest", "a digest would stand where something else is; mark the field of the digest"


def _another(value: str, image: str | None) -> tuple[MisplacedCode, str] | None:
    if image is None or not value:
        return None
    return (
        "another-image",
        f"the policy is of {image}, and would replace {value}; name the policy of that image",
    )
