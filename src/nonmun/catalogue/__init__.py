"""All notes, digests and runners together, frozen: what every page is made from."""

from nonmun.catalogue.assemble import Sources, assemble
from nonmun.catalogue.catalogue import Catalogue, key_of

__all__ = ["Catalogue", "Sources", "assemble", "key_of"]
