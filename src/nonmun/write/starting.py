"""Begin: a new knowledge base (`nonmun init`), a new note (`nonmun new`)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import date as Date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from nonmun.errors import ConflictError, UsageError
from nonmun.parse import normal_form, slugify
from nonmun.parse.links import bare_arxiv_id, find_urls
from nonmun.write.files import Outcome, outcome, place_in, put_new

_PLAIN_TAG = re.compile(r"(?!(?:null|true|false|yes|no|on|off)$)[^\W\d_][\w-]*")  # which YAML takes for text


def start_base(directory: Path) -> list[str]:
    """Write the starter base into `directory`; a file that is there and differs stops it before anything is written."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file", mend="name a folder")
    files = dict(_starter_files(resources.files("nonmun") / "starter", ""))
    taken = [path for path, data in files.items() if outcome(directory / path, data) is Outcome.CONFLICT]
    if taken:
        raise ConflictError(
            f"{directory} has its own {', '.join(sorted(taken)[:5])}",
            mend="choose an empty folder; nothing was written",
        )
    for path, data in files.items():
        put_new(directory / path, data)
    return sorted(files)


def _starter_files(folder: Traversable, prefix: str) -> Iterable[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name == "__pycache__":
            continue
        # A file named with a leading dot would be lost by some packaging tools.
        name = prefix + (f".{item.name[4:]}" if item.name.startswith("dot-") else item.name)
        if item.is_dir():
            yield from _starter_files(item, f"{name}/")
        else:
            yield name, item.read_bytes()


def new_note(root: Path, title: str, *, day: Date, url: str | None, tags: Iterable[str]) -> tuple[str, Outcome]:
    """Write a note's skeleton; returns its path in the base and what became of it."""
    title = " ".join(title.split())
    if not title:
        raise UsageError("an empty title", mend='write one: nonmun new "BitDelta"')
    lines = ["---", f"title: {_quoted(title)}", "authors: []"]
    lines += [f"url: {_quoted(_address(url))}"] if url else ["url:"]
    lines += [
        f"date: {day}",
        f"tags: [{', '.join(_tag(tag) for tag in tags)}]",
        "runners: []",
        "---",
        "## 초록",
        "",
        "## 한국어",
        "",
        "## English",
        "",
    ]
    path = f"notes/{slugify(title)}.md"
    target = place_in(root, path)
    if os.path.lexists(target):
        return path, Outcome.CONFLICT
    return path, put_new(target, "\n".join(lines).encode("utf-8", "replace"))


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar; JSON's strings are such."""
    return json.dumps(text, ensure_ascii=False)


def _address(text: str) -> str:
    """The URL that was given, or that a bare arXiv id means."""
    text = text.strip()
    if "arxiv.org" not in text and (arxiv := bare_arxiv_id(text)) is not None:
        return arxiv.abs_url
    urls = [url for _, url in find_urls(text)]
    if urls not in ([text], [f"https://{text}"]):
        raise UsageError(f"--url {text} is no address", mend="write it whole, beginning with https://")
    return urls[0]


def _tag(text: str) -> str:
    name = normal_form(text)
    if not name:
        raise UsageError(f"--tag {text!r} is no tag", mend="write a word, such as --tag quantization")
    return name if _PLAIN_TAG.fullmatch(name) else _quoted(name)
