"""The product: one class a noun, and the parts it stands on."""
