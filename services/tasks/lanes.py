"""Lanes that tasks of several parts share; a part with a lane of its own names it itself."""

ACCOUNTS = "accounts"
"""Mail, exports, and whatever else is done for an account and takes a while."""
