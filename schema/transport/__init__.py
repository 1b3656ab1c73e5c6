"""How requests and sockets become operations, and answers become bytes."""
