"""Languages of texts that install something, as far as they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux1.commands import commands_of_shell
from fluxv2_migrate.flux1.hcl import Call, read_blocks
from fluxv2_migrate.flux1.install_blocks import of_playbook
from fluxv2_migrate.flux1.install_command import set_values, yaml_mapping
from fluxv2_migrate.flux1.install_texts import install_commands
from fluxv2_migrate.flux1.terraform import of_terraform
from fluxv2_migrate.flux1.variables import assigned_in_text, filled
from fluxv2_migrate.yaml_text import entry_text

PLAIN = st.text("abz09-_./", min_size=1, max_size=8)
NAMES = st.sampled_from(["a", "b", "c_1"])


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{\n" + "".join(f"  {key} = {written(inner)}\n" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


@given(
    value=st.recursive(
        PLAIN | st.booleans(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    )
)
def test_values_of_terraform_are_what_was_written(value: object) -> None:
    (block,) = read_blocks(f'resource "x" "y" {{ # one\n  a = {written(value)}\n  b = "c"\n}}\n').blocks
    assert block.values == {"a": value, "b": "c"}
    assert (block.kind, block.labels, block.line) == ("resource", ("x", "y"), 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('var.x ? "a" : "b"', "${?}"),
        ("[for each in var.x : each]", ["${?}"]),
        ("-1 + 2", "${?}"),
        ("(1)", "${?}"),
        ("file(\n  var.x\n)", Call("file", ("${var.x}",))),
        ("<<-EOF\n    a: 1\n    EOF", "a: 1\n"),
        ('"a \\"b\\" \\n ${f("c")}"', 'a "b" \n ${f("c")}'),
        ("null", None),
        ("{ 1: 2, 3", {"1": "2"}),
        ("[1,", ["1"]),
        ('["a", /* b\n */ "c"]', ["a", "c"]),
        ("f(1).x[0]", "${?}"),
    ],
)
def test_what_nobody_can_tell_of_terraform_is_marked(text: str, value: object) -> None:
    assert read_blocks(f"x = {text}\n").values["x"] == value


@given(text=st.text('ab="{}[]()$,:\n #</*\\', max_size=40))
def test_a_broken_file_of_terraform_is_passed_over(text: str) -> None:
    assert read_blocks(text + "\n}\n").kind == ""


@given(value=PLAIN, name=NAMES)
def test_a_variable_is_filled_in_however_it_is_written(value: str, name: str) -> None:
    known = assigned_in_text(f"export {name}='{value}'\n")
    for text in (
        f"${name}",
        f"${{{name}}}",
        f"$({name})",
        f"{{{{ {name} }}}}",
        f"{{{{.{name}}}}}",
        f"${{{name}:-x}}",
    ):
        assert filled(text, known) == value
        assert filled(text, {}) in (text, "x")


@pytest.mark.parametrize("known", [{"A": "$A"}, {"A": "$B", "B": "$A"}, {"A": "${A:-x}"}, {"A": "$A$A"}])
def test_variables_that_are_made_of_themselves_end(known: dict[str, str]) -> None:
    assert filled("$A", known)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1,b.c=true", [(("a",), "1"), (("b", "c"), True)]),
        ("a={{ x }}", [(("a",), "{{ x }}")]),
        ("a,b=c", [(("b",), "c")]),
    ],
)
def test_values_are_set_one_by_one(text: str, values: list[object]) -> None:
    assert list(set_values(text)) == values


@pytest.mark.parametrize("path", [["b"], ["a", "c"], ["a", "b", "c"], []])
def test_an_entry_that_is_not_there_has_no_text(path: list[str]) -> None:
    assert entry_text("a:\n  b: 1\n", path or ["x"]) == ""


def test_a_command_ends_at_a_semicolon() -> None:
    text = "helm upgrade -i flux fluxcd/flux --set git.path=prod; helm ls --set git.path=test\n"
    (found,) = commands_of_shell(text, {})
    assert (found.chart, found.values) == ("fluxcd/flux", {"git": {"path": "prod"}})


def test_each_command_of_a_pipeline_stands_on_its_own_line() -> None:
    text = (
        "steps:\n- run: helm install flux fluxcd/flux\n- run: |\n    helm install op fluxcd/helm-operator\n"
    )
    found = install_commands(text, "ci.yaml", {})
    assert [(each.chart, each.line) for each in found] == [("fluxcd/flux", 2), ("fluxcd/helm-operator", 4)]


@pytest.mark.parametrize("text", ["use helm\nto install a b\n", "helm --debug install\n"])
def test_a_sentence_about_helm_installs_no_chart(text: str) -> None:
    assert [found.chart for found in commands_of_shell(text, {}) if found.chart] == []


def test_a_value_without_a_name_sets_nothing() -> None:
    (found,) = commands_of_shell("helm install flux fluxcd/flux --set =a --set b=c\n", {})
    assert found.values == {"b": "c"}


def test_of_the_options_for_the_operator_those_that_set_values_count() -> None:
    text = (
        "az k8sconfiguration create --repository-url https://git.example.com/a "
        "--helm-operator-params '--version 1.0 --set helm.versions=v3'\n"
    )
    _, operator = commands_of_shell(text, {})
    assert (operator.chart, operator.values) == ("helm-operator", {"helm": {"versions": "v3"}})


def test_a_text_that_is_no_yaml_has_no_values() -> None:
    assert yaml_mapping("a: [") == {}


def test_a_release_of_terraform_takes_what_is_set_as_it_stands() -> None:
    text = (
        'resource "helm_release" "flux" {\n  chart = "flux"\n  namespace = "${var.a}"\n  wait = true\n'
        '  set {\n    name = "git.branch"\n  }\n'
        '  set {\n    name = "git.path"\n    value = "prod"\n  }\n}\n'
    )
    (found,) = of_terraform(text, {"a": "x${var.a}"})
    assert found.values == {"git": {"path": "prod"}}
    # A variable that is made of itself stays one, however often it is filled in.
    assert found.namespace.endswith("${var.a}")


def test_a_task_of_ansible_keeps_values_that_are_no_texts() -> None:
    helm = {"name": "flux", "chart_ref": "fluxcd/flux", "values": {"replicas": 2, "git": {"path": "$P"}}}
    (found,) = of_playbook([{"kubernetes.core.helm": helm}], "", {"P": "prod"})
    assert found.values == {"replicas": 2, "git": {"path": "prod"}}


@pytest.mark.parametrize(
    "given",
    [
        "args[99999999]=x",
        f"args[{'9' * 5000}]=x",
        "args[65537]=x",
        f"{'a.' * 2000}b=x",
        "a.[b]=x",
        "a.[]=x",
    ],
)
def test_values_that_helm_refuses_make_nothing_long_or_deep(given: str) -> None:
    command = f"helm upgrade -i flux fluxcd/flux --set {given} --set git.url=git@git.example.com:acme/fleet"
    (found,) = install_commands(command, "install.sh", {})
    assert found.values["git"] == {"url": "git@git.example.com:acme/fleet"}
    assert len(repr(found.values)) < 200
    assert fm.migrate_repository({"install.sh": command}).changed == {}
