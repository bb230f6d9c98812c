"""From a Discord message to a plain `Ask`."""

from cogs.reading.message import (
    ask_of,
    needs_download,
    posted_text,
    quote_about,
    quoted_in,
    text_for_ask,
)

__all__ = ["ask_of", "needs_download", "posted_text", "quote_about", "quoted_in", "text_for_ask"]
