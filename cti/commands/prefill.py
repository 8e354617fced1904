"""`yihu prefill`: what agents have made of drafts, to measure with, and to train the city's own classifier with."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cti.settings import Settings
    from cti.tickets.form import Form
    from cti.tickets.prefill.city import City
    from cti.tickets.prefill.scoring import Score
    from cti.tickets.prefill.training import Example

_DAY_S = 86_400.0
_DAYS = 90
_LEAST = 50
"""Of fewer examples neither the training nor its figure says anything."""


@click.group("prefill")
def command() -> None:
    """What agents have made of drafts that were filled from what was heard."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--days", default=_DAYS, show_default=True, type=click.IntRange(1, 3660), help="So far back.")
@click.pass_obj
def export(settings: Settings, file: Path, days: int) -> None:
    """Write labelled examples to FILE, one JSON object a line: what was said, what a machine had put into each field,
    and what an agent has left there.

    They hold what citizens said and wrote: the file is readable for you alone. Keep it as you keep recordings.
    """
    import orjson

    from cti.tickets.prefill.training import as_row

    count, right, made = 0, 0, 0
    try:
        with _kept(settings, days) as examples, _private(file) as out:
            for one in examples:
                out.write(orjson.dumps(as_row(one)) + b"\n")
                count += 1
                made += len(one.made)
                right += sum(one.fields[name] == value for name, value in one.made.items())
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written: {error.strerror}") from None
    click.echo(
        f"{file}: {count} examples; of {made} fields that were filled and then settled {right} stayed as they were"
    )


@command.command()
@click.option(
    "--examples",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="As `yihu prefill export` writes them; may be given several times. Without: the tickets of the last 90 days.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to, if not to where it is used.")
@click.pass_obj
def train(settings: Settings, files: Sequence[Path], out: Path | None) -> None:
    """Train the city's own classifier of type and matter with the shipped examples and what agents have settled.

    Says how well the shipped one and the new one do on your examples, the new one on such as it has not seen. It is
    written only if it does no worse; a running daemon takes it over at once. To go back to the shipped one take the
    file away.
    """
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError:
        raise click.ClickException(
            "training needs scikit-learn: pip install 'yihu[training]', here or on another machine with --examples"
        ) from None
    from cti.prefill_files import WEIGHTS_FILE
    from cti.roster_file import write_private
    from cti.tickets.form import FormError, load_form
    from cti.tickets.prefill.training import as_text, impersonal, of_form

    try:
        form = load_form(settings.documents / "tickets")
    except FormError as error:
        raise click.ClickException(str(error)) from None
    with nullcontext(_read(files)) if files else _kept(settings, _DAYS) as examples:
        found = {one.id: impersonal(of_form(one, form)) for one in examples}
    own = [one for one in found.values() if one.fields.get("type") or one.fields.get("matter")]
    if len(own) < _LEAST:
        raise click.ClickException(
            f"{len(own)} examples in which an agent has settled type or matter are too few: {_LEAST} are needed"
        )
    made, before, after = _trained(settings, form, own)
    click.echo(f"{len(own)} examples of your agents; F1 (precision, recall) on them:")
    for name in before:
        click.echo(f"  {name}: {_shown(before[name])} with the shipped weights, {_shown(after[name])} trained anew")
    click.echo(
        "The shipped weights have seen none of them; the new ones were trained without the fifth they are asked."
    )
    if sum(score.f1 for score in after.values()) < sum(score.f1 for score in before.values()):
        raise click.ClickException("the new weights do worse: nothing is written")
    path = out or settings.documents / "tickets" / WEIGHTS_FILE
    try:
        write_private(path, as_text(made))
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
    click.echo(f"{path} is written")


def _trained(
    settings: Settings, form: Form, own: Sequence[Example]
) -> tuple[Mapping[str, Any], Mapping[str, Score], Mapping[str, Score]]:
    """The weights; how well the shipped ones do on these examples; and how well such as were trained without them."""
    from functools import partial

    from cti.bench.training_set import shipped_examples
    from cti.prefill_files import RULES_FILE
    from cti.tickets.form import load_form
    from cti.tickets.prefill.city import make_city
    from cti.tickets.prefill.classifier import load_classifier, read_classifier
    from cti.tickets.prefill.lexicon import load_lexicon, load_rules
    from cti.tickets.prefill.own_rules import PREFILL, read_own_rules
    from cti.tickets.prefill.scoring import PARTS, scores, unseen
    from cti.tickets.prefill.training import as_text, of_form, train
    from cti.toml_file import TomlRefused
    from cti.watched_file import read_document

    path = settings.documents / "tickets" / RULES_FILE
    try:
        rules = read_document(path, partial(read_own_rules, form=form), PREFILL).over(load_rules())
    except TomlRefused as error:
        raise click.ClickException(str(error)) from None
    lexicon = load_lexicon()
    shipped = [of_form(one, form) for one in shipped_examples(load_form())]
    before = scores((make_city(form, rules, lexicon, load_classifier()), one) for one in own)
    with click.progressbar(length=PARTS + 1, label="training") as bar:

        def trained_with(examples: Sequence[Example]) -> City:
            weights = as_text(train([*shipped, *examples]))
            bar.update(1)
            return make_city(form, rules, lexicon, read_classifier(weights, "weights"))

        after = scores(unseen(own, trained_with))
        made = train([*shipped, *own])
        bar.update(1)
    return made, before, after


def _shown(score: Score) -> str:
    return f"{score.f1:.3f} ({score.precision:.3f}, {score.recall:.3f})"


@contextmanager
def _kept(settings: Settings, days: int) -> Iterator[Iterator[Example]]:
    """What the database has, the newest first."""
    from cti.secrets import load_or_create
    from cti.storage.read_examples import read_examples
    from cti.storage.sql import SqlStore
    from cti.storage.sql_tickets import SqlTickets
    from cti.storage.sql_transcripts import SqlTranscripts
    from cti.storage.store import StoreError

    now = time.time()
    try:
        store = SqlStore.open(settings.sql_url)
        try:
            tickets = SqlTickets(store, load_or_create(settings).numbers.encode())
            yield read_examples(tickets, SqlTranscripts(store), now - days * _DAY_S, now + 1)
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None


def _private(file: Path) -> IO[bytes]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


def _read(files: Sequence[Path]) -> Iterator[Example]:
    """Line by line; what is wrong is named without what stands there."""
    import orjson

    from cti.tickets.prefill.training import from_row

    for file in files:
        try:
            lines = file.read_bytes().splitlines()
        except OSError as error:
            raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    yield from_row(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
                raise click.ClickException(f"{file}:{number}: is no example of `yihu prefill export`") from None
