import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nonmun.serve.app import Announcer, make_app


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    site = tmp_path / "site"
    (site / "notes" / "논문").mkdir(parents=True)
    (site / "files").mkdir()
    (site / "index.html").write_text("<html><body>home</body></html>")
    (site / "notes/논문/index.html").write_text("<html><body>note</body></html>")
    (site / "404.html").write_text("<html><body>없음</body></html>")
    (site / "files/x.svg").write_text("<svg/>")
    (site / ".secret").write_text("hidden")
    (tmp_path / "outside.txt").write_text("outside")
    return TestClient(make_app(site, Announcer()), base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_a_page_is_served_with_the_reload_script_and_a_policy(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    script = r'<script src="/_nonmun/live\.js" data-build="[0-9a-f]+\.0"></script>'
    assert re.fullmatch(f"<html><body>home{script}</body></html>", answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert client.get("/", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_folder_without_its_slash_is_sent_to_it(client: TestClient) -> None:
    answer = client.get("/notes/논문")
    assert answer.status_code == 307
    assert client.get(answer.headers["location"]).text.startswith("<html><body>note")


@pytest.mark.parametrize(
    "path",
    ["/../outside.txt", "/%2e%2e/outside.txt", "/notes/../../outside.txt", "/.secret", "/%00", "/..%2foutside.txt"],
)
def test_nothing_outside_the_site_and_nothing_hidden_is_given_out(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "outside" not in answer.text and "hidden" not in answer.text


def test_a_missing_page_shows_the_sites_own_404(client: TestClient) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "없음" in answer.text


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_an_embedded_svg_is_sandboxed(client: TestClient) -> None:
    assert "sandbox" in client.get("/files/x.svg").headers["content-security-policy"]


def test_a_preview_is_shown_instead_of_the_page_that_stands_there(tmp_path: Path) -> None:
    (tmp_path / "notes/a").mkdir(parents=True)
    (tmp_path / "notes/a/index.html").write_text("<body>as it stands</body>")
    previews: dict[str, bytes] = {}
    client = TestClient(make_app(tmp_path, Announcer(), previews), base_url="http://127.0.0.1:8000")
    before = client.get("/notes/a/")
    previews["notes/a/index.html"] = b"<body>as it will be</body>"
    early = client.get("/notes/a/", headers={"If-None-Match": before.headers["etag"]})
    assert early.text.startswith("<body>as it will be<script") and early.headers["content-type"].startswith("text/html")
    assert client.get("/notes/a/index.html").text == early.text == client.get("/notes/a").text
    assert client.get("/notes/a/", headers={"If-None-Match": early.headers["etag"]}).status_code == 304
    previews.clear()
    assert "as it stands" in client.get("/notes/a/", headers={"If-None-Match": early.headers["etag"]}).text
