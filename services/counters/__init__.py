"""Where attempts are counted: in the database, or in Redis or Valkey."""
