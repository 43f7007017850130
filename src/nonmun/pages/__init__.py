"""Catalogue → the text of every page, as (path, text). Pure: nothing is read or written here."""

from nonmun.pages.note import drafts
from nonmun.pages.plan import PagePlan, plan_site
from nonmun.pages.runner import clip_path
from nonmun.pages.templates import Templates

__all__ = ["PagePlan", "Templates", "clip_path", "drafts", "plan_site"]
