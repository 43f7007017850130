from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from nonmun.build.project import is_page, read_project, site_path
from nonmun.errors import SetupError


def project_of(tmp_path: Path, text: str) -> Path:
    (tmp_path / "mkdocs.yml").write_text(text, "utf-8")
    return tmp_path / "mkdocs.yml"


def test_nav_pages_are_found_at_any_depth_and_links_are_not_pages(tmp_path: Path) -> None:
    nav = "nav:\n- index.md\n- 홈: a.md\n- 더: [b/c.md, {깊이: [{x: d.md}]}]\n- https://x.org/e.md\n- 밖: //x\n- a.md"
    assert read_project(project_of(tmp_path, nav)).nav_pages == ("index.md", "a.md", "b/c.md", "d.md")


def test_tags_that_only_the_engine_understands_are_read_past(tmp_path: Path) -> None:
    text = (
        "site_name: !ENV [NAME, 'x']\nnav: [index.md]\nmarkdown_extensions:\n  - toc:\n"
        "      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\n"
        "  - pymdownx.emoji:\n      emoji_generator: !!python/name:material.extensions.emoji.to_svg\n"
    )
    assert read_project(project_of(tmp_path, text)).nav_pages == ("index.md",)


def test_an_inherited_configuration_counts(tmp_path: Path) -> None:
    parent = "nav: [index.md]\ndocs_dir: d\ntheme: {name: material, custom_dir: t}\nplugins: [tags, {rss: {}}]\n"
    (tmp_path / "base.yml").write_text(parent, "utf-8")
    project = read_project(
        project_of(tmp_path, "INHERIT: base.yml\ntheme: {language: ko}\nuse_directory_urls: false\n")
    )
    assert (project.nav_pages, project.docs_dir, project.directory_urls) == (("index.md",), "d", False)
    assert (project.custom_dir, project.plugins) == (tmp_path / "t", ("tags", "rss"))


def test_without_plugins_engines_search_and_an_empty_list_stops_them(tmp_path: Path) -> None:
    assert read_project(project_of(tmp_path, "site_name: x")).plugins == ("search",)
    assert read_project(project_of(tmp_path, "site_name: x\nplugins: []")).plugins == ()


@pytest.mark.parametrize("text", ["", "- a\n- b", "a: [", "a: &x *y"])
def test_a_configuration_that_is_none_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(SetupError, match=r"mkdocs\.yml"):
        read_project(project_of(tmp_path, text))


def test_a_missing_configuration_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="project's folder"):
        read_project(tmp_path / "mkdocs.yml")


@pytest.mark.parametrize(
    ("page", "pretty", "plain"),
    [
        ("index.md", "index.html", "index.html"),
        ("notes/bitdelta.md", "notes/bitdelta/index.html", "notes/bitdelta.html"),
        ("tags/index.md", "tags/index.html", "tags/index.html"),
        ("notes/README.md", "notes/index.html", "notes/index.html"),
        ("notes/v1.5.md", "notes/v1.5/index.html", "notes/v1.5.html"),
        ("노트/글.markdown", "노트/글/index.html", "노트/글.html"),
        ("404.md", "404/index.html", "404.html"),
    ],
)
def test_site_paths_are_those_of_mkdocs(page: str, pretty: str, plain: str) -> None:
    from mkdocs.structure.files import File

    assert is_page(page)
    assert site_path(page) == pretty == File(page, "d", "s", True).dest_uri
    assert site_path(page, directory_urls=False) == plain == File(page, "d", "s", False).dest_uri


@pytest.mark.parametrize("path", ["feed.xml", "notes/x/cite.bib", "md", "a.md.txt", "https://x.org/readme.md"])
def test_other_files_are_no_pages(path: str) -> None:
    assert not is_page(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: " + "[" * 100_000, r"mkdocs\.yml:1: YAML nested too deeply, expected at most 32 levels"),
        (
            "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in pairwise("abcdefghijk")),
            r"mkdocs\.yml:5: YAML with too many aliases",
        ),
        ("INHERIT: mkdocs.yml\nsite_name: x\n", "inherits from itself"),
        ("\xff", "not YAML"),
    ],
)
def test_settings_that_would_take_all_there_is_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mkdocs.yml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SetupError, match=said):
        read_project(tmp_path / "mkdocs.yml")
