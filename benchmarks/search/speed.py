"""How soon results stand there, in Chromium over 10 Mbit/s and 40 ms, from a cold cache: ours and Material's."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.corpus import make_base
from benchmarks.processes import nonmun, run
from benchmarks.record import Row
from benchmarks.search.peers import material_site
from benchmarks.search.serving import chromium, serving

BYTES_A_SECOND, LATENCY_MS = 10_000_000 / 8, 40
ROUNDS = 3
FIRST_GOAL, NEXT_GOAL, RATIO_GOAL = 400, 50, 15  # ms, ms, times
FIRST_BYTES_GOAL, NEXT_BYTES_GOAL = 250, 60  # KB
PAUSE_MS = 160  # between keystrokes
WORDS = ("학습", "양자화", "transformer")

# When a list of results first stands there after each keystroke; told by the page itself.
WATCH = """([list, item]) => {
  window.shown = 0;
  const look = () => { const found = document.querySelector(list); if (found && found.querySelector(item)) window.shown = performance.now(); };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
}"""  # noqa: E501
TYPE = """([box, text]) => {
  const input = document.querySelector(box);
  window.shown = 0;
  input.value = text;
  window.typed = performance.now();
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  input.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true, key: text.at(-1) }));
}"""
OURS = (".nm-find input[type=search]", ".nm-found__list", "[role=option]")
MATERIAL = (".md-search__input", ".md-search-result__list", ".md-search-result__item")


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    ours = make_base(vault, count, scratch / "ours")
    run(nonmun("build"), ours)
    theirs = material_site(vault, count, scratch / "material")
    note = next((ours / "build" / "site" / "notes").iterdir()).name
    rounds = [_round(ours / "build" / "site", f"notes/{note}/", OURS) for _ in range(ROUNDS)]
    peer = [_round(theirs / "site", "", MATERIAL) for _ in range(ROUNDS)]
    first = median(one.first for found in rounds for one in found)
    following = [time for found in rounds for one in found for time in one.following]
    first_bytes = max(one.first_bytes for found in rounds for one in found) / 1000
    next_bytes = [size / 1000 for found in rounds for one in found for size in one.next_bytes]
    their_first = median(one.first for found in peer for one in found)
    their_bytes = median(one.first_bytes for found in peer for one in found) / 1000
    ratio = their_first / first
    return [
        Row(f"first results at {count:,} notes (median of {3 * ROUNDS})", f"{first:.0f} ms", f"≤ {FIRST_GOAL} ms",
            first <= FIRST_GOAL),
        Row("after a later keystroke (median, 90 %)", f"{median(following):.0f}, {_share(following, 0.9):.0f} ms",
            f"≤ {NEXT_GOAL} ms", median(following) <= NEXT_GOAL),
        Row("transferred until the first results (most)", f"{first_bytes:.0f} KB", f"≤ {FIRST_BYTES_GOAL} KB",
            first_bytes <= FIRST_BYTES_GOAL),
        Row("for each later keystroke, foresight included (median, most)",
            f"{median(next_bytes):.0f}, {max(next_bytes):.0f} KB", f"≤ {NEXT_BYTES_GOAL} KB",
            max(next_bytes) <= NEXT_BYTES_GOAL),
        Row("Material's search, first results", f"{their_first:.0f} ms, {their_bytes:,.0f} KB"),
        Row("Material's / ours", f"{ratio:.0f}x", f"≥ {RATIO_GOAL}x", ratio >= RATIO_GOAL),
    ]  # fmt: skip


class _Typed:
    """One word typed: ms and bytes until the first results, and for each later keystroke."""

    def __init__(self) -> None:
        self.first = self.first_bytes = 0.0
        self.following: list[float] = []
        self.next_bytes: list[float] = []


def _round(site: Path, path: str, names: tuple[str, str, str]) -> list[_Typed]:
    with serving(site) as address, chromium() as browser:
        return [_type(browser, address + path, word, names) for word in WORDS]


def _type(browser: Browser, address: str, word: str, names: tuple[str, str, str]) -> _Typed:
    box, listed, item = names
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(180_000)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", line)
    received = [0.0]  # of what only search needs
    ours: set[str] = set()
    session.on(
        "Network.responseReceived",
        lambda event: ours.add(event["requestId"]) if "/search" in event["response"]["url"] else None,
    )
    session.on(
        "Network.loadingFinished",
        lambda event: received.__setitem__(
            0, received[0] + (event["encodedDataLength"] if event["requestId"] in ours else 0)
        ),
    )
    page.goto(address, wait_until="load")  # and then someone types at once
    page.evaluate(WATCH, [listed, item])
    found = _Typed()
    if names is MATERIAL:  # its box opens with a click
        page.evaluate("document.querySelector('#__search').checked = true")
    page.evaluate("(box) => document.querySelector(box).focus()", box)
    for length in range(1, len(word) + 1):
        before = received[0]
        page.evaluate(TYPE, [box, word[:length]])
        if not found.first:
            if not _shows(page, 60_000 if length == len(word) or names is MATERIAL else 2_500):
                continue  # one Latin letter is no word yet
            found.first = page.evaluate("window.shown - window.typed")
            found.first_bytes = received[0]
        elif _shows(page, 10_000):
            found.following.append(page.evaluate("window.shown - window.typed"))
        page.wait_for_timeout(PAUSE_MS)
        if found.following:
            found.next_bytes.append(received[0] - before)
    context.close()
    return found


def _shows(page: Page, patience: int) -> bool:
    try:
        page.wait_for_function("window.shown > window.typed", timeout=patience)
    except Exception:
        return False
    return True


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
