"""What the tests of this room share: a resolver, a strict reader of HTML, texts that try to break things."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from hypothesis import strategies as st

from nonmun.markup import Rendered, Target, render

VOID = frozenset({"br", "hr", "img"})
MATHML = frozenset(
    "math semantics annotation menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts "
    "mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none".split()
)
HTML = frozenset(
    "a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr img li ol p pre span strong "
    "table tbody td th thead tr ul".split()
)
ATTRIBUTES = frozenset("href title class src alt width loading role aria-label tabindex id start style".split())
PHRASING_ONLY = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "span", "a", "em", "strong", "del", "code", "pre"})
BLOCKS = frozenset("blockquote div h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul".split())

TARGETS: Mapping[str, Target] = {
    "bitdelta": Target("../bitdelta/", "BitDelta: Your Fine-Tune May Only Be Worth One Bit"),
    "200619 Denoising Diffusion Probabilistic Models": Target("../ddpm/", "DDPM"),
    "figure.png": Target("../../assets/figure.png"),
    "": Target(""),
}


def resolve(target: str, anchor: str) -> Target | None:
    found = TARGETS.get(target.removesuffix(".md"))
    return Target(f"{found.href}#{anchor}", found.title) if found and anchor else found


class StrictReader(HTMLParser):
    """Reads HTML and remembers whatever a browser would have to put right, or no page of ours may hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.ids: list[str] = []
        self.titles: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        in_math = "math" in self.open
        if tag not in (MATHML if in_math or tag == "math" else HTML):
            self.problems.append(f"element <{tag}>")
        if tag in BLOCKS and PHRASING_ONLY & set(self.open):
            self.problems.append(f"<{tag}> in {self.open}")
        if tag == "a" and "a" in self.open:
            self.problems.append("link in a link")
        if len({name for name, _ in attrs}) != len(attrs):
            self.problems.append(f"attribute twice: {attrs}")
        for name, value in attrs:
            if name.startswith("on") or (not in_math and tag != "math" and name not in ATTRIBUTES):
                self.problems.append(f"attribute {name}={value}")
            if name == "href":
                self.links.append(value or "")
            if name == "src":
                self.sources.append(value or "")
            if name == "title":
                self.titles.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name == "style" and (value or "") not in (
                "text-align: left;",
                "text-align: center;",
                "text-align: right;",
            ):
                self.problems.append(f"style {value}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.problems.append(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "annotation" not in self.open:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.problems.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.problems.append("processing instruction")


def read(html: str) -> StrictReader:
    reader = StrictReader()
    reader.feed(html)
    reader.close()
    reader.problems += [f"<{tag}> stays open" for tag in reader.open]
    return reader


def show(text: str, **options: object) -> Rendered:
    """`render` with everything filled in that a test does not speak of."""
    given = {"path": "notes/x.md", "line": 1, "resolve": resolve, "hard_breaks": False, **options}
    return render(text, **given)  # type: ignore[arg-type]


def html(text: str, **options: object) -> str:
    return show(text, **options).html


def codes(rendered: Rendered) -> list[tuple[int, str]]:
    """Line and code of each fault."""
    return [(fault.line, fault.code) for fault in rendered.faults]


# Pieces that mean something to one of the parsers involved; random text would hardly hold two of them.
PIECES = (
    "[ ] ( ) [[ ]] ![[ | # $ $$ \\( \\) \\[ \\] \\textit{ \\emph{ } { ` `` ``` ~~ ~ * ** _ __ < > & &lt; "
    "&#60; &#x2; &#10; &#9; &#12; &nbsp; \\ - + 1. # ## > | |-|-| --- === *** ![ ]( ](x) [a]: : / :// https:// "
    "http://a.b/c?d=e&f=g arxiv.org/abs/1 <https://a.b> javascript: data: JaVaScRiPt&colon; <script> "
    "</script> <!-- --> <? ?> <![CDATA[ ]]> <b onclick=x> </article> </p> markdown=1 {: } !!! \\foo "
    "\\frac{1}{2} x^2 ^ [^1] [^1]: '' \" ' = bitdelta figure.png 학습 강조 가 é \u3000 a b 1 5"
).split(" ")
CONTROLS = ("\n", "\n\n", " ", "  ", "    ", "\t", "\r\n", *"\x02\x03\x00\x0c\x85\u2028\ud800\ufffe")
pieces = st.sampled_from([*PIECES, *CONTROLS])
hostile = st.lists(st.one_of(pieces, st.text(max_size=4)), max_size=40).map("".join)
