"""Searching: what a person looks for, and what a model needs of a long transcript."""
