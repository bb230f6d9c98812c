"""What all forms have in common."""

FORM_SECONDS = 3_600.0
"""How long a form is waited for, in seconds.

Discord never tells that somebody has closed one, and discord.py would remember it for as
long as the process lives. Who writes for longer is told by Discord that it went wrong; the text is
still there.
"""
