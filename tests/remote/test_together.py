"""Calls that block are made in a thread, several in one go; each asker gets its own answer."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from napari_idr.remote.together import MOST, Together

if TYPE_CHECKING:
    import pytest


def test_each_gets_its_own_answer_or_error() -> None:
    def half(number: int) -> int:
        if number % 2:
            raise ValueError(f"{number} is odd")
        return number // 2

    async def ask() -> list[int | BaseException]:
        together = Together(half)
        return await asyncio.gather(*(together(number) for number in range(40)), return_exceptions=True)

    found = asyncio.run(ask())
    assert found[::2] == list(range(20))
    assert [str(error) for error in found[1::2]] == [f"{number} is odd" for number in range(1, 40, 2)]


def test_what_is_asked_for_meanwhile_shares_a_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    hops: list[int] = []
    to_thread = asyncio.to_thread

    async def counted(function: object, arguments: list[int]) -> object:
        hops.append(len(arguments))
        return await to_thread(function, arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "to_thread", counted)

    async def ask() -> None:
        together = Together(lambda number: number)
        await together(0)
        await asyncio.gather(*(together(number) for number in range(MOST + 3)))

    asyncio.run(ask())
    assert hops == [1, MOST, 3]


def test_who_gives_up_keeps_nobody_from_an_answer() -> None:
    gate = threading.Event()

    def wait(number: int) -> int:
        gate.wait(120)
        return number

    async def ask() -> list[int]:
        together = Together(wait)
        first = asyncio.ensure_future(together(1))
        await asyncio.sleep(0)
        others = [asyncio.ensure_future(together(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        first.cancel()
        others[0].cancel()
        gate.set()
        return await asyncio.gather(*others[1:])

    assert asyncio.run(ask()) == [3, 4]


def test_it_serves_one_loop_after_another() -> None:
    together = Together(lambda number: -number)
    assert [asyncio.run(_alone(together, number)) for number in (1, 2)] == [-1, -2]


async def _alone(together: Together[int, int], number: int) -> int:
    return await together(number)
