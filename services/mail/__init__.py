"""Mail to users: what is written to them, and the ways it leaves."""
