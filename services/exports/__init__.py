"""All that is kept of a user, as a file that the user can take along."""
