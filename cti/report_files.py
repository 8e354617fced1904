"""Sheets as files that a spreadsheet opens: CSV, and XLSX with numbers as numbers. A file is there whole or not at all.

A text that a spreadsheet would take for a formula is made harmless: queues and agents have the names that people gave
them, and a caller chooses what his telephone calls itself.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cti.metrics.table_sheets import Kind, Sheet, Value

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula may begin with; spreadsheets of East Asia take the wide forms too."""
_ROWS_OF_A_SHEET = 1_048_576
_FORMATS: Mapping[Kind, str] = {
    "text": "@",
    "count": "#,##0",
    "share": "0.00%",
    "points": "+0.00;-0.00;0.00",
    "seconds": "0.0",
    "time": "yyyy-mm-dd hh:mm:ss",
}


def harmless(text: str) -> str:
    """With an apostrophe before what would be a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def write_csv(path: Path, sheet: Sheet) -> None:
    """RFC 4180, UTF-8 with the mark that spreadsheets know it by. Shares from 0 to 1, times in seconds, moments in ISO
    8601. OSError."""
    with _whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(column.title) for column in sheet.columns])
        writer.writerows([_as_text(value) for value in row] for row in sheet.rows)


def write_xlsx(path: Path, sheets: Iterable[Sheet], made_at: datetime) -> None:
    """A sheet that is too long for one goes on in the next. Rows go to the disk as they come. OSError."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    with _whole(path) as part, TemporaryDirectory(prefix="yihu-report-") as folder:
        options = {"constant_memory": True, "tmpdir": folder, "remove_timezone": True}
        book = xlsxwriter.Workbook(str(part), options)
        book.set_properties({"created": made_at.astimezone(UTC)})
        formats = _formats(book)
        try:
            for sheet in sheets:
                _Writer(book, sheet, formats).write()
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from None
        finally:
            _close_rows(book)


def _close_rows(book: Workbook) -> None:
    """The library leaves the files that rows go to open: of a sheet that was finished, and of one that was not."""
    for page in book.worksheets():
        if page.row_data_fh is not None:
            page.row_data_fh.close()


class _Writer:
    """One sheet, over as many pages as it needs."""

    def __init__(self, book: Workbook, sheet: Sheet, formats: Mapping[str, Format]) -> None:
        self._book, self._sheet, self._formats = book, sheet, formats
        self._pages = 0

    def write(self) -> None:
        page, at = self._new_page(self._sheet.facts)
        header = at - 1
        for row in self._sheet.rows:
            if at == _ROWS_OF_A_SHEET:
                self._close(page, header, at - 1)
                page, at = self._new_page(())
                header = at - 1
            for n, (value, column) in enumerate(zip(row, self._sheet.columns, strict=True)):
                _put(page, at, n, value, self._formats[column.kind])
            at += 1
        self._close(page, header, at - 1)

    def _new_page(self, facts: Sequence[tuple[str, Value]]) -> tuple[Worksheet, int]:
        """The page, and its first free row below the header."""
        self._pages += 1
        name = self._sheet.name if self._pages == 1 else f"{self._sheet.name} {self._pages}"
        page = self._book.add_worksheet(name)
        for n, column in enumerate(self._sheet.columns):
            page.set_column(n, n, column.width)
        for at, (title, value) in enumerate(facts):
            _put(page, at, 0, title, self._formats["head"])
            _put(page, at, 1, value, self._formats["time" if isinstance(value, datetime) else "fact"])
        header = len(facts) + 1 if facts else 0
        for n, column in enumerate(self._sheet.columns):
            _put(page, header, n, column.title, self._formats["head"])
        page.freeze_panes(header + 1, 1)
        return page, header + 1

    def _close(self, page: Worksheet, header: int, last: int) -> None:
        page.autofilter(header, 0, max(header, last), len(self._sheet.columns) - 1)


def _put(page: Worksheet, at: int, n: int, value: Value, look: Format) -> None:
    # A text is written as a text: it becomes neither formula nor link, whatever it begins with.
    if value is None:
        page.write_blank(at, n, None, look)
    elif isinstance(value, str):
        page.write_string(at, n, value, look)
    elif isinstance(value, datetime):
        page.write_datetime(at, n, value, look)
    else:
        page.write_number(at, n, value, look)


def _formats(book: Workbook) -> dict[str, Format]:
    looks: dict[str, Any] = {kind: {"num_format": form} for kind, form in _FORMATS.items()}
    looks["head"] = {"bold": True, "text_wrap": True, "valign": "top"}
    looks["fact"] = {"align": "left"}
    for texts in ("text", "fact"):
        looks[texts]["quote_prefix"] = True  # stays a text when somebody edits it
    return {name: book.add_format(look) for name, look in looks.items()}


def _as_text(value: Value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return harmless(value) if isinstance(value, str) else value


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Where to write to: it becomes the file when everything has been written, and goes away if that fails."""
    path = path.resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
