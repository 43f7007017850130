"""The local server: the built site on this machine only, rebuilt and reloaded as its sources change."""

from nonmun.serve.app import make_app
from nonmun.serve.server import listen, serve

__all__ = ["listen", "make_app", "serve"]
