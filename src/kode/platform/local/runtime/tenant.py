"""What a container does that podman is tried with: what an editor would.

Rule: standard library only; it ends by itself, also where nobody asks it anything.
"""

import socket
import sys
from pathlib import Path

ANSWER = b"a container answers"
_TIMEOUT = 30.0


def main(port: int, file: Path) -> None:
    """Resolve a name, write a file, and answer whoever opens a port.

    Args:
        port: on loopback.
        file: to write.

    Raises:
        SystemExit: one of them failed; the message says which, and why.
    """
    doing = "resolve localhost"
    try:
        socket.getaddrinfo("localhost", port)
        doing = "write into its home"
        file.write_bytes(ANSWER)
        doing = "listen on its loopback"
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(_TIMEOUT)
            connection, _ = server.accept()
            with connection:
                connection.sendall(ANSWER)
    except OSError as error:
        sys.exit(f"a container starts, but cannot {doing}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
