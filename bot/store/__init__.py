"""What the bot remembers: conversations in Redis, and a private server where none is given."""
