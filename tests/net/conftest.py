from __future__ import annotations

import pytest_asyncio

from tests.net.internet import Internet


@pytest_asyncio.fixture
async def internet():
    internet = Internet()
    yield internet
    await internet.close()
