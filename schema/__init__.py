"""What clients meet: the vocabulary (types), who may use it, and the assembly of the one schema and its server."""
