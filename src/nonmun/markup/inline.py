"""The tokens of one paragraph, heading or table cell → HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

from markdown_it.token import Token

from nonmun.markup.escape import clip, escape, escape_attribute
from nonmun.markup.links import Reach, reach_of
from nonmun.markup.mathml import formula
from nonmun.markup.page import Page, Target
from nonmun.markup.wikilinks import Wiki

_TAGS = {
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<del>",
    "s_close": "</del>",
    "hardbreak": "<br>\n",
}
NOWHERE = "갈 곳이 없는 링크 · leads nowhere"
FORMULA = "수식 · formula"
MAX_TITLE = 300  # a title stands at every use of its reference


def plain(tokens: Iterable[Token] | None) -> str:
    """The text of `tokens` without markup."""
    parts: list[str] = []
    for token in tokens or ():
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain(token.children))
        elif token.type == "wiki_link":
            parts.append(token.meta["wiki"].shown)
        else:
            parts.append(token.content)
    return "".join(parts)


def display_block(latex: str, source: str, page: Page, line: int, tag: str = "div") -> str:
    """A formula on a line of its own; it can be scrolled where it is wider than the page."""
    made = formula(latex, True)
    if made.problem:
        page.unreadable_formula(line, source, made.problem)
        shown = f'<code class="nm-math-source">{escape(source)}</code>'
        return f"<p>{shown}</p>" if tag == "div" else shown
    return f'<{tag} class="nm-math" tabindex="0" role="group" aria-label="{FORMULA}">{made.html}</{tag}>'


class Inline:
    """Renders the children of one inline token; `first` is the line (from 0) that the token begins in."""

    def __init__(self, token: Token, page: Page) -> None:
        self.source = token.content
        self.first = token.map[0] if token.map else 0
        self.page = page
        self.seen = (0, self.first)  # the last place asked for, and its line
        self.out: list[str] = []
        self.closings: list[str] = []  # what ends each link that is open

    def render(self, tokens: Sequence[Token]) -> str:
        out, page = self.out, self.page
        for token in tokens:
            kind = token.type
            if kind == "text":
                out.append(escape(token.content))
            elif kind == "softbreak":
                out.append("<br>\n" if page.hard_breaks else "\n")
            elif kind in _TAGS:
                out.append(_TAGS[kind])
            elif kind == "code_inline":
                out.append(f"<code>{escape(token.content)}</code>")
            elif kind == "link_open":
                self._open_link(token)
            elif kind == "link_close":
                out.append(self.closings.pop())
            elif kind == "wiki_link":
                self._wiki_link(token.meta["wiki"], self._line(token))
            elif kind == "image":
                self._image(token)
            elif kind == "formula":
                self._formula(token)
            else:
                out.append(escape(token.content))
        return "".join(out)

    def _line(self, token: Token) -> int:
        place = token.meta.get("at", 0)
        before, line = self.seen  # places are asked for in order, so that no stretch is counted twice
        self.seen = (place, line + self.source.count("\n", before, place))
        return self.seen[1]

    def _formula(self, token: Token) -> None:
        if token.meta["display"]:
            self.out.append(display_block(token.content, token.markup, self.page, self._line(token), tag="span"))
            return
        made = formula(token.content, False)
        if made.problem:
            self.page.unreadable_formula(self._line(token), token.markup, made.problem)
        self.out.append(made.html or f'<code class="nm-math-source">{escape(token.markup)}</code>')

    def _open_link(self, token: Token) -> None:
        href, title = str(token.attrGet("href") or ""), str(token.attrGet("title") or "")
        if any(self.closings):  # a link in a link's text, as `[<https://a>](b)`; no page may hold that
            self.closings.append("")
            return
        reach = reach_of(href)
        if reach is Reach.UNSAFE:
            self.page.unsafe_link(self._line(token), href)
            angled = token.markup == "autolink"
            self.out.append("&lt;" if angled else "[")
            self.closings.append("&gt;" if angled else escape(f"]({clip(href, 200)})"))
            return
        if reach is Reach.RELATIVE:
            target = self._resolve(href, self._line(token))
            if target is None:
                self._open_broken(href)
                return
            href, title = target.href, title or target.title
        elif reach is Reach.PAGE and (anchor := unquote(href.removeprefix("#"))) and href.startswith("#"):
            href = f"#{quote(self.page.jump(self._line(token), anchor))}"
        elif href.startswith("//"):
            href = f"https:{href}"
        shown = f' title="{escape_attribute(title[:MAX_TITLE])}"' if title else ""
        self.out.append(f'<a href="{escape_attribute(href)}"{shown}>')
        self.closings.append("</a>")

    def _open_broken(self, href: str) -> None:
        hint = escape_attribute(f"{NOWHERE}: {clip(unquote(href))}")
        self.out.append(f'<span class="nm-broken" title="{hint}">')
        self.closings.append("</span>")

    def _resolve(self, href: str, line: int, source: str = "") -> Target | None:
        """Where a relative address leads; what it looks like in `source`, should it lead nowhere."""
        name, _, anchor = (unquote(part) for part in href.partition("#"))
        target = self.page.resolve(name, anchor)
        if target is None:
            self.page.broken_link(line, source or unquote(href), name)
        elif target.here and anchor:
            self.page.jump(line, anchor)
        return target

    def _wiki_link(self, wiki: Wiki, line: int) -> None:
        inside = any(self.closings)
        target = self.page.resolve(wiki.target, wiki.anchor)
        label = escape(wiki.shown)
        if target is not None and target.here and wiki.anchor:
            self.page.jump(line, wiki.anchor)
        if target is None:
            self.page.broken_link(line, wiki.source, wiki.target)
            self.out.append(f'<span class="nm-broken" title="{NOWHERE}">{label}</span>')
        elif wiki.image:
            alt = "" if wiki.width else wiki.label
            self.out.append(_img(target.href, alt or target.title or wiki.target, width=wiki.width))
        elif inside:
            self.out.append(label)
        else:
            kind = "nm-embed" if wiki.embed else "nm-wikilink"
            shown = escape(wiki.label or target.title or wiki.shown) if wiki.embed else label
            title = target.title if target.title not in ("", wiki.shown) and not wiki.embed else ""
            hint = f' title="{escape_attribute(title)}"' if title else ""
            self.out.append(f'<a class="{kind}" href="{escape_attribute(target.href)}"{hint}>{shown}</a>')

    def _image(self, token: Token) -> None:
        source, alt = str(token.attrGet("src") or ""), plain(token.children)
        reach = reach_of(source)
        if reach is Reach.UNSAFE:
            self.page.unsafe_link(self._line(token), source)
            self.out.append(escape(f"![{alt}]({clip(source, 200)})"))
        elif reach is Reach.WEB:  # the site asks nothing of other hosts; the reader may
            href = f"https:{source}" if source.startswith("//") else source
            label = escape(alt or source)
            self.out.append(label if any(self.closings) else f'<a href="{escape_attribute(href)}">{label}</a>')
        else:
            target = self._resolve(source, self._line(token), f"![{alt}]({unquote(source)})") if source else None
            if target is None:
                self.out.append(f'<span class="nm-broken" title="{NOWHERE}">{escape(alt or unquote(source))}</span>')
            else:
                self.out.append(_img(target.href, alt, title=str(token.attrGet("title") or "")[:MAX_TITLE]))


def _img(source: str, alt: str, *, width: str = "", title: str = "") -> str:
    size = f' width="{width}"' if width else ""
    hint = f' title="{escape_attribute(title)}"' if title else ""
    return f'<img src="{escape_attribute(source)}" alt="{escape_attribute(alt)}"{size}{hint} loading="lazy">'
