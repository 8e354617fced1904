"""What the supervisor does when a part dies or hangs; the daemon is a stand-in, so that only its own rules are seen."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.supervised import Supervised, kill, running
from tests.support.waiting import until


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    it = Supervised(tmp_path)
    yield it
    if it.process is not None and it.process.poll() is None:
        it.end()
    left = [pid for pid, _ in it.starts if running(pid)]
    assert not left, f"daemons left behind: {left}"
    if (it.run_dir / "asterisk.pid").exists():
        assert not running(it.asterisk_pid)


def test_a_daemon_that_is_killed_is_started_again_at_once(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    first = supervised.starts[0][0]

    killed_at = kill(first, signal.SIGKILL)
    supervised.wait_starts(2, 2)

    # Of this time almost all is the start of a Python; the supervisor's part is a few milliseconds.
    assert supervised.starts[1][1] - killed_at < 0.5
    until(lambda: "takes calls again" in supervised.output, 5, "word that calls are taken again")
    assert "daemon: killed by SIGKILL; starting again" in supervised.output


def test_a_daemon_that_hangs_is_killed_within_two_seconds(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    first = supervised.starts[0][0]

    stopped_at = kill(first, signal.SIGSTOP)
    supervised.wait_starts(2, 4)

    assert 1.3 < supervised.starts[1][1] - stopped_at < 2.0
    assert not running(first)
    assert "daemon: silent for 1.5 s, killed" in supervised.output


def test_asterisk_is_started_again_within_a_second(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    first = supervised.asterisk_pid

    kill(first, signal.SIGKILL)

    until(lambda: supervised.asterisk_pid != first and running(supervised.asterisk_pid), 1, "a new Asterisk")
    assert len(supervised.starts) == 1, "the daemon goes on"


def test_one_that_keeps_dying_is_started_more_slowly_and_never_given_up(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()

    for count in range(1, 7):
        supervised.wait_starts(count, 4)
        kill(supervised.starts[-1][0], signal.SIGKILL)
    supervised.wait_starts(7, 4)

    at = [moment for _, moment in supervised.starts]
    assert at[6] - at[5] > 0.4, "the sixth end in a row is followed by a pause"
    assert "6th end in 30 s, starting again in 0.4 s" in supervised.output


def test_asterisk_that_cannot_be_started_again_is_tried_until_it_can(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    first = supervised.asterisk_pid
    broken = supervised.run_dir / "asterisk.broken"
    broken.touch()

    kill(first, signal.SIGKILL)
    until(
        lambda: "Asterisk: cannot be started again: asterisk is broken" in supervised.output, 3, "word of the trouble"
    )
    broken.unlink()

    until(lambda: supervised.asterisk_pid != first, 4, "a new Asterisk")


def test_a_daemon_that_cannot_use_its_settings_at_the_start_stops_everything(supervised: Supervised) -> None:
    (supervised.run_dir / "orders").write_text("exit 78")

    supervised.start()

    assert supervised.process is not None
    assert supervised.process.wait(5) == 78
    assert "yihu.toml:3: web.port: this is the reason" in supervised.output


def test_settings_that_were_spoilt_later_cost_no_conversation(supervised: Supervised) -> None:
    """When the daemon of a running system dies and cannot start, then Asterisk stays and it is tried again."""
    supervised.start()
    supervised.wait_ready()
    asterisk = supervised.asterisk_pid
    (supervised.run_dir / "orders").write_text("exit 78")

    kill(supervised.starts[0][0], signal.SIGKILL)

    supervised.wait_starts(4, 10)
    assert supervised.asterisk_pid == asterisk
    (supervised.run_dir / "orders").unlink()
    until(lambda: "takes calls again" in supervised.output, 10, "a daemon that takes calls again")


def test_a_daemon_that_never_gets_ready_is_a_failed_start(supervised: Supervised) -> None:
    (supervised.run_dir / "orders").write_text("exit 3")

    supervised.start()

    assert supervised.process is not None
    assert supervised.process.wait(5) == 1
    assert "the daemon did not start (exit code 3)" in supervised.output
    assert len(supervised.starts) == 1


def test_ctrl_c_stops_what_was_started_and_leaves_nothing(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    asterisk, daemon = supervised.asterisk_pid, supervised.starts[0][0]

    assert supervised.process is not None
    supervised.process.send_signal(signal.SIGINT)

    assert supervised.process.wait(5) == 0
    assert not running(asterisk)
    assert not running(daemon)
    assert not (supervised.run_dir / "ready.json").exists()


def test_a_daemon_that_ignores_the_wish_to_stop_is_killed(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    kill(supervised.starts[0][0], signal.SIGSTOP)

    assert supervised.end() == 0


def test_a_killed_supervisor_takes_its_daemon_with_it(supervised: Supervised) -> None:
    supervised.start()
    supervised.wait_ready()
    daemon = supervised.starts[0][0]

    assert supervised.process is not None
    kill(supervised.process.pid, signal.SIGKILL)
    supervised.process.wait(5)

    until(lambda: not running(daemon), 1, "the end of the daemon")


def test_a_second_start_is_refused_with_the_process_of_the_first(supervised: Supervised, tmp_path: Path) -> None:
    supervised.start()
    supervised.wait_ready()
    assert supervised.process is not None
    first = supervised.process

    supervised.start()

    assert supervised.process.wait(5) == 1
    assert f"runs here already (process {first.pid})" in supervised.output
    assert first.poll() is None
    supervised.process = first
