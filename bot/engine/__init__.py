"""Where text comes from: engines behind the `Engine` port (see README.md for adding one)."""
