"""The city's own files of the form: used from the moment they are saved, and not while they are faulty."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cti.form_files import FormFiles
from tests.support.waiting_async import eventually


async def test_a_file_counts_when_it_is_saved_and_a_faulty_one_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "tickets"
    forms = FormFiles(folder)
    shipped = forms.current.tags
    watching = asyncio.create_task(forms.watch(0.01))
    await asyncio.sleep(0.05)

    folder.mkdir()
    (folder / "tags.toml").write_text('[regular]\nzh = "常客"\nen = "Regular"\n', encoding="utf-8")
    await eventually(lambda: [tag.id for tag in forms.current.tags] == ["regular"], 5.0, "the city's marks")

    (folder / "tags.toml").write_text('[regular]\nzh = ""\n', encoding="utf-8")
    await asyncio.sleep(0.1)
    assert [tag.id for tag in forms.current.tags] == ["regular"]

    (folder / "tags.toml").unlink()
    await eventually(lambda: forms.current.tags == shipped, 5.0, "the shipped ones")
    watching.cancel()


def test_a_start_with_a_faulty_file_uses_the_shipped_form(tmp_path: Path) -> None:
    (tmp_path / "types.toml").write_text("[help", encoding="utf-8")
    assert FormFiles(tmp_path).current.type("help") is not None
