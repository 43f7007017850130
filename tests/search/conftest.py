from __future__ import annotations

import pytest
from search_cases import labels, records

from nonmun.search import Files, Index, build_index, document_of


@pytest.fixture(scope="session")
def files() -> Files:
    return build_index(map(document_of, records()), labels())


@pytest.fixture
def index(files: Files) -> Index:
    return Index(files.__getitem__)
