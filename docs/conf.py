"""How the documentation is built."""

project = "fluxv2-migrate"
author = "The fluxv2-migrate authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_custom_sections = ["Source"]
myst_heading_anchors = 3
