"""Names of objects: which Kubernetes takes, and such as are made of other texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Final

LABEL_PATTERN: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LONGEST_LABEL: Final = 63
NAME_PATTERN: Final = rf"{LABEL_PATTERN}(\.{LABEL_PATTERN})*"
LONGEST_NAME: Final = 253
_LABEL: Final = re.compile(LABEL_PATTERN)
_NAME: Final = re.compile(NAME_PATTERN)


def is_object_name(text: str) -> bool:
    """Gives whether Kubernetes takes a text as the name of an object (RFC 1123, a subdomain).

    >>> is_object_name("web.example"), is_object_name("s; touch p")
    (True, False)
    """
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def is_namespace_name(text: str) -> bool:
    """Gives whether Kubernetes takes a text as the name of a namespace (RFC 1123, a label).

    >>> is_namespace_name("shop"), is_namespace_name("shop.example")
    (True, False)
    """
    return len(text) <= LONGEST_LABEL and _LABEL.fullmatch(text) is not None


def as_name(text: str) -> str:
    """Gives what a name has of a text: small letters, digits, and a hyphen for all that is between them.

    >>> as_name("./k8s/Common_apps/")
    'k8s-common-apps'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def short_digest(text: str) -> str:
    """Gives what tells a name from all others that begin alike.

    >>> short_digest("web")
    '4b5e57f6'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def numbered(*names: str) -> Iterator[str]:
    """Gives some names, and after these the last one with one number after the other.

    >>> [name for name, _ in zip(numbered("web", "shop-web"), range(4))]
    ['web', 'shop-web', 'shop-web-2', 'shop-web-3']
    """
    return chain(names, (f"{names[-1]}-{number}" for number in count(2)))
