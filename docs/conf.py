"""How the documentation is built."""

import json
from pathlib import Path

from fluxv2_migrate import FINDINGS, MigrationOptions

project = "fluxv2-migrate"
author = "The fluxv2-migrate authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
# Docstrings have Markdown's backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
napoleon_use_ivar = True
napoleon_attr_annotations = True
napoleon_custom_sections = ["Source"]
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
