"""What `.flux.yaml` says, and what the settings of a fluxd decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.flux_yaml import FluxYaml, find_flux_yaml, kustomize_build_folders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\nscanForFiles: {}\ncommandUpdated: {generators: []}\n", FluxYaml("scanForFiles")),
        (
            "version: 1\ncommandUpdated:\n  generators: [{command: a}, {command: 1}, x]\n  updaters: [{}]\n",
            FluxYaml("commandUpdated", ("a",), updaters=True),
        ),
        ("version: 1\ncommandUpdated: {generators: 1}\n", FluxYaml("commandUpdated")),
        (
            "version: 1\npatchUpdated: {generators: [{command: a}], patchFile: p.yaml}\n",
            FluxYaml("patchUpdated", ("a",), "p.yaml"),
        ),
    ],
)
def test_a_flux_yaml_has_one_of_three_forms(text: str, expected: FluxYaml) -> None:
    assert FluxYaml.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "version"),
        ("- a\n", "version"),
        ("version: 2\n", "version"),
        ("version: 1\n", "one of"),
        ("version: 1\ncommandUpdated: {}\npatchUpdated: {}\n", "one of"),
        ("version: [\n", "no valid YAML"),
    ],
)
def test_a_flux_yaml_that_fluxd_refuses_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidManifest, match=reason) as caught:
        FluxYaml.parse(text, path="a/.flux.yaml")
    assert caught.value.path == "a/.flux.yaml"


@given(
    folders=st.sets(st.sampled_from(["", "a", "a/b", "a/b/c", "d"])), path=st.sampled_from(["a/b/c", "", "a"])
)
def test_the_nearest_flux_yaml_above_counts(folders: set[str], path: str) -> None:
    files = {f"{folder}/.flux.yaml".lstrip("/") for folder in folders}
    above = [folder for folder in folders if not folder or f"{path}/".startswith(f"{folder}/")]
    found = find_flux_yaml(path, files.__contains__)
    assert found == (f"{max(above, key=len)}/.flux.yaml".lstrip("/") if above else None)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("kustomize build", ("p",)),
        ("./kustomize build ..", ("",)),
        ("cd web && kustomize build . ; kustomize build db", ("p/web", "p/web/db")),
        ("set -e\nkustomize build --reorder none web\n", ("p/web",)),
        ("kustomize build a b", None),
        ("kustomize build https://example.com/a", None),
        ("kustomize build . | sed s/a/b/", None),
        ("kustomize build ../..", None),
        ("kustomize build $FOLDER", None),
        ("helm template .", None),
        ("set -e", None),
        ("", None),
    ],
)
def test_only_commands_that_build_alone_are_followed(command: str, expected: tuple[str, ...] | None) -> None:
    assert kustomize_build_folders(command, "p") == expected
