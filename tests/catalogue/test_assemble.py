import math

from nonmun.catalogue import Sources, assemble
from nonmun.catalogue.related import COMMON_SHARE, FLOOR, MAX_TERMS, MIN_COMMON, pack_terms, relate
from nonmun.parse import parse_digest, parse_note
from nonmun.vocabulary import read_vocabulary

VOCABULARY, _ = read_vocabulary(
    "object-detection: {ko: 객체 검출, en: Object Detection, aliases: [detection]}", "tags.yml"
)


def note(path: str, text: str):
    return parse_note(text, path)[0]


def test_notes_and_entries_about_one_paper_meet_on_one_page() -> None:
    notes = [
        note("notes/bitdelta.md", "https://arxiv.org/abs/2402.10193v1\n\n부호만 남깁니다.\n"),
        note("notes/sora.md", "---\ntitle: Video models\nurl: https://www.openai.com/sora/\n---\n글\n"),
    ]
    digest, _ = parse_digest(
        "## BitDelta paper\nhttps://arxiv.org/pdf/2402.10193\n\n## Sora\nhttp://openai.com/sora\n\n## Third\n\n글입니다.\n",
        "digests/2024-02-16.md",
    )
    catalogue, faults = assemble(Sources(notes, [digest], VOCABULARY))
    assert faults == []
    assert {paper.slug: len(paper.mentions) for paper in catalogue.papers} == {"bitdelta": 1, "sora": 1, "third": 1}
    assert catalogue.by_slug["third"].note is None


def test_two_notes_of_one_address_are_both_kept_and_reported() -> None:
    catalogue, faults = assemble(Sources([note("notes/A b.md", "x"), note("notes/old/a_b.md", "y")]))
    assert sorted(catalogue.by_slug) == ["a-b", "a-b-2"]
    assert [(fault.path, fault.code) for fault in faults] == [("notes/old/a_b.md", "slug-conflict")]


def test_spellings_and_aliases_of_a_tag_are_one_and_unknown_ones_are_kept() -> None:
    notes = [
        note(f"notes/{n}.md", f"제목 글입니다.\n\n#{tag}\n")
        for n, tag in enumerate(["object_detection", "object-detection", "Detection", "objct_detection"])
    ]
    catalogue, faults = assemble(Sources(notes, vocabulary=VOCABULARY))
    assert len(catalogue.by_tag["object-detection"]) == 3
    assert len(catalogue.by_tag["objct-detection"]) == 1
    assert [(fault.line, fault.mend) for fault in faults] == [(3, "did you mean 'object-detection'?")]


def test_wiki_links_lead_by_file_name_path_and_title_and_broken_ones_are_reported() -> None:
    notes = [
        note("notes/2020/200122 FixMatch.md", "준지도 학습"),
        note(
            "notes/b.md",
            "---\ntitle: B\n---\n[[200122 fixmatch]] [[2020/200122 FixMatch.md]] [[FixMatch]] [[200122 FixMath]]\n",
        ),
    ]
    catalogue, faults = assemble(Sources(notes))
    assert catalogue.backlinks == {"200122-fixmatch": ("b",)}
    assert [(fault.path, fault.line, fault.code) for fault in faults] == [("notes/b.md", 4, "broken-link")]
    assert "200122 fixmatch" in faults[0].mend


def test_unknown_runner_is_reported_at_its_line() -> None:
    _, faults = assemble(Sources([note("notes/b.md", "---\ntitle: B\nrunners: [bitdelta]\n---\n")]))
    assert [(fault.line, fault.code) for fault in faults] == [(3, "unknown-runner")]


def test_related_agrees_with_a_plain_cosine() -> None:
    words = ["gan", "vae", "flow", "bert", "conv", "loss", "data", "rank", "mask", "beam"]
    terms = {f"p{i}": {words[(i * k) % 10]: 1 + (i + k) % 3 for k in (1, 3, 7)} for i in range(40)}
    frequency = {word: sum(word in counts for counts in terms.values()) for word in words}
    limit = max(MIN_COMMON, COMMON_SHARE * len(terms))
    vectors = {}
    for slug, counts in terms.items():
        raw = {
            w: (1 + math.log(n)) * math.log(len(terms) / frequency[w])
            for w, n in counts.items()
            if 1 < frequency[w] <= limit
        }
        assert len(raw) <= MAX_TERMS
        norm = math.sqrt(sum(v * v for v in raw.values())) or 1
        vectors[slug] = {w: v / norm for w, v in raw.items()}
    found = relate({slug: [pack_terms(counts)] for slug, counts in terms.items()})
    for slug, near in found.items():
        score = {
            other: sum(v * vectors[other].get(w, 0) for w, v in vectors[slug].items())
            for other in terms
            if other != slug
        }
        best = sorted((s for s in score.values() if s >= FLOOR), reverse=True)[: len(near)]
        assert [round(score[other], 9) for other in near] == [round(s, 9) for s in best]
