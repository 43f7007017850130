"""The site over HTTP, for this machine: files as they are, and a page's reload when it was rebuilt.

What is written in notes is shown by pages of this origin, so the server gives nothing away to them: no other host is
asked, no other site may frame or call it, and a request must name this machine (a name that an attacker points here
would otherwise make a page of theirs one of ours).
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from nonmun.serve.announcer import LIVE_SCRIPT, Announcer

LOOPBACK_NAMES = ("localhost", "127.0.0.1")
READ_WHOLE = 1 << 22  # bytes; a longer file is sent in parts, as players of videos ask for it

_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
)
# Any other file may come from notes, and an SVG that is opened by itself is a document and could carry a script.
_FILE_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TYPES = {  # which a machine's own registry may tell otherwise
    ".bib": "text/plain",
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/plain",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xml": "application/xml",
}


def make_app(site: Path, announcer: Announcer, previews: Mapping[str, bytes] | None = None) -> Starlette:
    """The application that serves `site` (a folder, or the link to the live one) and announces builds.

    `previews` are pages, by their paths in the site, that are shown instead of those that stand there.
    """
    shown = {} if previews is None else previews

    async def events(request: Request) -> Response:
        headers = {**_ALWAYS, "Cache-Control": "no-store"}
        return StreamingResponse(announcer.listen(), media_type="text/event-stream", headers=headers)

    async def live(request: Request) -> Response:
        return Response(LIVE_SCRIPT, media_type="text/javascript", headers=_ALWAYS)

    async def file(request: Request) -> Response:
        return await run_in_threadpool(_answer, site, request, announcer.build, shown)

    return Starlette(
        routes=[
            Route("/_nonmun/events", events),
            Route("/_nonmun/live.js", live),
            Route("/{path:path}", file, methods=["GET", "HEAD"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK_NAMES), www_redirect=False)],
    )


def _answer(site: Path, request: Request, build: str, previews: Mapping[str, bytes]) -> Response:
    root = site.resolve()  # once a request: a publication in between must not mix two sites
    wanted = request.path_params["path"]
    try:
        file = _inside(root, wanted)
        if file is not None and file.is_dir():
            if wanted and not wanted.endswith("/"):
                return _with_slash(request)
            file = file / "index.html"
            wanted += "index.html"
        if (page := previews.get(wanted)) is not None:
            return _send_page(page, request, hashlib.blake2b(page, digest_size=12).hexdigest(), build)
        if file is not None and file.is_file():
            return _send(file, request, build)
    except (OSError, ValueError):  # no system has a file of such a name; or it has just been taken away
        pass
    return _not_found(root, build)


def _inside(root: Path, wanted: str) -> Path | None:
    """The file a request names, unless it leads out of the site, is hidden, or is spelled like no address of ours."""
    parts = wanted.removesuffix("/").split("/")
    if wanted and any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    file = root / wanted
    return file if file.resolve().is_relative_to(root) else None


def _with_slash(request: Request) -> Response:
    # Of the path alone, so that no host can be smuggled in; and for now, so that no browser remembers it.
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{quote(request.url.path)}/{query}", status_code=307, headers=_ALWAYS)


def _send(file: Path, request: Request, build: str) -> Response:
    media_type = _media_type(file)
    is_page = media_type == "text/html"
    with file.open("rb") as stream:
        info = os.fstat(stream.fileno())
        stamp = f"{info.st_ino:x}-{info.st_size:x}-{info.st_mtime_ns:x}"
        if is_page:
            return _send_page(stream.read(), request, stamp, build)
        etag = f'"{stamp}"'
        headers = _headers(media_type) | {"ETag": etag}
        if _has_it(request.headers, etag):
            return Response(status_code=304, headers=headers)
        if info.st_size > READ_WHOLE:
            return FileResponse(file, headers=headers, media_type=media_type, stat_result=info)
        data = stream.read()
    return Response(data, media_type=media_type, headers=headers)


def _send_page(page: bytes, request: Request, stamp: str, build: str) -> Response:
    """A page carries the build it was sent in, so another build makes another answer of it."""
    etag = f'"{stamp}-{build}"'
    headers = _headers("text/html") | {"ETag": etag}
    if _has_it(request.headers, etag):
        return Response(status_code=304, headers=headers)
    return Response(_live(page, build), media_type="text/html", headers=headers)


def _not_found(root: Path, build: str) -> Response:
    try:
        data = (root / "404.html").read_bytes()
    except OSError:
        return Response("404: not found\n", status_code=404, media_type="text/plain", headers=_headers("text/plain"))
    return Response(_live(data, build), status_code=404, media_type="text/html", headers=_headers("text/html"))


def _headers(media_type: str) -> dict[str, str]:
    if media_type == "text/html":
        policy = _PAGE_POLICY
    else:  # browsers show no PDF inside a sandbox, and do not let it run what it carries
        policy = _FILE_POLICY if media_type == "application/pdf" else f"{_FILE_POLICY}; sandbox"
    return {**_ALWAYS, "Content-Security-Policy": policy}


def _has_it(headers: Mapping[str, str], etag: str) -> bool:
    """Whether the browser says that it holds just this."""
    held = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    return etag in held


def _live(page: bytes, build: str) -> bytes:
    """The page with the script that reloads it; last in its body, or at its end where it has none."""
    script = f'<script src="/_nonmun/live.js" data-build="{build}"></script>'.encode()
    head, mark, tail = page.rpartition(b"</body>")
    return head + script + mark + tail if mark else page + script


def _media_type(file: Path) -> str:
    return _TYPES.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
