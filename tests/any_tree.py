"""Trees of files as no person would make them, and as some do: odd names, odd kinds of files, odd bytes."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import strategies as st

from nonmun.write.starting import start_base

KOREAN = "논문"
NAMES = [
    *(
        "a.md A.md a.markdown a-b.md a_b.md index.md README.md 404.md gan.md x.pdf figure#1.png fig.png sub sub.md deep"
    ).split(),
    *(
        "tags.yml .hidden.md 2024-02-16.md 2024-13-01.md node_modules __pycache__ build.json sitemap.xml notes files"
    ).split(),
    *("a b.md", "200122 a.md", "240230 b.md", "f ig.png", "..md", ". .md", "~.md", "-.md", "#.md", "%20.md", "a:b.md"),
    *("a?b#c.md", "a\\b.md", "a\nb.md", "a\tb.md", "nul\x01.md", "'.md", '".md', "<b>.md", "&amp;.md", "[[x]].md"),
    *("{{ x }}.md", "{% raw %}.md", "\u202egnp.md", "a\u2028b.md", "🙂.md", "a" * 250 + ".md", "가" * 80 + ".md"),
    *(unicodedata.normalize(form, f"{KOREAN}.md") for form in ("NFC", "NFD")),
    *(f"{unicodedata.normalize(form, KOREAN)}" for form in ("NFC", "NFD")),
]
RAW_NAMES = [*map(os.fsencode, NAMES), KOREAN.encode("cp949") + b".md", b"\xff\xfe.md"]

PIECES = [
    *("---\n", "title: x\n", "title: ", "tags: [gan, c++, c, c#]\n", "tags: null\n", "tags:\n", "date: 2024-02-30\n"),
    *(
        "date: 2024-02-16\n",
        "arxiv: 2402.10193\n",
        "runners: [scaled_attention, nope, '../x', index]\n",
        "a: [[[[[[[\n",
    ),
    *("a: &a [x, x]\n", "b: &b [*a, *a, *a]\n", "## Title\n", "## ", "### 절\n", "https://arxiv.org/abs/2402.10193\n"),
    *(
        "제목 (A Kim, B Lee)\n",
        "> 인용\n",
        "한글 문장입니다. ",
        "English prose goes on for a while here. ",
        "<english>",
    ),
    *("</english>\n", "#gan #c++ #c #C# #a/b/../c #.. #<b> ", "[[a]]", "[[b#절]]", "![[fig.png]]", "![](../fig.png)"),
    *("[x](../../../etc/passwd)", "[x](a.md#절)", "[y](#절)", "[z](javascript:alert(1))", "<script>alert(1)</script>"),
    *(
        "$x^2$",
        "$$\n\\frac{a}{b}\n$$\n",
        "$",
        "`",
        "```\n",
        "~~~\n",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\t",
        "\0",
        "\x1b[31m",
    ),
    *("\ufeff", "\u2028", "\u202e", "{{ x }}", "{% raw %}", "</div>", "</article>", "<!--", "| a | b |\n|---|---|\n"),
    *("- ", "1. ", "    code\n", "[a]: b.md\n", "&amp;&#60;", "{: .x }", "!!! note\n    x\n", '--8<-- "/etc/passwd"\n'),
    *("*", "**", "\\textit{x}", "===\n", "가나다" * 50, "a" * 300, "🙂"),
]
BYTES = [*map(str.encode, PIECES), KOREAN.encode("cp949"), b"\xff\xfe\x00", b"\xed\xa0\x80", b"\xf0\x9f"]

contents = st.lists(st.sampled_from(BYTES), max_size=20).map(b"".join) | st.binary(max_size=60)
kinds = st.sampled_from(["file"] * 8 + ["folder"] * 3 + ["link", "pipe", "locked file", "locked folder"])
goals = st.sampled_from([".", "..", "a.md", "sub", "/nowhere", "/etc/hostname", "/dev/null"])
Step = tuple[int, bytes, str, bytes, str]
steps = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(RAW_NAMES) | st.sampled_from(RAW_NAMES), kinds, contents, goals),
    max_size=14,
)
trees = st.fixed_dictionaries({"notes": steps, "digests": steps, "runners": steps, "vault": steps})


def grow(root: Path, tree: Sequence[Step]) -> None:
    """Make what can be made of a tree; each step says in which of the folders so far."""
    folders = [os.fsencode(root)]
    for number, name, kind, content, goal in tree:
        path = os.path.join(folders[number % len(folders)], name)
        with suppress(OSError):
            if kind == "link":
                os.symlink(os.fsencode(goal), path)
            elif kind == "pipe":
                os.mkfifo(path)
            elif kind.endswith("folder"):
                os.mkdir(path)
                folders.append(path)
            else:
                with open(path, "xb") as file:
                    file.write(content)
            if kind.startswith("locked"):
                os.chmod(path, 0)


@contextmanager
def grown(tree: dict[str, Sequence[Step]]) -> Iterator[tuple[Path, Path]]:
    """A starter base into which a tree has grown, and a vault; gone afterwards."""
    folder = Path(mkdtemp(prefix="nonmun-tree-"))
    try:
        start_base(folder / "base")
        for name in ("notes", "digests", "runners"):
            grow(folder / "base" / name, tree[name])
        (folder / "vault").mkdir()
        grow(folder / "vault", tree["vault"])
        yield folder / "base", folder / "vault"
    finally:
        for place, names, _ in os.walk(os.fsencode(folder)):
            for name in names:
                path = os.path.join(place, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
