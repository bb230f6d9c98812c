"""The way to the internet: one fetcher that never leads into a private network."""
