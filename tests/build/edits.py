"""A small base, and the edits that people make to one: each of them may change any page."""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Callable
from pathlib import Path

from clip_samples import record_clip

from nonmun.write.starting import start_base

TAGS = ["attention", "transformer", "c++", "c", "Object_Detection", "nowhere", "optimization"]
WORDS = "signs carry scales heads tokens frames nuclei decoding prompts experts 부호 크기 단어 장면 전문가 확률 문장".split()
Edit = Callable[[Path, random.Random], None]


def begin(root: Path) -> None:
    start_base(root)
    dice = random.Random(0)
    for number in range(7):
        add_note(root, dice, f"note {number}")
    for number in range(3):
        add_digest(root, dice, f"2024-02-{10 + number}")
    (root / "notes/figure.png").write_bytes(b"\x89PNG one")


def text(root: Path, dice: random.Random) -> str:
    names = [file.stem for file in (root / "notes").glob("*.md")] + ["nowhere", "2024-02-10", "figure.png"]
    parts = [
        f"{' '.join(dice.choices(WORDS, k=9))}입니다.",
        f"{' '.join(dice.choices(WORDS[:10], k=20))}. It is written in English, and long enough for that.",
        f"[[{dice.choice(names)}]] 와 [글]({dice.choice(names).replace(' ', '%20')}.md)",
        "![[figure.png]]",
        f"## {dice.choice(WORDS)}\n\n$x^{dice.randint(2, 9)}$ [[#{dice.choice(WORDS)}]]",
        f"#{dice.choice(TAGS)} #{dice.choice(TAGS)}",
    ]
    return "\n\n".join(dice.sample(parts, dice.randint(1, len(parts)))) + "\n"


def head(dice: random.Random) -> str:
    lines = [f"title: {' '.join(dice.choices(WORDS, k=3))}"]
    lines += [f"date: 2024-0{dice.randint(1, 3)}-{dice.randint(10, 28)}"] if dice.random() < 0.6 else []
    lines += [f"tags: [{dice.choice(TAGS)}, {dice.choice(TAGS)}]"] if dice.random() < 0.6 else []
    lines += [f"arxiv: 2402.1000{dice.randint(0, 5)}"] if dice.random() < 0.6 else []
    lines += ["runners: [scaled_attention]"] if dice.random() < 0.4 else []
    return "---\n" + "\n".join(lines) + "\n---\n"


def add_note(root: Path, dice: random.Random, name: str = "") -> None:
    name = name or f"note {dice.randint(7, 30)}"
    front = head(dice) if dice.random() < 0.7 else ""
    (root / f"notes/{name}.md").write_text(front + text(root, dice), "utf-8")


def add_digest(root: Path, dice: random.Random, day: str = "") -> None:
    day = day or f"2024-02-{dice.randint(10, 20)}"
    file = root / f"digests/{dice.choice(['2024/', ''])}{day}.md"
    file.parent.mkdir(exist_ok=True)
    entries = [
        f"## {' '.join(dice.choices(WORDS, k=3))}\nhttps://arxiv.org/abs/2402.1000{dice.randint(0, 9)}\n\n{text(root, dice)}"
        for _ in range(dice.randint(1, 3))
    ]
    file.write_text("머리말입니다.\n\n" * dice.randint(0, 1) + "\n".join(entries), "utf-8")


def pick(root: Path, dice: random.Random, pattern: str) -> Path | None:
    files = sorted(root.glob(pattern))
    return dice.choice(files) if files else None


def edit_note(root: Path, dice: random.Random) -> None:
    if file := pick(root, dice, "notes/*.md"):
        file.write_text(file.read_text("utf-8") + "\n" + text(root, dice), "utf-8")


def rewrite_note(root: Path, dice: random.Random) -> None:
    if file := pick(root, dice, "notes/*.md"):
        file.write_text(head(dice) + text(root, dice), "utf-8")


def delete(root: Path, dice: random.Random) -> None:
    if file := pick(root, dice, dice.choice(["notes/*.md", "notes/*.md", "digests/**/*.md", "notes/*.png"])):
        file.unlink()


def rename(root: Path, dice: random.Random) -> None:
    if file := pick(root, dice, "notes/*.md"):
        file.rename(file.with_name(f"note {dice.randint(7, 30)}.md"))


def edit_digest(root: Path, dice: random.Random) -> None:
    if file := pick(root, dice, "digests/**/*.md"):
        file.write_text(f"{file.read_text('utf-8')}\n## {dice.choice(WORDS)} more\n\n{text(root, dice)}", "utf-8")


def edit_vocabulary(root: Path, dice: random.Random) -> None:
    number = dice.randint(0, 99)
    names = dice.sample(["attention", "transformer", "c++", "c", "object-detection", "optimization", "seq2seq"], 4)
    lines = [f"{name}: {{ko: 이름{number}, en: Name {number}}}" for name in names[:3] if name]
    lines = [line.replace(f"{number}", f"{number}{index}") for index, line in enumerate(lines)]
    lines += [
        f"{names[3]}: {{ko: 위, en: Above, description: 설명{number}, broader: [{names[0]}], aliases: [nowhere]}}"
    ]
    (root / "notes/tags.yml").write_text("\n".join(lines) + "\n", "utf-8")


def override_template(root: Path, dice: random.Random) -> None:
    file = root / "site/templates" / dice.choice(["note.md.jinja", "tag.md.jinja", "digest.md.jinja"])
    if file.exists():
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    from nonmun.read.base import shipped_site

    shipped = (shipped_site() / "templates" / file.name).read_text("utf-8")
    file.write_text(shipped.replace("<article ", f'<article data-mine="{dice.randint(0, 9)}" '), "utf-8")


def change_look(root: Path, dice: random.Random) -> None:
    file = root / dice.choice(["site/assets/mine.css", "site/assets/nonmun.css", "site/theme/partials/copyright.html"])
    if file.exists() and dice.random() < 0.5:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"/* {dice.randint(0, 99)} */\n", "utf-8")


def change_settings(root: Path, dice: random.Random) -> None:
    file = root / "mkdocs.yml"
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("site_name:")]
    file.write_text("\n".join([f"site_name: 이름 {dice.randint(0, 9)}", *lines]) + "\n", "utf-8")


def change_runner(root: Path, dice: random.Random) -> None:
    folder = root / "runners" / dice.choice(["scaled_attention", "other_runner"])
    if (folder / "README.md").exists() and dice.random() < 0.3:
        (folder / "README.md").unlink()
        return
    (folder / "results").mkdir(parents=True, exist_ok=True)
    claim = f"# {dice.choice(WORDS)}\n\n주장 {dice.randint(0, 9)}입니다. [[note {dice.randint(0, 9)}]]\n\nA claim.\n\n## 절\n\n글\n"
    (folder / "README.md").write_text(claim, "utf-8")
    record = {
        "preset": "quick",
        "verdict": dice.choice(["reproduced", "partly"]),
        "started": "2024-02-03",
        "seconds": 1,
    }
    (folder / "results/quick.json").write_text(json.dumps({"schema": 1, **record}), "utf-8")


def change_figure(root: Path, dice: random.Random) -> None:
    (root / "notes/figure.png").write_bytes(b"\x89PNG" + bytes([dice.randint(0, 9)]))


def change_clip(root: Path, dice: random.Random) -> None:
    """A record has a clip of another size, or none: its files stay behind."""
    file = root / "runners/scaled_attention/results/quick.json"
    if not file.exists() or importlib.util.find_spec("PIL") is None:
        return
    if dice.random() < 0.3:
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"clips": []}), "utf-8")
    else:
        record_clip(root, width=5 * dice.randint(1, 9))


def mention_again(root: Path, dice: random.Random) -> None:
    """An entry about a paper that there is: no list of papers changes."""
    if file := pick(root, dice, "digests/**/*.md"):
        file.write_text(f"{file.read_text('utf-8')}\n## Attention Is All You Need\n\n다시 봅니다.\n", "utf-8")


def toggle(file: Path, content: str) -> None:
    if file.exists():
        file.unlink()
    else:
        file.write_text(content, "utf-8")


def toggle_tag(root: Path, dice: random.Random) -> None:
    """Two tags of one address: which of them has it to itself depends on whether the other is used."""
    (root / "notes/plus.md").write_text("---\ndate: 2011-01-01\n---\n더하기입니다. #f++\n", "utf-8")
    toggle(root / "notes/only f.md", "---\ndate: 2030-01-01\n---\n다른 글입니다. #f\n")


def toggle_linked(root: Path, dice: random.Random) -> None:
    """A note that a runner's README and a digest's preface lead to."""
    (root / "digests/2012-01-01.md").write_text("머리말 [[linked]]\n\n## Alone\n\n글입니다.\n", "utf-8")
    (root / "runners/linking").mkdir(exist_ok=True)
    (root / "runners/linking/README.md").write_text("# 잇기\n\n[글](../../notes/linked.md)\n", "utf-8")
    toggle(root / "notes/linked.md", "---\ndate: 2030-01-01\n---\n이어진 글입니다.\n")


EDITS: list[Edit] = [
    *(add_note, edit_note, rewrite_note, delete, rename, add_digest, edit_digest, edit_vocabulary),
    *(
        mention_again,
        toggle_tag,
        toggle_linked,
        override_template,
        change_look,
        change_settings,
        change_runner,
        change_figure,
        change_clip,
    ),
]
