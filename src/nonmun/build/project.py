"""What mkdocs.yml says, as far as it matters to how the engines are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nonmun.errors import SetupError
from nonmun.model import Site
from nonmun.parse.nodes import UnreadableYaml, compose

_MARKDOWN = (".markdown", ".mdown", ".mkdn", ".mkd", ".md")  # what mkdocs takes for pages


@dataclass(frozen=True, slots=True)
class Project:
    """One mkdocs.yml: `nav_pages` are the pages its nav names, in order."""

    config: Path
    docs_dir: str
    site_dir: str
    custom_dir: Path | None
    nav_pages: tuple[str, ...]
    directory_urls: bool
    plugins: tuple[str, ...]
    extensions: tuple[str, ...]  # of markdown
    hooks: tuple[str, ...]
    site: Site = field(default_factory=Site)


class _Loader(yaml.SafeLoader):
    """Reads past `!ENV` and `!!python/name:`, whose values are the engine's business."""


def _ignore(loader: yaml.Loader, suffix: str, node: yaml.Node) -> None:
    return None


_Loader.add_multi_constructor("!", _ignore)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _ignore)


def read_project(config: Path) -> Project:
    """Read mkdocs.yml, and what it inherits from."""
    data = _load(config)
    theme = data.get("theme")
    custom_dir = theme.get("custom_dir") if isinstance(theme, Mapping) else None
    directory_urls = data.get("use_directory_urls", True)
    return Project(
        config=config,
        docs_dir=str(data.get("docs_dir") or "docs"),
        site_dir=str(data.get("site_dir") or "site"),
        custom_dir=config.parent / custom_dir if isinstance(custom_dir, str) else None,
        nav_pages=tuple(dict.fromkeys(path for path in _strings(data.get("nav")) if is_page(path))),
        directory_urls=bool(directory_urls),
        plugins=tuple(_names(data.get("plugins", ["search"]))),  # the default of both engines
        extensions=tuple(_names(data.get("markdown_extensions"))),
        hooks=tuple(_strings(data.get("hooks"))),
        site=Site(_text(data.get("site_name")), _text(data.get("site_description")), _web_root(data.get("site_url"))),
    )


def is_page(path: str) -> bool:
    """Whether a file of the docs is a page, which the engine renders, or a file it would only copy."""
    return path.lower().endswith(_MARKDOWN) and "://" not in path


def site_path(page: str, directory_urls: bool = True) -> str:
    """Where a page of the docs lies in the site: `notes/bitdelta.md` is `notes/bitdelta/index.html`."""
    folder, _, name = page.rpartition("/")
    stem = name.rpartition(".")[0]
    if stem in ("index", "README"):
        stem = "index"
    elif directory_urls:
        stem = f"{stem}/index"
    return f"{folder}/{stem}.html" if folder else f"{stem}.html"


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _web_root(value: Any) -> str:
    """`https://example.org/kb` → `https://example.org/kb/`; nothing for what no reader elsewhere could follow."""
    text = _text(value)
    return f"{text.rstrip('/')}/" if text.startswith(("https://", "http://")) else ""


def _load(config: Path, heirs: tuple[Path, ...] = ()) -> dict[str, Any]:
    if config.resolve() in heirs:
        raise SetupError(f"{config} inherits from itself", mend="take one of the `INHERIT:` lines out")
    try:
        text = config.read_bytes().decode()
        compose(text)  # so that nothing is made of a few lines that stand for millions
        data = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader, which skips what that refuses
    except OSError as fault:
        raise SetupError(
            f"{config} cannot be read ({fault.strerror})",
            mend="run this in the project's folder, or name its mkdocs.yml",
        ) from fault
    except UnreadableYaml as fault:
        where = f"{config}:{fault.line}: {fault.found}" + (f", expected {fault.expected}" if fault.expected else "")
        raise SetupError(where, mend=fault.mend) from fault
    except (yaml.YAMLError, ValueError) as fault:
        raise SetupError(f"{config} is not YAML: {fault}", mend="mend the line it names") from fault
    if not isinstance(data, dict):
        raise SetupError(f"{config} holds no settings", mend="write at least `site_name:` and `nav:`")
    parent = data.get("INHERIT")
    if isinstance(parent, str):
        inherited = _load(config.parent / parent, (*heirs, config.resolve()))
        if isinstance(data.get("theme"), dict) and isinstance(inherited.get("theme"), dict):
            data["theme"] = {**inherited["theme"], **data["theme"]}
        data = {**inherited, **data}
    return data


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _names(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list | dict) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from (name for name in item if isinstance(name, str))
