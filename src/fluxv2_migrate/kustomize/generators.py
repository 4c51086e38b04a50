"""The ConfigMaps and Secrets that a kustomization generates."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.resources import Resource
from fluxv2_migrate.kustomize.values import Manifest, json_value, text_of
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK

_HASH_LETTERS: Final = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})
_LINE: Final = 70


def generate(
    kind: str, entry: Mapping[str, Any], options: Mapping[str, Any], load: Callable[[str], bytes]
) -> Resource:
    """Gives the object that an entry of `configMapGenerator` or `secretGenerator` describes.

    Args:
        kind: `ConfigMap` or `Secret`.
        options: the kustomization's `generatorOptions`.

    Raises:
        InvalidManifest: kustomize refuses the entry.

    Source: kustomize api 0.21 `internal/generators`, `kv/kv.go`.
    """
    if not entry.get("name"):
        raise InvalidManifest("a generator without a name")
    own = entry.get("options") or {}
    manifest: Manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": text_of(entry["name"])}}
    if entry.get("namespace"):
        manifest["metadata"]["namespace"] = text_of(entry["namespace"])
    data = _data(entry, load)
    if kind == "Secret":
        manifest["type"] = text_of(entry.get("type") or "Opaque")
        manifest["data"] = {key: _base64(value) for key, value in sorted(data.items())}
    else:
        _set_config_map_data(manifest, data)
    for field in ("labels", "annotations"):
        pairs = {**(options.get(field) or {}), **(own.get(field) or {})}
        if pairs:
            manifest["metadata"][field] = {key: value or "" for key, value in sorted(pairs.items())}
    if options.get("immutable") or own.get("immutable"):
        manifest["immutable"] = True
    hashed = not (options.get("disableNameSuffixHash") or own.get("disableNameSuffixHash"))
    return Resource(manifest, "", 0, behavior=text_of(entry.get("behavior") or ""), wants_hash=hashed)


def _base64(value: bytes) -> str:
    text = base64.b64encode(value).decode("ascii")
    if len(text) <= _LINE:
        return text
    return "".join(text[start : start + _LINE] + "\n" for start in range(0, len(text), _LINE))


def _set_config_map_data(manifest: Manifest, data: Mapping[str, bytes]) -> None:
    for key, value in sorted(data.items()):
        try:
            manifest.setdefault("data", {})[key] = value.decode("utf-8")
        except UnicodeDecodeError:
            manifest.setdefault("binaryData", {})[key] = _base64(value)


def _texts(entry: Mapping[str, Any], field: str) -> list[str]:
    return [value or "" for value in entry.get(field) or ()]


def _data(entry: Mapping[str, Any], load: Callable[[str], bytes]) -> dict[str, bytes]:
    environments = _texts(entry, "envs") + ([text_of(entry["env"])] if entry.get("env") else [])
    pairs = [pair for path in environments for pair in _pairs_of_environment(load(path))]
    for literal in _texts(entry, "literals"):
        key, equals, value = literal.partition("=")
        if not key or not equals:
            raise InvalidManifest(f"a literal of a generator that is no pair: {literal}")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        pairs.append((key, value.encode()))
    for source in _texts(entry, "files"):
        key, equals, path = source.partition("=")
        if equals and (not key or not path or "=" in path):
            raise InvalidManifest(f"a file of a generator that kustomize refuses: {source}")
        pairs.append((key if equals else posixpath.basename(source), load(path if equals else source)))
    data: dict[str, bytes] = {}
    for key, content in pairs:
        if key in data:
            raise InvalidManifest(f"a generator has the key {key} twice")
        data[key] = content
    return data


def _pairs_of_environment(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Gives the names and values of a file of the kind that `env` and `envs` name."""
    for line in as_text(content).removeprefix(BYTE_ORDER_MARK).split("\n"):
        line = line.removesuffix("\r").lstrip()
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield key, value.encode()


def absorb(resources: list[Resource], generated: Resource) -> None:
    """Adds a generated object, or merges it into the one whose name it has, as its behaviour says.

    Raises:
        InvalidManifest: there is one without a behaviour that allows it, or none with one that needs it.

    Source: kustomize api 0.21 `resmap/reswrangler.go` `appendReplaceOrMerge`.
    """
    wanted = generated.identity
    found = [other for other in resources if any(known == wanted for known in other.identities)]
    if len(found) > 1:
        raise InvalidManifest(f"several objects could take up the generated {wanted}")
    if not found:
        if generated.behavior in ("merge", "replace"):
            raise InvalidManifest(f"there is no {wanted} that a generator could change")
        resources.append(generated)
        return
    if generated.behavior not in ("merge", "replace"):
        raise InvalidManifest(f"{wanted} is there already, and its generator has no behavior")
    old = found[0]
    manifest = generated.manifest
    if generated.behavior == "merge":
        for field in ("data", "binaryData"):
            merged = {**mapping_at(old.manifest, field), **mapping_at(manifest, field)}
            if merged:
                manifest[field] = merged
    metadata = manifest["metadata"]
    for field in ("labels", "annotations"):
        merged = {**mapping_at(old.manifest, "metadata", field), **mapping_at(metadata, field)}
        if merged:
            metadata[field] = {key: text_of(value) for key, value in sorted(merged.items())}
    generated.set_metadata("name", old.name)
    generated.set_metadata("namespace", old.namespace)
    generated.previous, generated.prefixes, generated.suffixes = old.previous, old.prefixes, old.suffixes
    generated.steps, generated.patches = old.steps, old.patches
    generated.behavior, generated.wants_hash = old.behavior, old.wants_hash and generated.wants_hash
    generated.path, generated.index, generated.item = old.path, old.index, old.item
    resources[resources.index(old)] = generated


def name_hash(manifest: Manifest) -> str:
    """Gives the ending of a generated object's name, which is made of its content.

    Source: kustomize api 0.21 `hasher/hasher.go`.

    >>> name_hash({"kind": "ConfigMap", "data": {"a": "b", "c": "<x>"}})
    '78dcm86cm4'
    """
    kind = text_of(manifest.get("kind"))
    # The name was meant to be part of it, and is looked for where it is not.
    content: Manifest = {"data": manifest.get("data", ""), "kind": kind, "name": ""}
    if kind == "Secret":
        content["type"] = manifest.get("type", "")
    other = "stringData" if kind == "Secret" else "binaryData"
    if isinstance(manifest.get(other), dict):
        content[other] = manifest[other]
    text = json.dumps(json_value(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_HASH_LETTERS)
