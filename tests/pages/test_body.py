"""Links between notes, to files and to headings: where they lead on a page, and what is said where they lead nowhere."""

from __future__ import annotations

import re

import pytest

from nonmun.catalogue import Catalogue, Sources, assemble
from nonmun.errors import Fault
from nonmun.pages import digest, note, runner
from nonmun.pages.templates import Templates
from nonmun.parse import parse_digest, parse_note
from nonmun.read.base import shipped_site
from nonmun.recorded import Runner

TEMPLATES = Templates(
    {file.name: file.read_text("utf-8") for file in (shipped_site() / "templates").glob("*.jinja")},
)
OTHERS = {
    "notes/2020/200122 FixMatch.md": "준지도 학습입니다.\n",
    "notes/bitdelta.md": "---\ntitle: BitDelta\n---\n부호만 남깁니다. #gan\n",
}
README = "# Runner\n\n[논문](../../notes/bitdelta.md) [없음](../../notes/bitdelat.md)\n"


def made(text: str, path: str = "notes/2020/here.md", **more: str) -> tuple[Catalogue, list[Fault]]:
    notes = [parse_note(body, where)[0] for where, body in {**OTHERS, path: text, **more}.items()]
    day, _ = parse_digest("## Elsewhere\n\n글입니다.\n", "digests/2024/2024-02-16.md")
    files = ["notes/2020/figure 1.png", "notes/figure 1.png", "notes/paper.pdf"]
    runners = {"bitdelta": Runner("bitdelta", "runners/bitdelta/README.md", README)}
    return assemble(Sources(notes, [day], runners=runners, attachments=files))


def links(text: str, path: str = "notes/2020/here.md") -> list[str]:
    """Where the links in the page's own text lead."""
    catalogue, _ = made(text, path)
    page = next(plan for plan in note.plan(catalogue, TEMPLATES) if plan.path == "notes/here/index.md").make().text
    texts = re.findall(r'<div class="nm-text.*?</div>', page, re.DOTALL)
    return re.findall(r'(?:href|src)="([^"]*)"', "".join(texts))


def faults(text: str, path: str = "notes/2020/here.md") -> list[Fault]:
    """Those of the catalogue and of the page, as `nonmun check` gathers them."""
    catalogue, found = made(text, path)
    page = next(plan for plan in note.plan(catalogue, TEMPLATES) if plan.path == "notes/here/index.md")
    return [*found, *page.make().faults]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("[a](../bitdelta.md)", "../../notes/bitdelta/"),
        ("[a](../bitdelta.md#부호%20만)", "../../notes/bitdelta/#%EB%B6%80%ED%98%B8-%EB%A7%8C"),
        ("[a](<200122 FixMatch.md>)", "../../notes/200122-fixmatch/"),
        ("[a](200122%20fixmatch.MD 'title')", "../../notes/200122-fixmatch/"),
        ("[a](../2020/200122%20FixMatch)", "../../notes/200122-fixmatch/"),
        ("[a](2020/200122%20FixMatch.md)", "../../notes/200122-fixmatch/"),
        ("[a](bitdelta)", "../../notes/bitdelta/"),
        ("[a][b]\n\n[b]: ../bitdelta.md", "../../notes/bitdelta/"),
        ("[a](../../digests/2024/2024-02-16.md)", "../../digests/2024-02-16/"),
        ("[a](../../runners/bitdelta/README.md)", "../../runners/bitdelta/"),
        ("[a](/tags/gan/)", "../../tags/gan/"),
        ("[a](../../tags/gan/)", "../../tags/gan/"),
        ("[a](/notes/bitdelta/)", "../../notes/bitdelta/"),
        ("[[../bitdelta]]", "../../notes/bitdelta/"),
        ("![](<figure 1.png>)", "../../files/notes/2020/figure%201.png"),
        ("![](<../figure 1.png>)", "../../files/notes/figure%201.png"),
        ("[PDF](../paper.pdf)", "../../files/notes/paper.pdf"),
        ("[안쪽](#둘째%20절)\n\n## 둘째 절", "#%EB%91%98%EC%A7%B8-%EC%A0%88"),
        ("[[#둘째 절]]\n\n## 둘째 절", "../../notes/here/#%EB%91%98%EC%A7%B8-%EC%A0%88"),
        ("[밖](https://example.org/a.md)", "https://example.org/a.md"),
    ],
)
def test_a_link_leads_to_the_page_of_what_it_names(written: str, address: str) -> None:
    text = f"한국어 글입니다. {written}\n"
    assert links(text) == [address]
    assert faults(text) == []


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("[a](../bitdelat.md)", 3, "link to '../bitdelat.md', which does not exist"),
        ("![a](figura.png)", 3, "embed to 'figura.png', which does not exist"),
        ("[a\nb](nowhere/at/all.md)", 4, "link to 'nowhere/at/all.md', which does not exist"),
        ("[a][b]\n\n[b]: ../nowhere.md", 5, "link to '../nowhere.md', which does not exist"),
        ("[a](train.py)", 3, "link to 'train.py', which does not exist"),
        ("[a](../../bitdelta.md)", 3, "link to '../../bitdelta.md', which does not exist"),
        ("[a](#첫%20절)\n\n## 첫째 절", 3, "link to '#첫 절', a heading that this text does not have"),
        ("[[#둘째]]\n\n## 첫째", 3, "link to '#둘째', a heading that this text does not have"),
        ("[[here#둘째]]\n\n## 첫째", 3, "link to '#둘째', a heading that this text does not have"),
    ],
)
def test_a_link_that_leads_nowhere_is_said_once_with_its_line(written: str, line: int, said: str) -> None:
    found = faults(f"한국어 글입니다.\n\n{written}\n")
    assert [(fault.line, fault.found) for fault in found] == [(line, said)]
    assert found[0].path == "notes/2020/here.md"
    assert found[0].mend


def test_the_nearest_name_is_offered() -> None:
    assert faults("글입니다. [a](../bitdelat.md)\n")[0].mend == "did you mean 'bitdelta'?"
    assert faults("글입니다. [a](#첫쩨-절)\n\n## 첫째 절\n")[0].mend == "did you mean '#첫째-절'?"


def test_links_count_as_backlinks_and_what_they_name_is_published() -> None:
    catalogue, found = made("글입니다. [a](../bitdelta.md) [b](../paper.pdf) `[c](no.md)`\n\n```\n[d](no.md)\n```\n")
    assert found == []
    assert catalogue.backlinks == {"bitdelta": ("here",)}
    assert catalogue.embedded == {"files/notes/paper.pdf"}


def test_a_page_is_made_anew_when_what_it_links_to_comes_into_being() -> None:
    def key(**more: str) -> str:
        plans = note.plan(made("글입니다. [a](later.md)\n", **more)[0], TEMPLATES)
        return next(plan.key for plan in plans if plan.path == "notes/here/index.md")

    later = {"notes/2020/later.md": "다음 글입니다.\n"}
    assert key() == key() != key(**later)


def test_a_runners_readme_leads_to_notes_and_says_what_it_misses() -> None:
    catalogue, _ = made("글입니다.\n")
    page = next(plan for plan in runner.plan(catalogue, TEMPLATES) if plan.path == "runners/bitdelta/index.md").make()
    assert 'href="../../notes/bitdelta/"' in page.text
    assert [(fault.path, fault.line, fault.code) for fault in page.faults] == [
        ("runners/bitdelta/README.md", 3, "broken-link")
    ]
    assert "did you mean" in page.faults[0].mend


def test_an_entry_may_lead_to_another_of_its_day_and_ids_are_unique() -> None:
    text = "머리말 [첫째](#first) [없음](#third) [[nowhere]]\n\n## First\n\n글 [둘째](#second)\n\n### Second\n\n## Second\n\n글\n"
    day, _ = parse_digest(text, "digests/2024/2024-02-16.md")
    catalogue, found = assemble(Sources(digests=[day]))
    assert [(fault.line, fault.code) for fault in found] == [(1, "broken-link")]
    page = digest.plan(catalogue, TEMPLATES)[0].make()
    assert [(fault.line, fault.found) for fault in page.faults] == [
        (1, "link to '#third', a heading that this text does not have")
    ]
    ids = re.findall(r'id="([^"]*)"', page.text)
    assert len(ids) == len(set(ids)) and {"first", "second"} <= set(ids)


def test_two_digests_of_one_day_are_one_page_and_lose_nothing() -> None:
    first, _ = parse_digest("앞머리 하나\n\n## One\n\n하나 글\n", "digests/2024/2024-02-16.md")
    second, _ = parse_digest("앞머리 둘\n\n## Two\n\n둘 글 [[nowhere]]\n", "digests/2024-02-16.md")
    catalogue, found = assemble(Sources(digests=[first, second]))
    assert [(fault.path, fault.line, fault.code) for fault in found if fault.code == "broken-link"] == [
        ("digests/2024-02-16.md", 5, "broken-link")
    ]
    (page,) = digest.plan(catalogue, TEMPLATES)
    text = page.make().text
    assert all(word in text for word in ("앞머리 하나", "앞머리 둘", "하나 글", "둘 글"))
    assert {paper.slug: paper.path for paper in catalogue.papers} == {
        "one": "digests/2024/2024-02-16.md",
        "two": "digests/2024-02-16.md",
    }
