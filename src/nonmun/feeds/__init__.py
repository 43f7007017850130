"""Catalogue → what programs read of the site: feeds, the API, llms.txt, the sitemap, redirects. Pure."""

from nonmun.feeds.plan import plan_feeds

__all__ = ["plan_feeds"]
