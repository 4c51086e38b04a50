"""Values that a release takes from a URL and that are a file of this very repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, repository_key
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.raw_files import RawFile, raw_files
from fluxv2_migrate.kubernetes import as_list, mapping_at, numbered
from fluxv2_migrate.rules import ValuesOfUrl
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import read_document

_NO_NAME: Final = re.compile(r"[^a-z0-9.-]+")
_USUAL_BRANCHES: Final = ("", "HEAD", "main", "master")


def values_of_urls(
    manifest: Mapping[str, Any],
    name: str,
    view: ClusterView,
    around: Surroundings,
    *,
    is_inlined: bool = True,
) -> dict[str, ValuesOfUrl]:
    """Gives for each URL of a release's values what is here of it.

    A URL is that of a file of this repository where it names the owner and the name of the repository that
    the cluster syncs, or, where nobody knows that one, where the file is here under the path of the URL.

    Args:
        is_inlined: whether values are written into the release where nothing else follows them.
    """
    entries = mapping_at(manifest, "spec").get("valuesFrom")
    found: dict[str, ValuesOfUrl] = {}
    taken: set[str] = set()
    for entry in as_list(entries):
        url = mapping_at(entry, "externalSourceRef").get("url")
        if isinstance(url, str) and url not in found:
            here = _values(url, view, around)
            if here.values is not None:
                free = _free_name(name, here.path, taken, around)
                here = replace(here, config_map=free, is_inlined=is_inlined)
            found[url] = here
    return found


def _free_name(release: str, path: str, taken: set[str], around: Surroundings) -> str:
    """Gives a name for a ConfigMap of a release that no other one of the repository has."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    word = _NO_NAME.sub("-", stem.lower()).strip("-.") or "values"
    name = word if word.startswith(release) else f"{release}-{word}"
    known = taken | around.repository.config_map_names()
    free = next(each for each in numbered(name) if each not in known)
    taken.add(free)
    return free


def _values(url: str, view: ClusterView, around: Surroundings) -> ValuesOfUrl:
    raws = list(raw_files(url, around.repository.texts.keys()))
    if not raws:
        return ValuesOfUrl("", None, "no file here has the path that it names")
    branch = view.settings.branch
    raw = next((each for each in raws if each.ref == branch), raws[0])
    own = view.settings.fluxd.git_url
    if own is not None and not _is_of(raw, repository_key(own)):
        return ValuesOfUrl("", None, f"it is a file of {raw.repository}, which is another repository")
    if raw.ref not in (_USUAL_BRANCHES if branch is None else ("", "HEAD", branch)):
        return ValuesOfUrl(
            "", None, f"it is the file of {raw.ref}, and {branch or 'another branch'} is synced"
        )
    try:
        value = read_document(around.repository.texts[raw.path])[1]
    except InvalidManifest as error:
        return ValuesOfUrl(raw.path, None, f"{raw.path} cannot be read: {error.reason}")
    if not isinstance(value, dict) or "sops" in value:
        return ValuesOfUrl(raw.path, None, f"{raw.path} holds no values that could be read")
    return ValuesOfUrl(raw.path, value, "", around.repository.texts[raw.path])


def _is_of(raw: RawFile, key: str) -> bool:
    """Gives whether a raw file is one of a repository: by its owners and its name."""
    owners = key.partition("/")[2]
    return raw.repository.lower() in (owners, posixpath.join(raw.host, owners))
