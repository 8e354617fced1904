"""What this city fills drafts with: its form, the shipped rules with its own over them, and the weights it trained.

Both files may be missing, and may be wrong: what was last good counts then, or what is shipped. No call waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock

from cti.tickets.form import Form, FormError, load_form
from cti.tickets.prefill.city import City, make_city
from cti.tickets.prefill.classifier import SHIPPED_WEIGHTS, Classifier, WeightsError, read_classifier
from cti.tickets.prefill.lexicon import load_lexicon, load_rules
from cti.tickets.prefill.own_rules import PREFILL, OwnRules, read_own_rules
from cti.toml_file import TomlRefused
from cti.watched_file import WatchedFile, read_document

RULES_FILE = "prefill.toml"
WEIGHTS_FILE = "prefill_weights.json"


class PrefillFiles:
    """Read when somebody first asks, not when it is made: a daemon that comes back after a crash has calls to look
    after before that."""

    def __init__(self, folder: Path, form: Callable[[], Form]) -> None:
        """`folder`: where the city's files of the ticket are. `form`: the one in use."""
        self._folder, self._form = folder, form
        self._lock = Lock()
        self._opened: _Opened | None = None

    def city(self) -> City:
        """By the files as they are now; for any thread but the loop's: the first time it takes 0.2 s, after a change
        0.1 s."""
        with self._lock:
            return self._open().city()

    async def watch(self, poll_s: float = 0.5) -> None:
        """Until cancelled."""
        files = await asyncio.to_thread(self._locked_open)
        async with asyncio.TaskGroup() as group:
            group.create_task(files.rules.watch(poll_s=poll_s))
            group.create_task(files.weights.watch(poll_s=poll_s))
            group.create_task(files.follow_form(poll_s))

    def _locked_open(self) -> _Opened:
        with self._lock:
            return self._open()

    def _open(self) -> _Opened:
        if self._opened is None:
            self._opened = _Opened(self._folder, self._form)
        return self._opened


class _Opened:
    def __init__(self, folder: Path, form: Callable[[], Form]) -> None:
        self._form = form
        self._judged_by = form()
        self._shipped, self._lexicon = load_rules(), load_lexicon()
        self.rules = WatchedFile(folder / RULES_FILE, self._read_rules, PREFILL, needed=False)
        shipped = SHIPPED_WEIGHTS.read_text(encoding="utf-8")
        self.weights = WatchedFile(folder / WEIGHTS_FILE, _read_weights, shipped, needed=False)
        self._made: tuple[tuple[Form, OwnRules, Classifier], City] | None = None

    def city(self) -> City:
        of = self._form(), self.rules.current, self.weights.current
        if self._made is None or any(was is not now for was, now in zip(self._made[0], of, strict=True)):
            form, own, classifier = of
            self._made = of, make_city(form, own.over(self._shipped), self._lexicon, classifier)
        return self._made[1]

    async def follow_form(self, poll_s: float) -> None:
        """Rules with a code that came with another form are good from then on."""
        while True:
            await asyncio.sleep(poll_s)
            if self._form() is not self._judged_by:
                self._judged_by = self._form()
                self.rules.read_again()

    def _read_rules(self, text: str, name: str) -> OwnRules:
        return read_own_rules(text, name, self._form())


def check(folder: Path) -> list[str]:
    """What is wrong with a city's files, for `yihu doctor`."""
    problems: list[str] = []
    try:
        form = load_form(folder)
    except FormError as error:
        return [str(error)]
    for read in (
        lambda: read_document(folder / RULES_FILE, partial(read_own_rules, form=form), PREFILL),
        lambda: read_document(folder / WEIGHTS_FILE, _read_weights, SHIPPED_WEIGHTS.read_text(encoding="utf-8")),
    ):
        try:
            read()
        except TomlRefused as error:
            problems += error.faults
    return problems


def _read_weights(text: str, name: str) -> Classifier:
    try:
        return read_classifier(text, name)
    except WeightsError as error:
        raise TomlRefused([str(error)]) from None
