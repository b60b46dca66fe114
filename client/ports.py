"""A port to serve on: `python -m client.ports` prints the wanted one, or a free one if it is taken."""

import os
import socket
import sys

DEFAULT_PORT = 8000
LOOPBACK = "127.0.0.1"


def free_port(wanted: int, *, host: str = LOOPBACK) -> int:
    """The wanted port if it can be listened on, else a free one."""
    return wanted if wanted == 0 or is_free(wanted, host=host) else any_free(host=host)


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on a port now."""
    with socket.socket() as listener:
        # As servers do: a port whose last connections are still fading away counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1)
        except (OSError, OverflowError):
            return False
    return True


def any_free(*, host: str = LOOPBACK) -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port


def wanted_port() -> int:
    """LPL_PORT, or 8000.

    Raises:
        ValueError: LPL_PORT is no port.
    """
    text = os.environ.get("LPL_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"LPL_PORT: {text!r} is no port; give a number from 0 to 65535")
    return int(text)


def chosen_port() -> int:
    """The port to serve on; says so if it is not the wanted one.

    Raises:
        ValueError: LPL_PORT is no port.
    """
    wanted = wanted_port()
    port = free_port(wanted) if wanted else any_free()
    if wanted not in (0, port):
        print(f"Port {wanted} is taken; using {port}.", file=sys.stderr)
    return port


if __name__ == "__main__":
    try:
        print(chosen_port())
    except ValueError as error:
        sys.exit(f"error: {error}")
