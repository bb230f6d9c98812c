"""The bot's own web server: health for probes, and the playground page."""
