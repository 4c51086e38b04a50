"""What a marker would write, held against what stands in its field.

The updater does not look at the value that it replaces, so a marker of the wrong form, or behind the wrong
field, makes a manifest that no longer says what it should.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`, measured on single files.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from fluxv2_migrate.flux2.image_names import canonical_image, parts_of_image
from fluxv2_migrate.flux2.markers import Marker

__all__ = ["MisplacedCode", "misplacement_of"]

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
_CHART: Final = ("chart", "spec")


def misplacement_of(
    marker: Marker, image: str | None, *, has_tag_beside: bool
) -> tuple[MisplacedCode, str] | None:
    """Gives what is wrong with a marker behind its value, with the marker that would be right.

    Args:
        marker: one that the updater sees.
        image: of the policy's ImageRepository, where that is known.
        has_tag_beside: whether the field has a sibling for the tag that says something.
    """
    value = marker.value or ""
    field = marker.path[-1] if marker.path else ""
    is_image = image is not None and canonical_image(parts_of_image(value).name) == canonical_image(image)
    is_of_chart = marker.path is not None and marker.path[-3:-1] == _CHART
    if field in _OTHER_FIELDS or (field == "name" and not is_image) or is_of_chart:
        return "no-image-field", f"{field} holds no image, and would be overwritten; put it behind the image"
    check = {"": _whole, "name": _name, "tag": _tag, "digest": _digest}[marker.part]
    return check(marker, value, image, is_image=is_image, has_tag_beside=has_tag_beside)


def _right(marker: Marker, part: str) -> str:
    named = f"{marker.namespace}:{marker.policy}" + (f":{part}" if part else "")
    return f'{{"$imagepolicy": "{named}"}}'


def _whole(
    marker: Marker, value: str, image: str | None, *, is_image: bool, has_tag_beside: bool
) -> tuple[MisplacedCode, str] | None:
    is_name = marker.path is not None and marker.path[-1:] == ("newName",)
    if is_image and (has_tag_beside or is_name) and not parts_of_image(value).tag:
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
    marker: Marker, value: str, image: str | None, *, is_image: bool, has_tag_beside: bool
) -> tuple[MisplacedCode, str] | None:
    parts = parts_of_image(value)
    if parts.tag or parts.digest:
        return "tag-lost", f"only the name would be left, without its tag; write {_right(marker, '')}"
    return None if is_image else _another(value, image)


def _tag(
    marker: Marker, value: str, image: str | None, *, is_image: bool, has_tag_beside: bool
) -> tuple[MisplacedCode, str] | None:
    if not value or (_TAG.fullmatch(value) and not (is_image and "/" in (image or ""))):
        return None
    part = "" if parts_of_image(value).tag or not has_tag_beside else "name"
    return (
        "tag-over-reference",
        f"the bare tag would stand where a whole reference is; write {_right(marker, part)}",
    )


def _digest(
    marker: Marker, value: str, image: str | None, *, is_image: bool, has_tag_beside: bool
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
