"""One text of markdown → safe HTML: `render`."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

from nonmun.markup.escape import clean, escape, settle
from nonmun.markup.highlight import code_block
from nonmun.markup.inline import Inline, display_block, plain
from nonmun.markup.page import Page, Rendered, Reported, Resolve, Suggest
from nonmun.markup.parser import MAX_NESTING, parser, used_labels
from nonmun.markup.prose import prose

TABLE = "표 · table"
_TAGS = {
    "blockquote_open": "<blockquote>\n",
    "blockquote_close": "</blockquote>\n",
    "bullet_list_open": "<ul>\n",
    "bullet_list_close": "</ul>\n",
    "ordered_list_close": "</ol>\n",
    "list_item_open": "<li>",
    "list_item_close": "</li>\n",
    "hr": "<hr>\n",
    # Wider than a phone, it scrolls by itself; a group and not a region, since a page may hold many.
    "table_open": f'<div class="nm-table" tabindex="0" role="group" aria-label="{TABLE}">\n<table>\n',
    "table_close": "</table>\n</div>\n",
    "thead_open": "<thead>\n",
    "thead_close": "</thead>\n",
    "tbody_open": "<tbody>\n",
    "tbody_close": "</tbody>\n",
    "tr_open": "<tr>\n",
    "tr_close": "</tr>\n",
    "th_close": "</th>\n",
    "td_close": "</td>\n",
}
_ALIGNED = {f"text-align:{side}": f' style="text-align: {side};"' for side in ("left", "center", "right")}
_TASKS = {
    "[ ] ": '<span class="nm-task" role="img" aria-label="할 일 · to do">☐</span> ',
    "[x] ": '<span class="nm-task" role="img" aria-label="마침 · done">☑</span> ',
    "[X] ": '<span class="nm-task" role="img" aria-label="마침 · done">☑</span> ',
}


def render(
    text: str,
    *,
    path: str,
    line: int,
    resolve: Resolve,
    hard_breaks: bool,
    heading_shift: int = 0,
    taken_ids: set[str] | None = None,
    suggest: Suggest | None = None,
    reported: Reported | None = None,
) -> Rendered:
    """Turn markdown into HTML that is safe and stands unchanged in a raw HTML block of a markdown file.

    `path` and `line` say where the text's first line is, for the faults. With `hard_breaks` each line ends
    where the author ended it. `heading_shift` is added to the level of headings. `taken_ids` holds the
    anchors that the page has used so far; those of this text are added to it. `suggest` may name what a
    link that leads nowhere could mean; `reported` knows of which it has been said already.

    Any text gives HTML; what can't be rendered is shown as its source, with a fault.
    """
    ids = set() if taken_ids is None else taken_ids
    page = Page(path, line, resolve, suggest, hard_breaks, heading_shift, ids, reported=reported)
    text = clean(text)
    if (html := prose(text, hard_breaks=hard_breaks)) is not None:
        return Rendered(html)
    tokens = _parse(text, page)
    html = f"<pre><code>{escape(text)}</code></pre>" if tokens is None else "".join(_Blocks(page, tokens).render())
    return Rendered(settle(html), tuple(page.faults), tuple(page.headings), tuple(page.jumps))


def _parse(text: str, page: Page) -> list[Token] | None:
    """The tokens of `text`; None (and a fault) where not all of it would be seen."""
    try:
        tokens = parser().parse(text, {})
    except RecursionError:
        page.unreadable_text(0, "it is nested too deeply")
        return None
    except Exception as problem:  # no text may stop a build, whatever it does to the parser
        page.unreadable_text(0, f"the markdown parser gave up ({type(problem).__name__})")
        return None
    for token in tokens:
        if token.level >= MAX_NESTING - 1:  # below it the parser reads nothing any more
            page.unreadable_text(token.map[0] if token.map else 0, f"lists or quotes more than {MAX_NESTING // 2} deep")
            return None
    return tokens


class _Blocks:
    """Goes through the block tokens of one text."""

    def __init__(self, page: Page, tokens: Sequence[Token]) -> None:
        self.page = page
        self.tokens = tokens
        self.used = used_labels(tokens) if any(token.type == "definition" for token in tokens) else set()
        self.out: list[str] = []

    def render(self) -> list[str]:
        out = self.out
        for position, token in enumerate(self.tokens):
            kind = token.type
            if kind == "inline":
                self._inline(token, position)
            elif kind == "paragraph_open":
                if not token.hidden:
                    self._break_item(position)
                    out.append("<p>")
            elif kind == "paragraph_close":
                if not token.hidden:
                    out.append("</p>\n")
                elif self.tokens[position + 1].type != "list_item_close":
                    out.append("\n")
            elif kind in _TAGS:
                if token.nesting != -1 and kind != "list_item_open":
                    self._break_item(position)
                out.append(_TAGS[kind])
            elif kind in ("th_open", "td_open"):
                out.append(f"<{token.tag}{_ALIGNED.get(str(token.attrGet('style')), '')}>")
            elif kind not in ("heading_open", "heading_close"):
                self._break_item(position)
                self._block(token)
        return out

    def _break_item(self, position: int) -> None:
        """Begin a line for the first block in a list item."""
        if position and self.tokens[position - 1].type == "list_item_open":
            self.out.append("\n")

    def _block(self, token: Token) -> None:
        kind = token.type
        if kind == "fence":
            self.out.append(code_block(token.content, token.info))
        elif kind == "code_block":
            self.out.append(code_block(token.content))
        elif kind == "display_formula":
            first = token.map[0] if token.map else 0
            self.out.append(display_block(token.content, token.markup, self.page, first) + "\n")
        elif kind == "ordered_list_open":
            start = token.attrGet("start")
            self.out.append("<ol>\n" if start is None else f'<ol start="{int(start)}">\n')
        elif kind == "definition":
            self._definition(token)

    def _inline(self, token: Token, position: int) -> None:
        before = self.tokens[position - 1]
        children = token.children or []
        html = Inline(token, self.page).render(children)
        if before.type == "heading_open":
            self._break_item(position - 1)
            heading = self.page.add_heading(int(before.tag[1:]), " ".join(plain(children).split()))
            html = f'<h{heading.level} id="{heading.id}">{html}</h{heading.level}>\n'
        elif position > 1 and html[:4] in _TASKS and self.tokens[position - 2].type == "list_item_open":
            html = _TASKS[html[:4]] + html[4:]
        self.out.append(html)

    def _definition(self, token: Token) -> None:
        """A definition that no link uses would be lost: it is shown as written, its address as a link."""
        if token.info and token.info in self.used:
            return
        shown = parser().parseInline(token.content.replace("[", "&#91;", 1))[0]
        shown.map = token.map
        self.out.append(f"<p>{Inline(shown, self.page).render(shown.children or [])}</p>\n")
