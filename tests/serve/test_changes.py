import asyncio
from pathlib import Path

from nonmun.serve.changes import Changes


def test_files_are_given_once_and_all_that_came_meanwhile() -> None:
    async def story() -> list[frozenset[Path] | None]:
        changes = Changes()
        changes.add(["/a", "/b"])
        changes.add(["/a"])
        first = await changes.take()
        changes.add(["/c"])
        return [first, await changes.take()]

    assert asyncio.run(story()) == [frozenset({Path("/a"), Path("/b")}), frozenset({Path("/c")})]


def test_with_one_that_nobody_knows_none_is_named() -> None:
    async def story() -> list[frozenset[Path] | None]:
        changes = Changes()
        changes.add(["/a"])
        changes.add_unknown()
        first = await changes.take()
        changes.add(["/b"])
        return [first, await changes.take()]

    assert asyncio.run(story()) == [None, frozenset({Path("/b")})]


def test_who_asks_waits_until_something_changes() -> None:
    async def story() -> frozenset[Path] | None:
        changes = Changes()
        asked = asyncio.create_task(changes.take())
        await asyncio.sleep(0)
        assert not asked.done()
        changes.add(["/a"])
        return await asked

    assert asyncio.run(story()) == frozenset({Path("/a")})
