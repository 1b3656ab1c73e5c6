"""Loopback ports: one that is free, and whether somebody listens on one."""

import socket


def free_port() -> int:
    """Return a port that the kernel hands to nobody else for about a minute.

    Naming a port and letting go of it would leave a gap in which another process could be given the same one. So a
    connection is made to it and closed from the listening side: the port then lingers in TIME_WAIT, where the kernel
    passes it over, while a server that asks for it by number with SO_REUSEADDR (they all do) still gets it.
    """
    with socket.socket() as listener, socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port: int = listener.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = listener.accept()
        accepted.close()
        client.recv(1)  # waits for that close to arrive, so that the listening side is the one that lingers
    return port


def accepts_connections(port: int) -> bool:
    """Whether a server listens on this loopback port now."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
