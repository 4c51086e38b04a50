"""How each reader takes scalars and keys: fluxd, kustomize, and whoever takes only what both read alike."""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import Any, Final

from fluxv2_migrate.yaml_text.lines import Unsure
from fluxv2_migrate.yaml_text.nodes import ScalarNode
from fluxv2_migrate.yaml_text.scalars import (
    Scalar,
    is_key_to_kustomize,
    is_same_scalar,
    read_by_kustomize,
    resolve_plain_scalar,
    scalar_by_flux1,
    scalar_by_kustomize,
)

_LARGEST_FLOAT32: Final = 3.4028234663852886e38
_EXPONENT_FROM: Final = 6
"""From this power of ten on Go writes a float with an exponent, where it chooses the shortest form."""


def key_of(node: ScalarNode) -> str:
    """Gives a key as JSON has it: a string, whatever YAML makes of it."""
    return json_text(scalar_by_flux1(node)) if node.tag or node.style else plain_key(node.value)


@lru_cache(maxsize=4096)
def plain_key(text: str) -> str:
    """Gives a key that is written without quotes as JSON has it; the same few stand in every manifest."""
    return json_text(resolve_plain_scalar(text))


def json_text(value: Any) -> str:
    """Gives a value where a text is wanted, as a key or in a field of texts, as Go's reader makes it.

    >>> json_text(True), json_text(1.10), json_text(1e3), json_text(None)
    ('true', '1.1', '1000', 'null')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_key(value)
    return str(value)


def _float_key(value: float) -> str:
    """Gives a float as Go's reader makes a key of it: with the digits that tell it from others of 32 bits.

    Source: sigs.k8s.io/yaml `yaml.go` `convertToJSONableObject`, `strconv.FormatFloat(…, 'g', -1, 32)`.
    """
    if math.isnan(value):
        return ".nan"
    if abs(value) > _LARGEST_FLOAT32:
        return ".inf" if value > 0 else "-.inf"
    (short,) = struct.unpack("f", struct.pack("f", value))
    # Nine digits tell every float of 32 bits from the others.
    digits, text = next(
        (digits, text)
        for digits in range(9)
        if struct.pack("f", float(text := f"{short:.{digits}e}")) == struct.pack("f", short)
    )
    mantissa, _, exponent = text.partition("e")
    if -4 <= int(exponent) < _EXPONENT_FROM:
        return f"{short:.{max(0, digits - int(exponent))}f}"
    return f"{mantissa}e{exponent}"


def _key_by_kustomize(node: ScalarNode) -> str:
    # What it cannot write as a key makes its build fail; that is told where it is built.
    return json_text(scalar_by_kustomize(node))


@lru_cache(maxsize=4096)
def _plain_key_by_kustomize(text: str) -> str:
    return json_text(read_by_kustomize(text))


@lru_cache(maxsize=4096)
def _plain_to_both(text: str) -> Scalar:
    value = resolve_plain_scalar(text)
    if not is_same_scalar(value, read_by_kustomize(text)):
        raise Unsure
    return value


def _scalar_to_both(node: ScalarNode) -> Scalar:
    return node.value if node.style else _plain_to_both(node.value)


@lru_cache(maxsize=4096)
def _plain_key_to_both(text: str) -> str:
    name = plain_key(text)
    if not is_key_to_kustomize(ScalarNode(text, "", 0, 0)) or read_by_kustomize(text) != name:
        raise Unsure
    return name


READERS: Final = {
    "both": (_plain_to_both, _scalar_to_both, key_of, _plain_key_to_both),
    "flux1": (resolve_plain_scalar, scalar_by_flux1, key_of, plain_key),
    "kustomize": (read_by_kustomize, scalar_by_kustomize, _key_by_kustomize, _plain_key_by_kustomize),
}
