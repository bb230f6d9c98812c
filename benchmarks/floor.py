"""The floor: the least that a streaming Discord bot can do. A yardstick, not a product.

A bare discord.py client and one aiohttp session: a mention goes to the engine as it stands, the
answer is sent with its first token, edited once a second and once more when it is complete. No
memory, no queue, no errors handled, no settings but three addresses.
"""

from __future__ import annotations

import asyncio
import json
import os
import time

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

EDIT_EVERY = 1.0
PROMPT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


class Floor(discord.Client):
    """Answers mentions."""

    def __init__(self, engine: str) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__(intents=intents, max_messages=None)
        self._engine = engine
        self._tree = app_commands.CommandTree(self)

        @self._tree.command(name="ask", description="Ask the model")
        async def ask(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("Just mention me.")

    async def setup_hook(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        await self._tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or self.user not in message.mentions:
            return
        body = {
            "inputs": PROMPT.format(message.content),
            "parameters": {"max_new_tokens": 1024, "details": True, "stop": ["<|im_end|>"]},
        }
        text, shown, edited = "", None, 0.0
        async with self._session.post(f"{self._engine}/generate_stream", json=body) as stream:
            async for line in stream.content:
                if not line.startswith(b"data:"):
                    continue
                token = json.loads(line[5:])["token"]
                text += "" if token["special"] else token["text"]
                now = time.monotonic()
                if shown is None and text.strip():
                    shown, edited = await message.reply(text, mention_author=False), now
                elif shown is not None and now - edited >= EDIT_EVERY:
                    await shown.edit(content=text)
                    edited = now
        if shown is not None:
            await shown.edit(content=text)


async def main() -> None:
    """Run with DISCORD_TOKEN, DISCORD_API_URL and ENGINE_URL from the environment."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    async with aiohttp.ClientSession() as session, session.get(f"{Route.BASE}/gateway") as answer:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL((await answer.json())["url"])
    async with Floor(os.environ["ENGINE_URL"].removeprefix("tgi+")) as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
