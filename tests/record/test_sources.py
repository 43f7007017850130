import hashlib
from pathlib import Path

from nonmun.record import source_hashes


def make(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / "runners" / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return root / "runners" / "x"


def test_every_file_of_code_counts_and_the_models_that_all_share(tmp_path):
    files = {"x__demo.py": "a", "x__deep__kernel.py": "b", "models.py": "c", "x__README.md": "d", "y__demo.py": "e"}
    files |= {"x__results__odd.py": "f", "x____pycache____demo.py": "g"}
    folder = make(tmp_path, **{name: text for name, text in files.items() if "pycache" not in name})
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "demo.py").write_text("g")
    expected = {"x/demo.py": "a", "x/deep/kernel.py": "b", "models.py": "c"}
    assert source_hashes(folder) == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in expected.items()}


def test_line_ends_that_a_checkout_changed_do_not_count(tmp_path):
    one, other = make(tmp_path / "a", x__demo="1"), make(tmp_path / "b", x__demo="1")
    (one / "demo.py").write_bytes(b"a\nb\n")
    (other / "demo.py").write_bytes(b"a\r\nb\r\n")
    assert source_hashes(one) == source_hashes(other)


def test_any_other_change_counts(tmp_path):
    folder = make(tmp_path, **{"x__demo.py": "a = 1\n"})
    before = source_hashes(folder)
    (folder / "demo.py").write_text("a = 2\n")
    assert source_hashes(folder) != before


def test_a_shared_room_counts_where_it_is_imported_and_what_it_imports_too(tmp_path):
    files = {
        "x/demo.py": "from runners.room.part import f\n",
        "room/part.py": "from .other import g\n",
        "room/other.py": "from runners.z.method import h\n",
        "z/method.py": "h = 1\n",
        "z/demo.py": "",
        "z/__main__.py": "",
        "y/demo.py": "import numpy\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert set(source_hashes(tmp_path / "x")) == {"x/demo.py", "room/part.py", "room/other.py", "z/method.py"}
    assert set(source_hashes(tmp_path / "y")) == {"y/demo.py"}
