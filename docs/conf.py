"""How the documentation is built."""

from fluxv2_migrate import FINDINGS

project = "fluxv2-migrate"
author = "The fluxv2-migrate authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_custom_sections = ["Source"]
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
