"""A process that knocks at an AGI port the way no Asterisk would: `python -m tests.support.hostile_agi PORT COUNT`."""

from __future__ import annotations

import contextlib
import socket
import sys

from tests.support.fake_asterisk import environment

KINDS: tuple[bytes, ...] = (
    b"",
    b"agi_network: yes\nagi_reque",
    b"agi_x: " + b"x" * 10_000_000,
    environment(agi_calleridname="a\0b"),
    environment(agi_calleridname="??", agi_network_script="none").replace(b"??", b"\xff\xfe\xc4"),
    environment(agi_calleridname="x\nagi_uniqueid: forged"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    environment(agi_network_script="citizen") + b"200 result=1 (x\n" * 1000,
)


def main(port: int, count: int) -> None:
    """Opens `count` connections, at most 100 at a time, each of the next kind."""
    kept: list[socket.socket] = []
    for number in range(count):
        peer = socket.create_connection(("127.0.0.1", port), timeout=5)
        peer.settimeout(0.5)
        with contextlib.suppress(OSError):
            peer.sendall(KINDS[number % len(KINDS)])
        kept.append(peer)
        if len(kept) == 100:
            kept.pop(0).close()
    for peer in kept:
        peer.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
