"""Parts of pages for people: HTML in which every text is escaped, with one style for pages and notebooks."""

from fluxv2_migrate.pages.document import fragment, page
from fluxv2_migrate.pages.elements import Html, element, joined
from fluxv2_migrate.pages.parts import (
    badge,
    code,
    code_block,
    facts,
    fold,
    listed,
    picture,
    prose,
    section,
    table,
)
