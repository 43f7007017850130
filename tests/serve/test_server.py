"""`nonmun serve` as a process: what a person at a terminal and a browser meets."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PATIENCE = 30.0  # seconds; a machine may be busy
NOTE = "notes/attention-is-all-you-need"


class Served:
    """A running `nonmun serve`, what it said, and the events that a page would hear."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self.said: list[str] = []
        self.events: list[tuple[str, dict]] = []
        command = [sys.executable, "-m", "nonmun", "serve", "--root", str(root), "--port", "0", *options]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self._threads = [threading.Thread(target=self._read, daemon=True)]
        self._threads[0].start()
        self.address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+/", "".join(self.said)))[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)

    def listen(self) -> None:
        """Hear what pages hear; returns once the server has said hello."""

        def read() -> None:
            name = ""
            with urllib.request.urlopen(f"{self.address}_nonmun/events") as stream:
                for raw in stream:
                    line = raw.decode().strip()
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        self.events.append((name, json.loads(line.removeprefix("data: "))))

        self._threads.append(threading.Thread(target=_quietly(read), daemon=True))
        self._threads[-1].start()
        wait_for(lambda: self.events)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path) as answer:
            return answer.read().decode()

    def edit(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def close(self) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        self.process.stdout.close()

    def stop(self, by: int = signal.SIGINT) -> int:
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


def _quietly(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with suppress(OSError):  # the server has ended
            work()

    return run


def replace_whole(file: Path, text: str) -> None:
    """Save as careful editors do, so that nobody sees half of it."""
    new = file.with_suffix(".tmp")
    new.write_text(text, "utf-8")
    new.replace(file)


def wait_for(found):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError("not seen in time")


def found_in(served: Served, path: str, text: str) -> Callable[[], bool]:
    def look() -> bool:
        try:
            return text in served.get(path)
        except urllib.error.HTTPError as error:
            error.close()
            return False

    return look


@pytest.fixture
def serve(base: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*options: str) -> Served:
        started.append(Served(base, *options))
        return started[-1]

    yield start
    for served in started:
        served.close()


def test_an_edit_is_built_shown_and_told_to_open_pages(serve: Callable[..., Served]) -> None:
    served = serve()
    served.listen()
    text = (served.root / f"{NOTE}.md").read_text("utf-8")
    served.edit(f"{NOTE}.md", text + "\n방금 덧붙인 문장입니다.\n")
    wait_for(found_in(served, f"{NOTE}/", "방금 덧붙인 문장"))
    changed = wait_for(lambda: [data["changed"] for name, data in served.events if name == "built"])
    assert f"{NOTE}/index.html" in changed[-1]
    assert served.events[0][0] == "hello"


def test_a_page_that_was_shown_early_is_not_reloaded_once_more_for_the_same_text(serve: Callable[..., Served]) -> None:
    served = serve()
    served.listen()
    page = f"{NOTE}/index.html"
    text = (served.root / f"{NOTE}.md").read_text("utf-8")
    for attempt in range(5):  # the first may come before anybody watches, and then there is nothing to be early for
        served.events.clear()
        replace_whole(served.root / f"{NOTE}.md", f"{text}\n{attempt}번째로 고친 문장입니다.\n")
        wait_for(lambda: [1 for _, data in served.events if "feed.xml" in data.get("changed", ())])
        told = [data["changed"] for name, data in served.events if name == "built"]
        assert f"{attempt}번째로 고친" in served.get(f"{NOTE}/")
        if told[0] == [page]:
            assert sum(page in changed for changed in told) == 1
            return
    raise AssertionError("no edit was shown early")


@pytest.mark.browser
def test_an_open_page_shows_the_edit_by_itself(serve: Callable[..., Served]) -> None:
    from playwright.sync_api import expect, sync_playwright

    served = serve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{served.address}{NOTE}/")
        text = (served.root / f"{NOTE}.md").read_text("utf-8")
        served.edit(f"{NOTE}.md", text + "\n스스로 새로 고쳐진 문장입니다.\n")
        expect(page.locator("article")).to_contain_text("스스로 새로 고쳐진", timeout=PATIENCE * 1000)
        browser.close()


def test_new_renamed_and_deleted_notes_come_and_go(serve: Callable[..., Served]) -> None:
    served = serve()
    served.edit("notes/새 노트.md", "새 노트\n\n본문입니다.\n")
    wait_for(found_in(served, "notes/%EC%83%88-%EB%85%B8%ED%8A%B8/", "본문입니다"))
    (served.root / "notes/새 노트.md").rename(served.root / "notes/다른 이름.md")
    wait_for(found_in(served, "notes/%EB%8B%A4%EB%A5%B8-%EC%9D%B4%EB%A6%84/", "본문입니다"))
    assert not found_in(served, "notes/%EC%83%88-%EB%85%B8%ED%8A%B8/", "본문입니다")()
    (served.root / "notes/다른 이름.md").unlink()
    wait_for(lambda: not found_in(served, "notes/%EB%8B%A4%EB%A5%B8-%EC%9D%B4%EB%A6%84/", "본문입니다")())


def test_a_further_folder_of_notes_is_watched_too(serve: Callable[..., Served], tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    served = serve("--notes", str(vault))
    (vault / "paper.md").write_text("A paper in a vault\n\nText.\n")
    wait_for(found_in(served, "notes/paper/", "A paper in a vault"))
    assert sorted(path.name for path in vault.iterdir()) == ["paper.md"]


def test_a_folder_that_was_put_back_is_watched_again(serve: Callable[..., Served]) -> None:
    served = serve()
    notes, aside = served.root / "notes", served.root / "aside"
    served.edit("notes/first.md", "In no digest\n")
    wait_for(found_in(served, "notes/first/", "In no digest"))
    notes.rename(aside)
    wait_for(lambda: not found_in(served, "notes/first/", "In no digest")())
    aside.rename(notes)
    wait_for(found_in(served, "notes/first/", "In no digest"))
    served.edit("notes/later.md", "Later than that\n")
    wait_for(found_in(served, "notes/later/", "Later than that"))


def test_settings_that_cannot_be_read_leave_the_site_and_are_said_once_mended_it_goes_on(
    serve: Callable[..., Served],
) -> None:
    served = serve()
    config = served.root / "mkdocs.yml"
    good = config.read_text("utf-8")
    config.write_text("site_name: [\n", "utf-8")
    wait_for(lambda: "YAML that cannot be read" in "".join(served.said))
    assert "Attention" in served.get(f"{NOTE}/")
    config.write_text(good.replace("site_name: ", "site_name: 새 이름 "), "utf-8")
    wait_for(found_in(served, "", "새 이름"))


def test_a_fault_is_said_when_it_appears_and_not_again(serve: Callable[..., Served]) -> None:
    served = serve()
    served.edit("notes/a.md", "A\n\n[[nowhere]]\n")
    wait_for(lambda: "nowhere" in "".join(served.said))
    served.edit("notes/b.md", "B\n")
    wait_for(found_in(served, "notes/b/", "B"))
    time.sleep(0.3)
    assert "".join(served.said).count("nowhere") == 1


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_also_with_a_page_open(serve: Callable[..., Served], by: int) -> None:
    served = serve()
    served.listen()
    started = time.monotonic()
    served.stop(by)
    assert time.monotonic() - started < 10
    assert "Traceback" not in "".join(served.said)


def test_a_taken_port_is_said_before_anything_is_built(base: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "nonmun", "serve", "--root", str(base), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr and "--port" in done.stderr
    assert not (base / "build" / "site").exists()


def test_it_serves_this_machine_only(serve: Callable[..., Served]) -> None:
    served = serve()
    port = int(re.search(r":(\d+)/", served.address)[1])  # type: ignore[index]
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as client:
            client.settimeout(2)
            assert client.connect_ex((address, port)) != 0
