"""Query and mutation mix-ins, one noun a file: three to ten lines each, no SQL, no try."""
