"""What goes into a shell, into a document or before people's eyes, so that it stays what it is: data."""

from fluxv2_migrate.quoting.confidential import HIDDEN, names_a_secret, without_credentials, without_secrets
from fluxv2_migrate.quoting.markup import as_cell, as_code, as_code_block, as_html_text, as_markdown_text
from fluxv2_migrate.quoting.shell import command, word
from fluxv2_migrate.quoting.visible import few, plural, shown_folder, shown_folders, visible
