"""`yihu bench`: measurements to be repeated by whoever doubts them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cti.bench.decision import Growth
    from cti.bench.prefill import Result as PrefillResult
    from cti.bench.reports import Result as ReportsResult
    from cti.bench.routing import Result
    from cti.settings import Settings


@click.group("bench")
def command() -> None:
    """Measure this system and what it is compared with, in one run on this machine."""


@command.command("routing")
@click.option("--live", is_flag=True, help="With real calls on a real Asterisk, beside app_queue.")
@click.option("--speech", is_flag=True, help="Live: beside itself without speech, instead of beside app_queue.")
@click.option("--agents", type=click.IntRange(1, 20_000), help="Agents.  [default: 1000; 5 with --live, at most 200]")
@click.option("--waiting", default=1000, show_default=True, type=click.IntRange(1, 20_000), help="Callers who wait.")
@click.option("--skills", default=32, show_default=True, type=click.IntRange(1, 500), help="Skills of the city.")
@click.option(
    "--decisions", default=2000, show_default=True, type=click.IntRange(1, 100_000), help="Of each kind and size."
)
@click.option(
    "--calls", default=60, show_default=True, type=click.IntRange(1, 5000), help="Live: busy calls for each system."
)
@click.option(
    "--registered",
    default=0,
    type=click.IntRange(0, 1000),
    help="Live: with so many agents there, the rest on a break.",
)
@click.option("--rate", default=2.0, show_default=True, type=click.FloatRange(0.1, 20), help="Live: calls a second.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 50), help="Live: turns of each system.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same load.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def routing(
    live: bool,
    speech: bool,
    agents: int | None,
    waiting: int,
    skills: int,
    decisions: int,
    calls: int,
    registered: int,
    rate: float,
    rounds: int,
    seed: int,
    as_json: bool,
) -> None:
    """How long routing takes.

    Without --live: the decision itself with its explanation, when an agent becomes idle and when a caller comes, at
    this many agents and callers and at a half, a quarter and an eighth of them, to show how it grows.

    With --live: from a free agent, or a fresh call, to the INVITE at an agent, our router beside Asterisk's app_queue.
    Starts a stack of its own. Both systems get the same load in turns; times are those of the SIP messages.

    With --live --speech: our router while every talk is listened to, beside our router without speech.
    """
    if speech and not live:
        raise click.UsageError("--speech goes with --live")
    if live:
        if agents is not None and agents > 200:
            raise click.UsageError("--live takes at most 200 agents")
        if speech:
            _beside_speech(calls, agents or 8, rate, rounds, seed, as_json)
            return
        _live(calls, agents or 5, registered, rate, rounds, seed, as_json)
    else:
        _decision(agents or 1000, waiting, skills, decisions, seed, as_json)


def _decision(agents: int, waiting: int, skills: int, decisions: int, seed: int, as_json: bool) -> None:
    import orjson

    from cti.bench.decision import measure_growth

    growth = measure_growth(agents, waiting, skills, decisions, seed)
    if as_json:
        click.echo(orjson.dumps(growth.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print_growth(growth)


def _print_growth(growth: Growth) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from cti.bench.decision import MOMENTS, TARGET_P99_MS
    from cti.bench.timing import figures

    console = Console()
    for moment, label in zip(MOMENTS, ("An agent becomes idle", "A caller comes"), strict=True):
        table = Table(
            *("agents", "waiting", "n", "p50", "p95", "p99", "max", "p50 ×", "p99 ×", "p99 wall"),
            title=f"{label}: ms to the decision with its explanation, {growth.skills} skills",
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        for n, size in enumerate(growth.sizes):
            row, wall = figures(size.moments[moment].cpu), figures(size.moments[moment].wall)
            ratios = (growth.ratio(moment, n, which) for which in ("p50", "p99"))
            values = (*(row[which] for which in ("p50", "p95", "p99", "max")), *ratios, wall["p99"])
            counts = (f"{size.agents}", f"{size.waiting}", f"{row['n']}")
            table.add_row(*counts, *("–" if value is None else f"{value:g}" for value in values))
        console.print(table)
    console.print(
        "×: beside half as many agents and callers; 1 is no growth, 2 linear, 4 quadratic\n"
        "ms: of the processor; wall: by the clock, with what other programs took of it\n"
        f"target: p99 <= {TARGET_P99_MS:g} ms",
        markup=False,
        highlight=False,
    )


def _live(calls: int, agents: int, registered: int, rate: float, rounds: int, seed: int, as_json: bool) -> None:
    import orjson

    from cti.bench.errors import BenchError
    from cti.bench.routing import compare
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        result = run_cleanly(compare(calls, agents, registered, rate, rounds, seed))
    except (BenchError, StackAway, StackRefused, StackFailed, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(result)


def _beside_speech(calls: int, agents: int, rate: float, rounds: int, seed: int, as_json: bool) -> None:
    import logging

    import orjson

    from cti import logs
    from cti.bench.errors import BenchError
    from cti.bench.routing_speech import compare, said
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        logs.set_up(logging.WARNING)
        result = run_cleanly(compare(calls, agents, rate, rounds, seed))
    except (BenchError, StackAway, StackRefused, StackFailed, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(said(result)))


@command.command("pop")
@click.option("--calls", default=300, show_default=True, type=click.IntRange(1, 5000), help="Calls to answer.")
@click.option(
    "--agents", default=2, show_default=True, type=click.IntRange(1, 10), help="Desk pages, each with a phone."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
def pop(calls: int, agents: int, as_json: bool) -> None:
    """How soon after the INVITE an agent sees whom he is offered: in real Chromium pages, with real calls.

    Starts a stack of its own. Needs Chromium and the packages of `make setup-test`.
    """
    import orjson

    from cti.bench.pop import measure
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        result = run_cleanly(measure(calls, agents)).as_json()
    except (StackAway, StackRefused, StackFailed, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is missing: run `make setup-test`") from None
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
        return
    late = result["painted_after_invite_ms"]
    click.echo(
        f"pop painted after the INVITE, ms (negative: before): p50 {late['p50']}, p95 {late['p95']}, "
        f"p99 {late['p99']}, max {late['max']}; n = {late['n']}, before it {result['painted_before_invite']}, "
        f"never {result['unseen']}; asked: p95 at most {result['asked_p95_ms']:g}; "
        f"{result['agents']} pages, {result['seconds']:g} s"
    )


@command.command("wallboard")
@click.option("--viewers", default=50, show_default=True, type=click.IntRange(3, 500), help="One is stopped.")
@click.option("--many", default=500, show_default=True, type=click.IntRange(1, 2000), help="For the cost of watching.")
@click.option("--changes", default=300, show_default=True, type=click.IntRange(10, 5000), help="To be painted.")
@click.option("--seconds", default=20.0, show_default=True, type=click.FloatRange(3, 600), help="Of each load.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same moments.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def wallboard(viewers: int, many: int, changes: int, seconds: float, seed: int, as_json: bool) -> None:
    """How soon a wallboard shows what has happened, and what it costs that many watch.

    A server of its own with 300 agents, 200 talks and ten changes a second; the page in a real Chromium, the other
    viewers by WebSocket alone. Needs Chromium and the packages of `make setup-test`.
    """
    import asyncio

    import orjson

    from cti.bench.wallboard import measure
    from cti.programs import ProgramMissing

    try:
        result = asyncio.run(measure(viewers, many, changes, seconds, seed)).as_json()
    except ProgramMissing as error:
        raise click.ClickException(str(error)) from None
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is missing: run `make setup-test`") from None
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
        return
    late, load, one = result["staleness_ms"], result["load"], result["load_of_one_viewer"]
    click.echo(
        f"painted after the change, ms: p50 {late['p50']}, p95 {late['p95']}, p99 {late['p99']}, max {late['max']}; "
        f"n = {late['n']}, never {result['unseen']}; {result['viewers']} viewers, 1 stopped; "
        f"asked: p99 at most {result['staleness_p99_ms_target']:g}\n"
        f"{load['viewers']} viewers at {load['changes_a_second']} changes a second: {load['core_share']:.1%} of a core "
        f"(one viewer: {one['core_share']:.1%}), {load['rss_before_mb']} MB before, {load['rss_after_mb']} MB after; "
        f"asked: at most {load['core_share_target']:.0%}"
    )


@command.command("words")
@click.option("--calls", default=40, show_default=True, type=click.IntRange(1, 64), help="Talks, each another request.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a line.")
def words(calls: int, as_json: bool) -> None:
    """How soon an agent reads what a citizen says: real calls, the model in use, a real Chromium page.

    Starts a stack of its own. Needs Chromium and the packages of `make setup-test`.
    """
    import orjson

    from cti.bench.errors import BenchError
    from cti.bench.recognised import NoRecogniser
    from cti.bench.words import measure
    from cti.demo.cleanly import run_cleanly
    from cti.demo.client import StackAway, StackRefused
    from cti.demo.sipp import SippError
    from cti.demo.stack import StackFailed
    from cti.programs import ProgramMissing

    try:
        result = run_cleanly(measure(calls)).as_json()
    except (BenchError, NoRecogniser, StackAway, StackRefused, StackFailed, SippError, ProgramMissing) as error:
        raise click.ClickException(str(error)) from None
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is missing: run `make setup-test`") from None
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
        return
    shown = result["word_shown_after_ms"]
    click.echo(
        f"a word is on the page after, ms: p50 {shown['p50']}, p95 {shown['p95']}, p99 {shown['p99']}, "
        f"max {shown['max']}; n = {shown['n']} words of {result['compared']} talks of {result['calls']}; "
        f"asked: p95 at most {result['asked_p95_ms']:g}; {result['model']}, {result['seconds']:g} s"
    )


@command.command("speech")
@click.option("--seconds", default=12.0, show_default=True, type=click.FloatRange(5, 300), help="Of each level.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def speech(settings: Settings, seconds: float, as_json: bool) -> None:
    """What speech costs here and how well it understands: errors, processor, delay of words, memory, streams a core.

    With the model in use, by one worker on its core. More and more streams, all of them talking, until words come late.
    """
    import logging

    import orjson

    from cti import logs
    from cti.bench.errors import BenchError
    from cti.bench.speech import callers, measure
    from cti.demo.cleanly import run_cleanly

    try:
        logs.set_up(logging.WARNING)
        result = run_cleanly(measure(settings, callers(), seconds))
    except BenchError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    else:
        _print_speech(result)


def _print_speech(result: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console, machine = Console(), result["machine"]
    errors = Table("character errors", "all", "voices not trained on", "trained on", box=SIMPLE_HEAD)
    for name, label in (("plain", "8 kHz"), ("alaw", "8 kHz after A-law")):
        cells = (result["accuracy"][name][of] for of in ("all", "voices_not_trained_on", "voices_trained_on"))
        errors.add_row(label, *(f"{c['cer']:.1%} of {c['utterances']}" if c["utterances"] else "–" for c in cells))
    console.print(errors)
    if same := result["accuracy"]["unchanged_by_alaw"]:
        console.print(f"{same} of them had been through A-law before", highlight=False)
    table = Table("streams", "p50", "p95", "p99", "lost", "cores", "MB each", title="A word is shown after, ms")
    for level in result["levels"]:
        shown = level["word_shown_after_ms"]
        times = ("–" if shown[which] is None else f"{shown[which]:.0f}" for which in ("p50", "p95", "p99"))
        rest = (f"{level['lost']}", f"{level['cpu_cores']:.2f}", f"{level['mb_per_stream']:.1f}")
        table.add_row(f"{level['streams']}", *times, *rest)
    console.print(table)
    console.print(
        f"{result['model']}, {result['worker_mb']:.0f} MB a worker; {result['real_time_factor']:.3f} s of processor a "
        f"second of speech; {result['streams_per_core']} streams a core (p95 within {result['late_ms']:.0f} ms)\n"
        f"{result['date']}, {machine['cores']} cores ({machine['processor']}), load {machine['load_before']:g} before, "
        f"{machine['load_after']:g} after",
        markup=False,
        highlight=False,
    )


@command.command("reports")
@click.option("--calls", default=1_000_000, show_default=True, type=click.IntRange(100, 20_000_000), help="In a month.")
@click.option("--postgres", metavar="ADDRESS", help="In this PostgreSQL, which is empty; SQLite without it.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same calls.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def reports(calls: int, postgres: str | None, seed: int, as_json: bool) -> None:
    """How long a month's report takes, from the sums kept by half hour and from the calls themselves.

    Generates the calls into a database of its own, or into that of --postgres, where they stay.
    """
    import orjson

    from cti.bench.reports import measure
    from cti.storage.store import StoreError

    try:
        result = measure(calls, postgres, seed)
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print_reports(result)


def _print_reports(result: ReportsResult) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(
        *("", "seconds", "of processor", "peak MB"),
        title=f"{result.calls} calls of a month, {result.database}",
        title_justify="left",
    )
    phases = {
        "generated": result.generated,
        "sums of calls made": result.made_calls,
        "sums of agents made": result.made_agents,
        **{f"report by {by}, from sums": phase for by, phase in result.from_sums.items()},
        **{f"report by {by}, from calls": phase for by, phase in result.from_calls.items()},
    }
    for name, phase in phases.items():
        shown.add_row(name, f"{phase.seconds:.2f}", f"{phase.cpu_s:.2f}", f"{phase.peak_mb:.0f}")
    console = Console()
    console.print(shown)
    console.print("both ways say the same" if result.same else "THE TWO WAYS DIFFER")


@command.command("prefill")
@click.option(
    "--model",
    envvar="VOSK_MODEL_PATH",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the Vosk model that hears the spoken requests; also VOSK_MODEL_PATH.",
)
@click.option("--dev", is_flag=True, help="The half that rules are written with, and what was missed of it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def prefill(model: Path | None, dev: bool, as_json: bool) -> None:
    """How well drafts are filled from what citizens say: precision, recall and F1 of each field.

    On the test half of the requests in cti/bench/requests, written and spoken. docs/prefill.md says how it is counted.
    """
    import orjson

    from cti.bench.prefill import measure

    result = measure("dev" if dev else "test", model)
    if as_json:
        click.echo(orjson.dumps(result.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print_prefill(result)


def _print_prefill(result: PrefillResult) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for label, section in (("Written", result.written), ("Spoken", result.spoken)):
        if section is None:
            console.print(f"{label}: not measured: {result.no_speech}", markup=False, highlight=False)
            continue
        shown = section.as_json()
        menu = [(f"in the menu: {name}", row) for name, row in shown["in_menu"].items()]
        title = f"{label}: {section.requests} requests, {result.half} half"
        table = Table(
            "field", "precision", "recall", "F1", "right", "filled", "expected", title=title, title_justify="left"
        )
        for name, row in [*shown["fields"].items(), ("all", shown), *menu]:
            rates = ("–" if row[rate] is None else f"{row[rate]:.3f}" for rate in ("precision", "recall", "f1"))
            table.add_row(name, *rates, f"{row['right']}", f"{row['filled']}", f"{row['expected']}")
        console.print(table)
        heard = f"; character error rate {section.cer:.1%} with {result.model}" if section.cer is not None else ""
        console.print(
            f"typing saved: {shown['typing_s_saved_per_request']} s a request; while it is spoken: "
            f"{shown['changes_per_request']} changes a request, {section.flickers} back again{heard}",
            markup=False,
            highlight=False,
        )
        if result.half == "dev":
            for miss in section.misses:
                console.print(
                    f"{miss.id} {miss.field}: {miss.filled} for {miss.expected}", markup=False, highlight=False
                )
    timing = result.as_json()
    for name in [key for key in timing if key.startswith("ms_")]:
        console.print(f"{name}: {timing[name]}", markup=False, highlight=False)


def _print(result: Result) -> None:
    from rich.console import Console
    from rich.table import Table

    from cti.bench.routing import APP_QUEUE, METRICS, OURS

    console = Console()
    labels = dict(zip(METRICS, ("agent free", "fresh call, agent idle"), strict=True))
    table = Table("to INVITE, ms", "system", "n", "p50", "p95", "p99", "max", title="Routing", title_justify="left")
    for metric in METRICS:
        for system in (OURS, APP_QUEUE):
            row = result.figures(system)[metric]
            table.add_row(labels[metric], system, *("–" if row[k] is None else f"{row[k]:g}" for k in row))
        ratios = (result.ratio(metric, which) for which in ("p50", "p95", "p99", "max"))
        table.add_row("", "ratio", "", *("–" if ratio is None else f"{ratio:g}" for ratio in ratios))
    console.print(table)
    for remark in result.remarks():
        console.print(remark, markup=False, highlight=False)
    lost = ", ".join(f"{system} {count}" for system, count in result.failed.items() if count)
    console.print(
        f"{result.agents} of {result.registered} agents at work, {result.rate:g} calls/s, "
        f"{result.rounds} turns each, {result.seconds:.0f} s" + (f"; calls that no agent took: {lost}" if lost else "")
    )
