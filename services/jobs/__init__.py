"""Long work that a user asked for: its state, watched and cancelled by the user, and the files that it made."""
