"""The flow files of a running daemon: checked at the start, watched for changes, every version kept for its calls.

A changed file that checks is what new calls begin with; one that does not is refused and the old one stays. The text
of every version used is kept in a folder, so that a call finds its version after a restart of the daemon too.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import structlog

from ivr_flows.errors import FlowError
from ivr_flows.loader import load, version_of
from ivr_flows.model import Flow
from ivr_flows.yaml_lines import MAX_CHARS

log = structlog.get_logger()

_MAX_BYTES = MAX_CHARS * 4
_KEPT_READ_BACK = 200
"""Kept versions that are read at the start, the newest first: a call lasts hours, a version of months ago has none."""

_Seen = tuple[int, int, int]


class FlowFiles:
    """All `*.yaml` of `folder`; keep `watch` running to have changes taken up.

    `prompts`, `transfers`, `durations`: see ivr_flows.loader.load; the first and the last may change. `entries`: by
    flow name, the nodes that numbers begin at. `versions`: folder for the texts of all versions. `own`: a folder whose
    files take the places of those of `folder`. `on_change(flow)` and `on_refused(name, faults)` are called from the
    event loop.

    Making one reads the whole folder (blocking, so before the event loop runs). A file that does not check is refused
    here too if a version of it was in use before: a daemon that restarts must take calls again. Without one, FlowError
    with the faults of all files: a daemon must not start on half of its flows.
    """

    def __init__(
        self,
        folder: Path,
        prompts: Collection[str] | None,
        transfers: Collection[str],
        on_change: Callable[[Flow], None] | None = None,
        on_refused: Callable[[str, str], None] | None = None,
        *,
        versions: Path,
        durations: Callable[[], Mapping[str, float]] | None = None,
        entries: Mapping[str, Collection[str]] | None = None,
        own: Path | None = None,
    ) -> None:
        self._folder = folder
        self._own = own or folder
        self._kept = versions
        self._prompts = prompts
        self._transfers = frozenset(transfers)
        self._durations = durations
        self._entries = dict(entries or {})
        self._on_change = on_change
        self._on_refused = on_refused
        self._current: dict[str, Flow] = {}
        self._versions: dict[tuple[str, str], Flow] = {}
        self._kept_texts: dict[tuple[str, str], str] = {}
        self._seen: dict[str, _Seen] = {}
        self._refused: dict[str, str] = {}
        self._load()

    @property
    def refused(self) -> Mapping[str, str]:
        """Faults of the files that are not in use as they stand, by flow name."""
        return MappingProxyType(self._refused)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._current)

    def current(self, name: str) -> Flow:
        """The version that a new call of flow `name` begins with; KeyError if there is no such flow."""
        return self._current[name]

    def get(self, name: str, version: str) -> Flow:
        """The version a call began with. If its text was lost, the current one: a call must go on in any case."""
        key = (name, version)
        if key not in self._versions and key in self._kept_texts:
            try:
                self._versions[key] = load(self._kept_texts.pop(key), name, None, self._transfers)
            except FlowError as error:  # written by a release with another language
                log.warning("flow_version_unusable", flow=name, version=version, fault=error.faults[0])
        if key not in self._versions:
            log.warning("flow_version_gone", flow=name, version=version, used=self._current[name].version)
            return self._current[name]
        return self._versions[key]

    def enter_at(self, entries: Mapping[str, Collection[str]]) -> None:
        """Numbers begin at other nodes: what a file has to have from its next change on."""
        self._entries = dict(entries)

    async def watch(self, poll_s: float = 0.5) -> None:
        """Notices changed, new and removed files until cancelled.

        A change is taken up when the file looked the same twice, so half-written ones are not read.
        """
        before = dict(self._seen)
        while True:
            await asyncio.sleep(poll_s)
            now = await asyncio.to_thread(self._scan)
            for name in sorted(now.keys() | self._seen.keys()):
                if now.get(name) == before.get(name) and now.get(name) != self._seen.get(name):
                    await self._changed(name, now.get(name))
            before = now

    async def _changed(self, name: str, seen: _Seen | None) -> None:
        if seen is None:
            self._seen.pop(name)
            if name in self._current:
                self._refuse(name, f"{name}.yaml: the file is gone; version {self._current[name].version} stays in use")
            else:
                self._refused.pop(name, None)
            return
        self._seen[name] = seen
        try:
            flow = await asyncio.to_thread(self._read_and_keep, name)
        except FlowError as error:
            self._refuse(name, str(error))
            return
        self._refused.pop(name, None)
        changed = name not in self._current or self._current[name].version != flow.version
        if changed:
            self._use(flow)
            log.info("flow_loaded", flow=name, version=flow.version, warnings=list(flow.warnings))
            if self._on_change is not None:
                self._on_change(flow)

    def _use(self, flow: Flow) -> None:
        self._current[flow.name] = flow
        self._versions[flow.name, flow.version] = flow

    def _refuse(self, name: str, faults: str) -> None:
        self._refused[name] = faults
        kept = self._current.get(name)
        log.warning("flow_refused", flow=name, faults=faults.splitlines(), kept_version=kept.version if kept else None)
        if self._on_refused is not None:
            self._on_refused(name, faults)

    # Files; everything below blocks

    def _load(self) -> None:
        faults: list[str] = []
        flows: dict[str, Flow] = {}
        self._seen = self._scan()
        if not self._seen:
            faults.append(f"{self._folder}: no flow file (*.yaml) here; correct `flows` in the settings")
        self._read_kept()
        for name in self._seen:
            try:
                flows[name] = self._read_and_keep(name)
            except FlowError as error:
                if (kept := self._newest_kept(name)) is None:
                    faults += error.faults
                else:
                    flows[name] = kept
                    self._refused[name] = str(error)
                    log.error("flow_refused", flow=name, faults=list(error.faults), kept_version=kept.version)
        for name in sorted(self._entries.keys() - self._seen.keys() if self._seen else ()):
            faults.append(f"{self._folder}: a number in the settings uses flow {name}, but there is no {name}.yaml")
        if faults:
            raise FlowError(tuple(faults))
        for flow in flows.values():
            self._use(flow)

    def _newest_kept(self, name: str) -> Flow | None:
        """The last version that was in use before this start, if it still checks."""
        for (flow, _), text in self._kept_texts.items():  # the newest first
            if flow == name:
                try:
                    return load(text, name, self._prompts, self._transfers, entries=self._entries.get(name, ()))
                except FlowError:
                    continue
        return None

    def _scan(self) -> dict[str, _Seen]:
        seen = {}
        for path in flow_paths(self._folder, self._own).values():
            try:
                stat = path.stat()
            except OSError:  # an editor is just replacing it, or the disk does not answer
                continue
            seen[path.stem] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return seen

    def _read_and_keep(self, name: str) -> Flow:
        text = read_flow_text(flow_paths(self._folder, self._own)[name])
        flow = load(
            text,
            name,
            self._prompts,
            self._transfers,
            durations=self._durations() if self._durations is not None else None,
            entries=self._entries.get(name, ()),
        )
        kept = self._kept / f"{name}-{flow.version}.yaml"
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            if not kept.exists():
                half = kept.with_suffix(".part")
                half.write_text(text, encoding="utf-8", newline="")
                half.replace(kept)
            os.utime(kept)  # the newest are read back first
        except OSError as error:
            what = f"{kept}: this version cannot be kept for its calls ({error.strerror}); make room or set `var`"
            raise FlowError((what,)) from None
        return flow

    def _read_kept(self) -> None:
        paths = sorted(self._kept.glob("*.yaml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in paths[:_KEPT_READ_BACK]:
            match = re.fullmatch(r"([a-z][a-z0-9_]*)-([0-9a-f]{12})", path.stem)
            if match is None:
                continue
            try:
                text = read_flow_text(path)
            except FlowError as error:
                log.warning("flow_version_unusable", flow=match[1], version=match[2], fault=error.faults[0])
                continue
            if version_of(text) == match[2]:  # else the disk lost part of it
                self._kept_texts[match[1], match[2]] = text


def flow_paths(folder: Path, own: Path) -> dict[str, Path]:
    """The flow files by name: those of `folder`, and in `own` those that take their places and more."""
    return {path.stem: path for place in (folder, own) for path in sorted(place.glob("*.yaml"))}


def read_flow_text(path: Path) -> str:
    """The text of a flow file; FlowError says why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise FlowError((f"{path.name}:1: cannot be read ({error.strerror})",)) from None
    if len(data) > _MAX_BYTES:
        raise FlowError((f"{path.name}:1: is larger than {_MAX_BYTES} bytes; split it into several flows",))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FlowError((f"{path.name}:{line}: is not UTF-8; save it as UTF-8",)) from None
