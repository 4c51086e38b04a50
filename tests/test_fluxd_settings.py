"""What `.flux.yaml` says, and what the settings of a fluxd decide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.flux_yaml import FluxYaml, find_flux_yaml
from fluxv2_migrate.flux1.generators import Generator, called_scripts, prints, read_generator


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\nscanForFiles: {}\n", FluxYaml("scanForFiles")),
        ("version: 1\nscanForFiles: {}\ncommandUpdated: {generators: []}\n", FluxYaml("scanForFiles")),
        (
            (
                "version: 1\nx: 1\ncommandUpdated:\n  generators: [{command: a, timeout: 2m}]\n"
                "  updaters: [{policy: {command: b}}, {x: 1}]\n"
            ),
            FluxYaml("commandUpdated", ("a",), updaters=True),
        ),
        ("version: 1\ncommandUpdated: {generators: []}\n", FluxYaml("commandUpdated")),
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
        ("version: yes\nscanForFiles: {}\n", "version"),
        ("version: 1\n", "one of"),
        ("version: 1\nscanForFiles: {a: 1}\n", "no fields"),
        ("version: 1\nscanForFiles: x\n", "no fields"),
        ("version: 1\nscanForFiles: {}\nx: 1\n", "no field x"),
        ("version: 1\nscanForFiles: {}\ncommandUpdated: {}\n", "list of generators"),
        ("version: 1\ncommandUpdated: {generators: [], updaters: [x]}\n", "updaters"),
        ("version: 1\ncommandUpdated: {generators: [], updaters: }\n", "updaters"),
        ("version: 1\ncommandUpdated: {generators: [{command: a, timeout: '5'}]}\n", "timeout"),
        ("version: 1\ncommandUpdated: {}\npatchUpdated: {}\n", "one of"),
        ("version: 1\ncommandUpdated: {generator: [{command: a}]}\n", "no field generator"),
        ("version: 1\ncommandUpdated: {generators: [], patchFile: p.yaml}\n", "no field patchFile"),
        ("version: 1\ncommandUpdated: {generators: 1}\n", "list of generators"),
        ("version: 1\ncommandUpdated: {}\n", "list of generators"),
        ("version: 1\ncommandUpdated: {generators: [x]}\n", "needs a command"),
        ("version: 1\ncommandUpdated: {generators: [{command: 1}]}\n", "needs a command"),
        ("version: 1\ncommandUpdated: {generators: [{command: a, workdir: b}]}\n", "no field workdir"),
        ("version: 1\ncommandUpdated: {generators: [{command: a, timeout: 2}]}\n", "timeout"),
        ("version: 1\ncommandUpdated: {generators: [], updaters: [{policy: {}}]}\n", "needs a command"),
        ("version: 1\npatchUpdated: {generators: []}\n", "patchFile"),
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
        ("kubectl kustomize web", ("p/web",)),
        ("exec /usr/bin/kustomize build . | cat", ("p",)),
        ("cd web && kustomize build . ; kustomize build db", ("p/web", "p/web/db")),
        ("set -e\nkustomize build --reorder none web\n", ("p/web",)),
        ("kustomize build \\\n  web", ("p/web",)),
        ("sh -c 'kustomize build .'", ("p",)),
        ('bash -euc "cd web && kustomize build ."', ("p/web",)),
        ("kustomize build $(pwd)/web || exit 1", ("p/web",)),
        ('time kustomize build "${PWD}"', ("p",)),
        ("(cd web && kustomize build .) && kustomize build db", ("p/web", "p/db")),
        ("{ kustomize build .\n}", ("p",)),
        ("ENV=prod; export TIER='web'\nkustomize build envs/$ENV/${TIER}", ("p/envs/prod/web",)),
        ("for d in web db; do kustomize build $d; echo ---; done", ("p/web", "p/db")),
        ("echo building >&2; kustomize build .", ("p",)),
        ("# don't\nkustomize build .", ("p",)),
        ("# two\nkustomize build a\necho ---\nprintf -- '---\\n'; kustomize build b", ("p/a", "p/b")),
    ],
)
def test_the_builds_of_a_command_are_what_it_gives(command: str, expected: tuple[str, ...]) -> None:
    found = read_generator(command.replace("printf -- ", "printf "), "p")
    assert found == Generator(builds=expected)


@pytest.mark.parametrize(
    "command",
    [
        "kustomize build a b",
        "kustomize build https://example.com/a",
        "kustomize build . | sed s/a/b/",
        "kustomize build ../..",
        "kustomize build $FOLDER",
        "FOLDER=$(date); kustomize build $FOLDER",
        "FOLDER=web; FOLDER=$(date); kustomize build $FOLDER",
        "kustomize build . || kustomize build ..",
        "(kustomize build .; kustomize build a) | sed s/a/b/",
        "sh -c 'helm template .'",
        "for d in */; do kustomize build $d; done",
        "for d in a b; do helm template $d; done",
        "for f in $(ls *.yaml); do cat $f; done",
        "find . -name '*.yaml' | xargs -I{} sh -c 'sed s/a/b/ {}'",
        "kustomize build --enable-helm .",
        "helm template .",
        "./render.sh",
        "cat <<EOF\nkind: Secret\nEOF",
        "cat $FILES",
        "cat a.yaml > b.yaml",
        "cat a.yaml >b.yaml",
        "sops -d $FILE",
        "find . -name '*.yaml' -delete",
        "for f in *.yaml; do sed s/a/b/ $f; done",
        "cd $FOLDER && kustomize build .",
        "set -e",
        "",
    ],
)
def test_what_a_command_gives_is_not_known_where_anything_of_it_is_not(command: str) -> None:
    assert read_generator(command, "p").unknown


@pytest.mark.parametrize(
    ("command", "printed", "left"),
    [
        ("find . -name '*.yaml' -exec cat {} +", ["p/a.yaml", "p/x/y/b.yaml"], ["p/a.yml", "q/a.yaml"]),
        ("find . -type f -print0 | xargs -0 cat", ["p/a.yaml", "p/x/b.yml"], ["p/a.txt"]),
        (
            "find x z -name 'b*.yaml' -exec cat {} \\;",
            ["p/x/b.yaml", "p/z/bc.yaml"],
            ["p/x/a.yaml", "p/b.yaml"],
        ),
        (
            "for f in $(find . -name '*.yaml' | sort); do cat $f; echo ---; done",
            ["p/a.yaml", "p/x/b.yaml"],
            [],
        ),
        (
            "find . -name '*.yaml' -print0 | xargs -0 -I{} sh -c 'cat {}; echo ---'",
            ["p/x/b.yaml"],
            ["p/a.yml"],
        ),
        (
            "find . -name '*.yaml' -print0 | xargs -0 -n1 -I{} sh -c 'echo ---; cat {}'",
            ["p/x/b.yaml"],
            ["p/a.yml"],
        ),
        ("find . -name '*.yaml' -exec sh -c 'cat \"$1\"; echo ---' _ {} \\;", ["p/x/b.yaml"], []),
        (
            "find . -name '*.y*ml' ! -name kustomization.yaml -exec cat {} +",
            ["p/a.yml"],
            ["p/kustomization.yaml"],
        ),
        ("find . -not -name 'x*' -exec cat {} +", ["p/a.yml"], ["p/xa.yml"]),
        ("awk 'FNR==1{print \"---\"}1' *.yaml", ["p/a.yaml"], ["p/x/a.yaml"]),
        ("cat *.yaml x/b.yml", ["p/a.yaml", "p/x/b.yml"], ["p/x/a.yaml"]),
        ("for f in x/*.yaml; do cat $f; echo ---; done", ["p/x/a.yaml"], ["p/a.yaml", "p/x/y/a.yaml"]),
        ('for f in *.yaml\ndo\n  cat "${f}"\ndone', ["p/a.yaml"], ["p/x/a.yaml"]),
    ],
)
def test_files_that_a_command_prints_are_known(command: str, printed: list[str], left: list[str]) -> None:
    found = read_generator(command, "p")
    assert not found.unknown
    assert [path for path in (*printed, *left) if prints(found.prints, path)] == printed


SCRIPTS = {
    "bin/all.sh": "#!/bin/sh\nset -eu\nfor d in */; do\n  kustomize build $d\ndone\n",
    "bin/one.sh": "cd envs && kustomize build $1\n",
    "bin/found.sh": "for k in $(find . -name kustomization.yaml); do kustomize build $(dirname $k); done\n",
    "bin/twice.sh": ". ../bin/one.sh a\nsh -e ../bin/one.sh b\n",
    "bin/more.sh": "kustomize build . | sed s/a/b/\n",
    "bin/again.sh": "../bin/again.sh\n",
    "bin/deep.sh": "sh -c ../bin/deep.sh\n",
    "p/a/kustomization.yaml": "",
    "p/b/kustomization.yaml": "",
}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("../bin/all.sh", ("p/a", "p/b")),
        ("sh ../bin/one.sh prod", ("p/envs/prod",)),
        ("bash -e ../bin/found.sh", ("p/a", "p/b")),
        ("../bin/twice.sh", ("p/envs/a", "p/envs/b")),
        ("../bin/one.sh", ()),
        ("../bin/more.sh", ()),
        ("../bin/again.sh", ()),
        ("../bin/deep.sh", ()),
        ("../bin/none.sh", ()),
        ("../bin/one.sh prod > made.yaml", ()),
    ],
)
def test_a_script_of_the_repository_is_followed(command: str, expected: tuple[str, ...]) -> None:
    found = read_generator(command, "p", SCRIPTS)
    assert found.builds == expected or found.unknown
    assert bool(found.unknown) == (expected == ())
    assert list(called_scripts(command, "p", SCRIPTS)) == re.findall(r"bin/(?!none)\w+\.sh", command)


def test_what_a_command_does_beside_is_noted() -> None:
    command = "git submodule update --init; sops -d s.yaml > plain.yaml && kustomize build . | tee out.yaml"
    assert read_generator(command, "p") == Generator(
        builds=("p",), decrypts=("p/s.yaml",), writes=("p/plain.yaml", "p/out.yaml"), submodules=True
    )
    assert read_generator("kustomize build . > $OUT", "p") == Generator(builds=("p",))
    made = read_generator("kustomize build . -o build.yaml && cat build.yaml 2>/dev/null", "p")
    assert made == Generator(builds=("p",), writes=("p/build.yaml",))
