"""YAML as text that is edited and never written anew: documents, nodes with offsets, edits of entries.

A text is that of one document, without byte order mark, where a function says nothing else, and a root is the
node that `compose` gives of it. Edits raise `CannotEdit` for a form in which they are not safe, and
`InvalidManifest` for what is no YAML.
"""

from fluxv2_migrate.yaml_text.aliases import alias_places, write_out
from fluxv2_migrate.yaml_text.block import BlockMapping, Place, insertion_index
from fluxv2_migrate.yaml_text.composer import (
    compose,
    outline_of,
    read_document,
    read_last_ones,
    read_nodes,
    read_outline,
    read_value,
    reading_of,
    reading_once,
    value_of,
)
from fluxv2_migrate.yaml_text.documents import (
    BYTE_ORDER_MARK,
    YAML_ENDINGS,
    document_texts,
    first_document,
    split_documents,
)
from fluxv2_migrate.yaml_text.edits import (
    edit_document,
    edit_documents,
    ended_like,
    nodes_of_edited,
    read_again,
    read_edited,
    splice,
)
from fluxv2_migrate.yaml_text.emitter import (
    BlockText,
    Style,
    detect_style,
    emit_entry,
    emit_item,
    emit_mapping,
    emit_scalar,
)
from fluxv2_migrate.yaml_text.field_paths import (
    entry_at,
    find_field,
    pair_of,
    step_into,
    value_in,
    with_value,
)
from fluxv2_migrate.yaml_text.items import entry_text, items_as_documents
from fluxv2_migrate.yaml_text.large_parts import Parts
from fluxv2_migrate.yaml_text.nodes import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    column_of,
    line_end,
    line_of,
    line_start,
    metadata_span,
    stands_alone,
)
from fluxv2_migrate.yaml_text.open_documents import (
    OpenDocument,
    Part,
    PartEdit,
    edit_part,
    replace_text,
    text_part,
)
from fluxv2_migrate.yaml_text.readers import key_of
from fluxv2_migrate.yaml_text.scalars import resolve_plain_scalar
from fluxv2_migrate.yaml_text.scanner import content_start
from fluxv2_migrate.yaml_text.sequences import append_item, append_items, remove_item
