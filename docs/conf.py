"""How the documentation is built."""

import json
import re
from inspect import Parameter, Signature
from pathlib import Path
from typing import get_args, get_type_hints

from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

from fluxv2_migrate import FINDINGS, MigrationOptions, api, flux1, flux2, golang

project = "fluxv2-migrate"
author = "The fluxv2-migrate authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
# Docstrings have Markdown's backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_default_options = {"exclude-members": "model_config"}
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
napoleon_use_ivar = True
napoleon_attr_annotations = True
# "Returns" is prose here, in which a colon stands behind no type.
napoleon_custom_sections = ["Source", "Returns"]
# Cells are run where the pages are built, so that they show what the library shows today.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
myst_heading_anchors = 3
myst_enable_extensions = ["substitution"]
myst_substitutions = {
    "findings_table": "\n".join(
        [
            "| code | in words | severity |",
            "|---|---|---|",
            *(
                f"| [{code}]({code}.md) | {row.slug} | {row.severity} |"
                for code, row in sorted(FINDINGS.items())
            ),
        ]
    )
}

# The schema that a page shows is that of the models, as they are when the pages are built.
GENERATED = Path(__file__).parent / "_generated"
GENERATED.mkdir(exist_ok=True)
schema = json.dumps(MigrationOptions.model_json_schema(), indent=2) + "\n"
(GENERATED / "options.schema.json").write_text(schema, "utf-8")

# A model that nobody has used yet knows no signature.
for each in (getattr(room, name) for room in (api, flux1, flux2) for name in room.__all__):
    if isinstance(each, type) and issubclass(each, BaseModel):
        each.model_rebuild(force=True)


def literals_of(alias: object) -> list[str]:
    """Gives the words of a vocabulary, as code has them."""
    return [word for each in get_args(alias) for word in (literals_of(each) or [repr(each)])]


# Long vocabularies are written by their names, which the reference explains.
NAMED = {
    joined: name
    for name, alias in (
        ("flux2.FluxKind", flux2.FluxKind),
        ("flux2.FluxVersion", flux2.FluxVersion),
        ("flux2.MarkerProblemCode", flux2.MarkerProblemCode),
        ("golang.RangeDialect", golang.RangeDialect),
    )
    for words in (literals_of(alias),)
    for joined in (f"Literal[{', '.join(words)}]", " | ".join(words))
}


def with_names(text: str) -> str:
    """Gives a text with the names of long vocabularies in the place of their words."""
    for words, name in NAMED.items():
        text = text.replace(words, name)
    return text


def readable_signature(
    _app: Sphinx,
    _what: str,
    _name: str,
    of: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Gives the fields of a model without the checks of their texts, and defaults that can be parsed."""
    if signature and re.search(r"\b_\w+: ", signature):
        # It holds what the library keeps for itself: nobody else makes one.
        return "", returns
    if isinstance(of, type) and issubclass(of, BaseModel):
        types = get_type_hints(of)
        fields = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                annotation=types[name],
                default=Parameter.empty
                if field.is_required()
                else field.get_default(call_default_factory=True),
            )
            for name, field in of.model_fields.items()
        ]
        signature = stringify_signature(Signature(fields), short_literals=True, unqualified_typehints=True)
    if signature:
        # What is asked for is a part of a migration, which callers have as a whole.
        signature = with_names(signature.replace("_Migrated", "Migration"))
    return signature and re.sub(r"<factory>|[A-Z]\w+\([^()]*(\([^()]*\))*[^()]*\)", "...", signature), returns


def readable_types(
    _app: Sphinx, _what: str, _name: str, _of: object, _options: object, lines: list[str]
) -> None:
    """Writes the checked texts of options, which have names of their own in the code, as what they are."""
    for index, line in enumerate(lines):
        if line.startswith(":vartype"):
            plain = re.sub(r"_Frozen\[(.*)\]", r"\1", line)
            lines[index] = with_names(re.sub(r"\b_[A-Z][A-Za-z]+\b", "str", plain))


def setup(app: Sphinx) -> None:
    """Connects what makes the reference readable."""
    app.connect("autodoc-process-signature", readable_signature)
    app.connect("autodoc-process-docstring", readable_types, priority=600)
