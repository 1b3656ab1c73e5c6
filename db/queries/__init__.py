"""Statements, one noun a file: functions that return them, and no session inside."""
