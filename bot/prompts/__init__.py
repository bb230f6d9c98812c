"""Prompt formats. Everything here is pure: strings in, strings out."""
