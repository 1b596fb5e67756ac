"""The only maker of HTTP clients: one per destination, guarded at the socket, silent about secrets."""
