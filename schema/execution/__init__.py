"""How a validated operation is run."""
