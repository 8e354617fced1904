"""Free ports of the loopback for servers in tests."""

from __future__ import annotations

import random
import socket


def free_ports(count: int) -> list[int]:
    """Free for TCP and UDP on 127.0.0.1 a moment ago, and below the range from which the kernel hands out ports by
    itself, so that no connection of another test takes one meanwhile."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10000, 30000)
        if port not in found and all(_free(kind, port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            found.append(port)
    return found


def free_media_port(host: str) -> int:
    """As telephones want it: even, and free with the three above it, which RTCP and a picture would take."""
    while True:
        port = random.randrange(10000, 30000, 2)
        if all(_free(socket.SOCK_DGRAM, port + n, host) for n in range(4)):
            return port


def _free(kind: socket.SocketKind, port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
