import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

torch = pytest.importorskip("torch", reason="torch is not installed: make runners")


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
