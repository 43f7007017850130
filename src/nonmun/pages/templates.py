"""The Jinja2 templates of site/templates, as text given to us; every value is escaped unless it is our own HTML."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from nonmun.parse.language import has_hangul
from nonmun.parse.text import without_surrogates

_PLAIN_WORDS = re.compile(r'\{\{ t\("([^"\\{}\n]*)", "([^"\\{}\n]*)"\) \}\}')  # `{{ t("초록", "Abstract") }}`


MADE_ONCE = 50_000  # pieces of pages that are remembered; they hold what they were made of


class _Environment(jinja2.Environment):
    """Finds a template by its name alone: jinja2 asks again for the macros of each page, at a twentieth of its time."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._found: dict[str, jinja2.Template] = {}

    def get_template(
        self, name: str | jinja2.Template, parent: str | None = None, globals: Any = None
    ) -> jinja2.Template:
        if not isinstance(name, str) or globals is not None:
            return super().get_template(name, parent, globals)
        if name not in self._found:
            self._found[name] = super().get_template(name, parent)
        return self._found[name]


class Templates:
    """Renders a page from a template's name and its values. `sources` maps names to template texts."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = dict(sources)
        self._environment = _Environment(
            loader=jinja2.DictLoader({name: _with_words(source) for name, source in self.sources.items()}),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        # A filter is called at half the cost of a function.
        self._environment.filters.update(once=self._once, yaml=_yaml, two=two_labels)
        self._environment.globals.update(t=_words, lang_of=_lang_attribute)
        self._made_once: dict[tuple[str, object, tuple[Any, ...]], Markup] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Changes when any template does, and with it every page is made anew."""
        return hashlib.blake2b(json.dumps(self.sources, sort_keys=True).encode(), digest_size=8).hexdigest()

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        template = self._environment.get_template(name)
        return without_surrogates(template.render(values).lstrip())

    def _once(self, value: object, macro: Any, *options: Any) -> Markup:
        """What `macro` makes of `value`, made once for all pages: `{{ row | once(paper_item, true) }}`.

        For values that stand on many pages and are the same there, such as the rows of lists.
        """
        key = (macro.name, value, options)
        made = self._made_once.get(key)
        if made is None:
            if len(self._made_once) >= MADE_ONCE:
                self._made_once.clear()
            made = self._made_once[key] = macro(value, *options)
        return made


def _yaml(text: str) -> Markup:
    """A YAML double-quoted scalar; JSON's strings are such."""
    return Markup(  # noqa: S704 - YAML, where HTML escapes would show
        json.dumps(without_surrogates(str(text)), ensure_ascii=False)
    )


@lru_cache(maxsize=512)
def _words(korean: str, english: str) -> Markup:
    """Words of the interface, in both languages. The switch on a page hides one of the two."""
    return _TWO.format(korean, english)


def _with_words(source: str) -> str:
    """A template with the words of the interface in their places: calls for them were a twentieth of a page's time."""
    return _PLAIN_WORDS.sub(lambda found: str(_words(found[1], found[2])), source)


def _lang_attribute(text: str) -> Markup:
    """A page is Korean where nothing else is said; titles of papers mostly are not, though full of names."""
    return _NOTHING if has_hangul(text) else _ENGLISH


_TWO = Markup('<span class="nm-t"><span lang="ko">{}</span> <span lang="en">{}</span></span>')
_NOTHING, _ENGLISH = Markup(""), Markup(' lang="en"')


def two_labels(text: str) -> Markup:
    """`판정 기준 · Criteria`: a label in both languages, of which the switch on a page may hide one."""
    return _TWO.format(*two) if (two := _both(text)) else escape(text)


def _both(text: str) -> tuple[str, str] | None:
    korean, mark, english = text.partition(" · ")
    return (korean, english) if mark and has_hangul(korean) and not has_hangul(english) else None
