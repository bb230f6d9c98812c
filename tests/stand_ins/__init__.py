"""Stand-ins for the servers that the bot talks to."""
