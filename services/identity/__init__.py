"""Who somebody is: passwords, tokens, sessions, and the doors by which people come in."""
