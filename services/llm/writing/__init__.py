"""What is written without being asked for in a conversation: summaries, suggested questions and the texts of notes."""
