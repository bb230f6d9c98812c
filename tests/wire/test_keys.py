"""A key for each engine: each is sent its own, and nobody else ever sees it."""

from __future__ import annotations

import asyncio
import sys

from tests.stand_ins.raw import RawStandIn, whole
from tests.stand_ins.tgi import TgiStandIn
from tests.wire.conftest import House
from tests.wire.processes import environment
from tests.wire.test_metrics import get

COMMON, FAST, BIG, WRONG = "hunter2-common", "hunter2-fast", "hunter2-big", "hunter2-wrong"


async def test_each_engine_is_sent_its_own_key_and_nothing_shows_it(empty_house: House) -> None:
    house = empty_house
    # It repeats what it was sent, as some servers do.
    echo = whole(f'{{"error": "no such key: {WRONG}"}}', "401 Unauthorized")
    async with (
        TgiStandIn(api_key=FAST) as fast,
        TgiStandIn(api_key=BIG) as big,
        TgiStandIn() as foreign,
        TgiStandIn(api_key=COMMON) as usual,
        RawStandIn(dict.fromkeys(("/info", "/v1/models", "/v1/completions"), echo)) as strict,
    ):
        file = house.directory / "keys"
        file.write_text(f"fast={FAST}\nbig={BIG}\nforeign=\nstrict={WRONG}\n")
        settings = {
            "ENGINES": f"fast={fast.url}, big=tgi+{big.url}, foreign=openai+{foreign.url}/v1, "
            f"usual={usual.url}, strict=openai+{strict.url}/v1",
            "ENGINE_API_KEY": COMMON,
            "ENGINE_API_KEYS_FILE": str(file),
        }
        house.engine.api_key = COMMON
        await house.start_bot(**settings, LOG_LEVEL="debug")
        await house.settled()
        await house.say_and_hear("Hello?", "I am here.")
        code, said = await doctor(house, **settings)
        assert code == 1
        assert "engine strict" in said
        for server, key in ((fast, FAST), (big, BIG), (usual, COMMON)):
            sent = {seen.headers.get("authorization") for seen in server.requests}
            assert sent == {f"Bearer {key}"}
            assert server.generations, "the doctor has had it write a word"
        assert foreign.requests
        assert all("authorization" not in seen.headers for seen in foreign.requests)
        assert all(f"Bearer {WRONG}".encode() in head for head in strict.heads)
        for shown in (said, house.bot.log, *[(await get(house, path))[1] for path in PAGES]):
            assert "hunter2" not in shown


PAGES = ("/metrics", "/readyz", "/healthz")


async def doctor(house: House, **settings: str) -> tuple[int, str]:
    """The exit code of the doctor, and all that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "doctor"),
        env=environment(**(house.bot.settings | settings)),
        cwd=house.directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(90):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()
