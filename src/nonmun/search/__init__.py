"""Search: what the site's index holds, and how browser and terminal both find in it.

The same is written twice, here and in site/assets/search, because a browser runs no Python; a table of cases and a
test over whole lists of results keep the two alike.
"""

from nonmun.search.documents import Document, Record, document_of, record_of
from nonmun.search.editing import Edited, edit_index
from nonmun.search.engine import Hit, Options, Result, add_filters, search
from nonmun.search.index import MANIFEST, Facts, Files, Label, build_index, facts_of
from nonmun.search.labels import in_order, labels_of
from nonmun.search.query import Query, parse_query
from nonmun.search.reader import Index

__all__ = [
    "MANIFEST", "Document", "Edited", "Facts", "Files", "Hit", "Index", "Label", "Options", "Query", "Record", "Result",
    "add_filters", "build_index", "document_of", "edit_index", "facts_of", "in_order", "labels_of", "parse_query",
    "record_of", "search",
]  # fmt: skip
