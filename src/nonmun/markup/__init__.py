"""Markdown → HTML that is safe, whole and final: what a note says, as the page shows it.

    render       one text of markdown → Rendered(html, faults, headings)
    plain_text   one text of markdown → its visible text, for descriptions, snippets and word counts

Pages are written with their body already in HTML, so that every site engine shows the same, and what a
hostile text could do is decided here alone: raw HTML is text, only links to the web and to the site are
live, nothing is fetched from elsewhere.
"""

from nonmun.markup.page import Heading, Jump, Rendered, Resolve, Suggest, Target
from nonmun.markup.plain import plain_text
from nonmun.markup.renderer import render
from nonmun.markup.slugs import slug as heading_slug

__all__ = ["Heading", "Jump", "Rendered", "Resolve", "Suggest", "Target", "heading_slug", "plain_text", "render"]
