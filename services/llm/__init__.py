"""Models that answer questions about a transcript: what each must offer, and the one that needs no key."""
