"""Wiz: conversations, and replies that are written, followed, stopped and counted."""
