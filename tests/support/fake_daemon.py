"""A stand-in for the daemon in tests of the supervisor: beats, says it is ready, and ends as it is told.

`python -m tests.support.fake_daemon RUN_DIR`: notes each start in RUN_DIR/starts; RUN_DIR/orders says how to end
("exit 78" at once, "exit 3" at once); without it beats until SIGTERM.
Like the daemon it stands by until it is told to begin.
"""

import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    run_dir = Path(sys.argv[1])
    if not os.read(int(os.environ["YIHU_GO_FD"]), 1):
        return
    with (run_dir / "starts").open("a") as starts:
        starts.write(f"{os.getpid()} {time.monotonic()}\n")
    orders = run_dir / "orders"
    if orders.exists():
        print("yihu.toml:3: web.port: this is the reason", file=sys.stderr, flush=True)
        sys.exit(int(orders.read_text().split()[1]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    draft = run_dir / "ready.new"
    draft.write_text(f'{{"pid": {os.getpid()}}}')
    draft.replace(run_dir / "ready.json")
    heartbeat = int(os.environ["YIHU_HEARTBEAT_FD"])
    while True:
        os.write(heartbeat, b".")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
