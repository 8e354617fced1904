"""Flow files change under running calls: new calls get the new version, calls in progress keep theirs."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cti.flow_files import FlowFiles
from ivr_flows.errors import FlowError
from ivr_flows.model import Flow
from ivr_flows.session import begin, resume, session_from_text, session_to_text, step
from ivr_flows.words import Played, Route, Started
from tests.support.flows import MONDAY_10, flow_text, ids

OLD = flow_text("first: {type: say, prompts: greeting, next: queue}")
NEW = flow_text("first: {type: say, prompts: [greeting, goodbye], next: queue}")
BAD = flow_text("first: {type: say, prompts: greeting, next: nowhere}")


@dataclass
class House:
    """A folder of flows and what its watcher reported."""

    folder: Path
    versions: Path
    changed: list[Flow] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def write(self, text: str, name: str = "test") -> None:
        """Saves the file as an editor does: beside it, then over it."""
        part = self.folder / f"{name}.tmp"
        part.write_text(text, encoding="utf-8")
        part.replace(self.folder / f"{name}.yaml")

    def open(self, entries: dict[str, list[str]] | None = None) -> FlowFiles:
        return FlowFiles(
            self.folder,
            {"greeting", "goodbye"},
            (),
            self.changed.append,
            lambda name, text: self.refused.append((name, text)),
            versions=self.versions,
            entries=entries,
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    folder = tmp_path / "flows"
    folder.mkdir()
    made = House(folder, tmp_path / "var" / "flows")
    made.write(OLD)
    return made


@asynccontextmanager
async def watched(files: FlowFiles) -> AsyncIterator[None]:
    task = asyncio.create_task(files.watch(poll_s=0.01))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_changed_file_is_what_new_calls_begin_with(house: House) -> None:
    files = house.open()
    old = files.current("test")
    async with watched(files):
        house.write(NEW)
        await until(lambda: house.changed)
    assert files.current("test") is house.changed[0]
    assert files.current("test").version != old.version
    assert (house.refused, dict(files.refused)) == ([], {})


async def test_a_call_in_progress_stays_on_its_version(house: House) -> None:
    files = house.open()
    flow = files.current("test")
    session, commands = begin(flow, Started("12345", "merged", MONDAY_10))
    async with watched(files):
        house.write(NEW)
        await until(lambda: house.changed)
    pinned = files.get("test", session.version)
    assert pinned is flow
    assert ids(commands[-1]) == ["greeting"]
    session, commands = step(pinned, session, Played())
    assert isinstance(commands[-1], Route)


async def test_its_version_is_there_after_a_restart_too(house: House) -> None:
    files = house.open()
    session, _ = begin(files.current("test"), Started("12345", "merged", MONDAY_10))
    text, version = session_to_text(session), session.version
    house.write(NEW)  # changed while no daemon was running
    files = house.open()
    assert files.current("test").version != version
    flow = files.get("test", version)
    assert (flow.version, flow.text) == (version, OLD)
    assert ids(resume(flow, session_from_text(flow, text))[1][-1]) == ["greeting"]


async def test_a_version_that_was_lost_gives_the_current_one(house: House) -> None:
    files = house.open()
    with capture_logs() as logs:
        assert files.get("test", "0123456789ab") is files.current("test")
    assert [line["event"] for line in logs] == ["flow_version_gone"]


async def test_a_kept_version_that_the_disk_spoiled_is_not_used(house: House) -> None:
    version = house.open().current("test").version
    house.write(NEW)
    (house.versions / f"test-{version}.yaml").write_text(OLD.replace("greeting", "goodbye"), encoding="utf-8")
    files = house.open()
    assert files.get("test", version) is files.current("test")


async def test_a_bad_file_is_refused_with_its_line_and_the_old_one_kept(house: House) -> None:
    files = house.open()
    old = files.current("test")
    with capture_logs() as logs:
        async with watched(files):
            house.write(BAD)
            await until(lambda: house.refused)
    assert files.current("test") is old
    assert "test.yaml:5: node first: next leads to unknown node nowhere" in files.refused["test"]
    assert [(line["event"], line["kept_version"]) for line in logs] == [("flow_refused", old.version)]
    assert house.changed == []


async def test_a_corrected_file_is_taken_again(house: House) -> None:
    files = house.open()
    async with watched(files):
        house.write(BAD)
        await until(lambda: files.refused)
        house.write(NEW)
        await until(lambda: house.changed)
        assert dict(files.refused) == {}
        house.write(BAD)
        await until(lambda: files.refused)
        house.write(NEW)
        await until(lambda: not files.refused)
    assert len(house.changed) == 1  # the same content as before is no change


async def test_a_new_file_is_a_new_flow_and_a_removed_one_stays_in_use(house: House) -> None:
    files = house.open()
    async with watched(files):
        house.write(OLD.replace("flow: test", "flow: other"), "other")
        await until(lambda: house.changed)
        (house.folder / "other.yaml").unlink()
        await until(lambda: house.refused)
    assert files.current("other").name == "other"
    assert "the file is gone" in files.refused["other"]


async def test_a_file_is_read_only_when_it_has_come_to_rest(house: House) -> None:
    """Written piece by piece, it is never seen as the half that would check."""
    files = house.open()
    half = NEW.index("  bye:")
    async with watched(files):
        path = house.folder / "test.yaml"
        with path.open("w", encoding="utf-8") as file:
            for piece in (NEW[:half], *NEW[half:]):
                file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                await asyncio.sleep(0.001)
        await until(lambda: house.changed)
    assert ([flow.text for flow in house.changed], house.refused) == ([NEW], [])


async def test_a_changed_file_must_keep_the_entries_of_the_table_of_numbers(house: House) -> None:
    files = house.open(entries={"test": ["first"]})
    async with watched(files):
        house.write(OLD.replace("first", "begin"))
        await until(lambda: house.refused)
    assert "a number in the settings enters at node first" in files.refused["test"]


def test_a_start_with_bad_files_names_all_of_them(house: House) -> None:
    house.write(BAD)
    house.write("flow: [", "other")
    (house.folder / "third.yaml").write_bytes(b"flow: third\nstart: \xff\n")
    with pytest.raises(FlowError) as caught:
        house.open(entries={"missing": []})
    assert [fault.split(" ")[0] for fault in caught.value.faults] == [
        "other.yaml:2:",
        "test.yaml:5:",
        "third.yaml:2:",
        f"{house.folder}:",
    ]


def test_a_start_without_any_flow_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r"no flow file .* correct `flows` in the settings"):
        FlowFiles(tmp_path, None, (), versions=tmp_path / "kept")


def test_a_version_that_cannot_be_kept_is_not_used(house: House) -> None:
    house.versions.parent.mkdir()
    house.versions.write_text("a file where the folder should be")
    with pytest.raises(FlowError, match="this version cannot be kept for its calls"):
        house.open()


def test_a_huge_file_is_not_read(house: House) -> None:
    (house.folder / "test.yaml").write_bytes(b"#" * 10_000_000)
    with pytest.raises(FlowError, match=r"test\.yaml:1: is larger than"):
        house.open()


def test_a_restart_with_a_broken_file_goes_on_with_the_version_that_was_in_use(tmp_path: Path) -> None:
    """Given a flow in use, when its file is broken and the daemon restarts, then calls are taken with the old one."""
    house = House(tmp_path / "flows", tmp_path / "kept")
    house.folder.mkdir()
    house.write(OLD)
    before = house.open().current("test")
    house.write(BAD)
    after = house.open()
    assert after.current("test").version == before.version
    assert "nowhere" in after.refused["test"]
