"""Chats as files: SillyTavern's, and lists of messages as models are trained with."""
