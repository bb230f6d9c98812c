"""The conversation itself: load, build the prompt, stream, save. Free of Discord and Redis."""
