"""What tells open pages of each finished build, and the script by which they listen."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

KEEPALIVE_SECONDS = 15.0

LIVE_SCRIPT = """\
// Reload this page when a build has changed it; try again quietly while the server is away.
(() => {
  const mine = document.currentScript.dataset.build;
  let build = mine;
  const events = new EventSource("/_nonmun/events");
  const here = () => {
    const path = location.pathname.split("/").map((part) => {
      try { return decodeURIComponent(part); } catch { return part; }
    }).join("/").slice(1);
    return path === "" || path.endsWith("/") ? path + "index.html" : path;
  };
  // What is on every page, or may be on any: styles, scripts, pictures.
  const shared = (path) => path.startsWith("assets/") || path.startsWith("files/");
  events.addEventListener("built", (event) => {
    const news = JSON.parse(event.data);
    build = news.build;
    if (news.changed === null || news.changed.some((path) => path === here() || shared(path))) location.reload();
  });
  // Said on each connection: a build that ended while nobody listened may have changed this page.
  events.addEventListener("hello", (event) => {
    if (JSON.parse(event.data).build !== build) location.reload();
  });
})();
"""


@dataclass(slots=True)
class Announcer:
    """Tells every open page of each finished build. `None` as the changed files means: all of them, or too many.

    `build` names the last one; no other server, earlier or later, uses the same name.
    """

    build: str = ""
    _count: int = 0
    _started: str = field(default_factory=lambda: f"{time.time_ns():x}")
    _closed: bool = False
    _waiting: set[asyncio.Queue[str | None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.build = f"{self._started}.0"

    def announce(self, changed: Sequence[str] | None) -> None:
        self._count += 1
        self.build = f"{self._started}.{self._count}"
        self._tell(_event("built", {"build": self.build, "changed": None if changed is None else list(changed)}))

    def close(self) -> None:
        """End every conversation: a server that is about to stop would wait for them."""
        self._closed = True
        self._tell(None)

    def _tell(self, message: str | None) -> None:
        for queue in self._waiting:
            queue.put_nowait(message)

    async def listen(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting.add(queue)
        try:
            yield _event("hello", {"build": self.build})
            while not self._closed:
                try:
                    message = await asyncio.wait_for(queue.get(), KEEPALIVE_SECONDS)
                except TimeoutError:
                    message = ": still here\n\n"
                if message is not None:
                    yield message
        finally:
            self._waiting.discard(queue)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
