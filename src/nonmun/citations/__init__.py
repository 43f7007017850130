"""Catalogue → citations: BibTeX and CSL-JSON of every paper. Pure: nothing is read or written here."""

from nonmun.citations.bibtex import bibtex
from nonmun.citations.keys import citation_keys
from nonmun.citations.plan import plan_citations

__all__ = ["bibtex", "citation_keys", "plan_citations"]
