from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_samples import catalogue_of, hostile_texts, note

from nonmun.citations import bibtex, citation_keys, plan_citations
from nonmun.citations.names import Name, split_name

COMMANDS = {
    "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~",
    "textasciicircum": "^", "textless": "<", "textgreater": ">", "textbar": "|",
}  # fmt: skip


def read_bibtex(text: str) -> list[tuple[str, dict[str, str]]]:
    """The entries of a .bib file as BibTeX itself parts them: by counting braces, which nothing escapes."""
    entries, position = [], 0
    while (start := text.find("@", position)) >= 0:
        head = re.compile(r"@(\w+)\{([^\s,{}\"#%'()=~\\]+),").match(text, start)
        assert head, text[start : start + 40]
        position, fields = head.end(), {}
        while field := re.compile(r"\s*(\w+)\s*=\s*\{").match(text, position):
            position, depth = field.end(), 1
            begun = position
            while depth:
                depth += {"{": 1, "}": -1}.get(text[position], 0)
                position += 1
            assert field[1] not in fields
            fields[field[1]] = text[begun : position - 1]
            position = re.compile(r"\s*,?").match(text, position).end()
        closing = re.compile(r"\s*\}").match(text, position)
        assert closing, text[position : position + 40]
        position = closing.end()
        entries.append((head[2], fields))
    return entries


def typeset(value: str) -> str:
    """What TeX shows of a value. Any character that it would obey fails."""
    shown, position = [], 0
    while position < len(value):
        char = value[position]
        if char == "\\":
            command = re.compile(r"\\(?:([A-Za-z]+)\{\}|([&%$#_]))").match(value, position)
            assert command, value[position:]
            shown.append(COMMANDS[command[1]] if command[1] else command[2])
            position = command.end()
            continue
        assert char not in "&%$#_~^", value
        shown.append("" if char in "{}" else char)
        position += 1
    return "".join(shown)


def split_outside_braces(value: str) -> list[str]:
    names, depth, begun = [], 0, 0
    for position, char in enumerate(value):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if not depth and value.startswith(" and ", position):
            names.append(value[begun:position])
            begun = position + len(" and ")
    return [*names, value[begun:]]


def kept(text: str) -> str:
    """A text as one line without the characters that are dropped."""
    return " ".join(re.sub("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]", "", text).split())


def entry_of(*args, **kwargs) -> tuple[str, dict[str, str]]:
    catalogue = catalogue_of(note(*args, **kwargs))
    ((key, fields),) = read_bibtex(bibtex(catalogue.papers[0], citation_keys(catalogue)["bitdelta"]))
    return key, fields


@given(title=hostile_texts, authors=st.lists(hostile_texts, max_size=3))
def test_bibtex_of_any_text_is_read_back_as_it_was(title, authors) -> None:
    catalogue = catalogue_of(note("a", title, authors=tuple(authors)), note("b", "Another", arxiv=None))
    text = {plan.path: plan.make().text for plan in plan_citations(catalogue)}["notes.bib"]
    text.encode()
    entries = dict(read_bibtex(text))
    keys = citation_keys(catalogue)
    assert set(entries) == set(keys.values()) and len(entries) == 2
    fields = entries[keys["a"]]
    assert " ".join(typeset(fields["title"]).split()) == kept(title)
    names = [" ".join(typeset(name).split()) for name in split_outside_braces(fields.get("author", ""))]
    cut_short = {"et al", "et al.", "others", "외"}
    assert [name for name in names if name] == [
        "others" if name.casefold() in cut_short else name for name in map(kept, authors) if name
    ]


def test_a_paper_is_cited_with_all_that_is_known_of_it() -> None:
    assert entry_of(version=2) == (
        "liu2024bitdelta",
        {
            "title": "{BitDelta}: Your Fine-Tune May Only Be Worth One Bit",
            "author": "James Liu and Guangxuan Xiao",
            "year": "2024",
            "eprint": "2402.10193",
            "archivePrefix": "arXiv",
            "url": "https://arxiv.org/abs/2402.10193",
        },
    )


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("How to Train Data-Efficient LLMs", "How to Train Data-Efficient {LLMs}"),
        ("A study of Markov chains in GPT-4 and 3D", "A study of {Markov} chains in {GPT}-4 and {3D}"),
        ("100% of $x_1$ & more", r"100\% of \$x\_1\$ \& more"),
        ("대규모 언어 모델", "대규모 언어 모델"),
    ],
)
def test_capitals_are_kept_and_specials_escaped(title, written) -> None:
    assert entry_of(title=title)[1]["title"] == written


@pytest.mark.parametrize(
    ("author", "written"),
    [
        ("김민수", "{김민수}"),
        ("김 민수", "{김 민수}"),
        ("Gemini Team, Google", "{Gemini Team, Google}"),
        ("Smith and Sons", "{Smith and Sons}"),
        ("Laurens van der Maaten", "Laurens van der Maaten"),
        ("Robert Downey Jr.", "Robert {Downey Jr.}"),
        ("et al.", "others"),
    ],
)
def test_names_are_written_so_that_bibtex_parts_them_rightly(author, written) -> None:
    assert entry_of(authors=(author,))[1]["author"] == written


def test_a_name_is_parted_for_csl() -> None:
    assert split_name("Laurens van der Maaten") == Name("Maaten", "Laurens", "van der")
    assert split_name("Jason D. Lee") == Name("Lee", "Jason D.")
    assert split_name("김 민수") == Name("김 민수")


def test_the_year_is_the_arxiv_ids_and_else_the_notes() -> None:
    assert entry_of(arxiv="cs/0112017", day=date(2024, 1, 1))[1]["year"] == "2001"
    assert entry_of(arxiv="hep-th/9901001")[1]["year"] == "1999"
    assert entry_of(arxiv=None)[1]["year"] == "2024"
    assert "year" not in entry_of(arxiv=None, day=None)[1]


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://example.org/a%20b_c?d=1#e", "https://example.org/a%20b_c?d=1#e"),
        ("https://example.org/{x}\\y", "https://example.org/%7Bx%7D%5Cy"),
        ("javascript:alert(1)", None),
    ],
)
def test_an_address_stays_as_it_is_but_for_what_would_end_its_field(url, written) -> None:
    assert entry_of(arxiv=None, urls=(url,))[1].get("url") == written


def test_keys_are_of_letters_and_digits_whatever_the_script() -> None:
    assert entry_of("bitdelta", "양자화 이야기", authors=("김민수",))[0] == "gimminsu2024yangjahwa"
    assert entry_of("bitdelta", "Über Graphs", authors=("Łukasz Müller",))[0] == "muller2024uber"
    assert entry_of("bitdelta", "Sora: video", authors=(), arxiv=None)[0] == "sora2024video"
    assert entry_of("bitdelta", "…", authors=("Gemini Team",))[0] == "gemini2024"


@given(titles=st.lists(hostile_texts, min_size=2, max_size=6))
def test_keys_are_unique_and_a_newer_paper_changes_none_of_them(titles) -> None:
    older = [note(f"n{i}", title, arxiv=None, day=date(2024, 1, 1 + i)) for i, title in enumerate(titles)]
    newer = note("newer", titles[0], arxiv=None, day=date(2024, 6, 1))
    keys, then = citation_keys(catalogue_of(*older)), citation_keys(catalogue_of(*older, newer))
    assert len(set(then.values())) == len(then) == len(titles) + 1
    assert {slug: then[slug] for slug in keys} == keys
    assert all(re.fullmatch("[a-z0-9-]+", key) for key in then.values())


@given(title=hostile_texts, author=hostile_texts)
def test_csl_json_of_any_text_is_read_back_as_it_was(title, author) -> None:
    catalogue = catalogue_of(note("a", title, authors=(author,)))
    text = {plan.path: plan.make().text for plan in plan_citations(catalogue)}["api/notes.csl.json"]
    text.encode()
    (record,) = json.loads(text)
    as_shown = re.sub("[\ud800-\udfff]", "\ufffd", title)
    assert record["title"] == " ".join(as_shown.split())
    assert record["type"] == "article" and record["issued"] == {"date-parts": [[2024, 2]]}
    name = record["author"][0]
    parts = (name.get("literal"), name.get("given"), name.get("non-dropping-particle"), name.get("family"))
    assert " ".join(filter(None, parts)) == " ".join(re.sub("[\ud800-\udfff]", "\ufffd", author).split())


def test_an_edit_of_a_text_makes_no_citation_anew() -> None:
    def keys(text):
        return {plan.path: plan.key for plan in plan_citations(catalogue_of(note(korean=text)))}

    assert keys("전입니다.") == keys("후입니다.")
    assert keys("전입니다.") != {plan.path: plan.key for plan in plan_citations(catalogue_of(note(title="Other")))}
