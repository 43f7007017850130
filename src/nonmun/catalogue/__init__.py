"""All notes, digests and runners together, frozen: what every page is made from."""

from nonmun.catalogue.assemble import Sources, assemble, paper_of
from nonmun.catalogue.catalogue import Catalogue, key_of, used_tags
from nonmun.catalogue.record import as_json, paper_record

__all__ = ["Catalogue", "Sources", "as_json", "assemble", "key_of", "paper_of", "paper_record", "used_tags"]
