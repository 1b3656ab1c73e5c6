"""Lanes that tasks of several parts share; a part with a lane of its own names it itself."""

ACCOUNTS = "accounts"
"""Mail, and whatever else is done for an account while somebody waits for it."""
EXPORTS = "exports"
"""Long, and much to store: apart, so that no mail waits for them."""
