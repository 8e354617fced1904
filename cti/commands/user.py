"""`yihu user`: the agents of the roster."""

from __future__ import annotations

import click

from cti.settings import Settings


@click.group("user")
def command() -> None:
    """Agents: add, set, list, remove. A running daemon takes a change over at once."""


def _skills(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    skills = {}
    for item in value:
        skill, _, level = item.partition("=")
        if not level.isdigit():
            raise click.BadParameter(f"{item!r}: write skill=level, like general=3")
        skills[skill] = int(level)
    return skills


@command.command("add")
@click.argument("agent_id")
@click.option("--name", default="", help="Name shown to colleagues.")
@click.option("--skill", "skills", multiple=True, callback=_skills, help="skill=level (1 to 5); may be repeated.")
@click.option("--password", help="For logging in; without it one is made and shown once.")
@click.option("--sip-password", help="For the telephone; without it one is made and shown once.")
@click.option("--phone", default="", help="His own telephone's number, to be called when he stands by.")
@click.pass_obj
def add(
    settings: Settings,
    agent_id: str,
    name: str,
    skills: dict[str, int],
    password: str | None,
    sip_password: str | None,
    phone: str,
) -> None:
    """Adds agent AGENT_ID (a letter, then letters or digits).

    One who is there gets new passwords and what is given here; the rest of him stays.
    """
    from agents.roster import RosterError
    from cti.roster_file import RosterFile, new_password

    made_password, made_sip = password or new_password(), sip_password or new_password()
    try:
        file = RosterFile(settings.roster)
        agent = file.add(agent_id, name, skills, made_password, made_sip, phone)
    except RosterError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{agent.id}: {', '.join(f'{s}={level}' for s, level in agent.skills.items())}")
    if password is None:
        click.echo(f"  password to log in:    {made_password}")
    if sip_password is None:
        click.echo(f"  password of the phone: {made_sip}")
    sip = settings.asterisk
    click.echo(f"  phone: SIP user {agent.id} at {sip.host}:{sip.sip_port} (UDP). Shown now and never again.")


@command.command("set")
@click.argument("agent_id")
@click.option("--phone", required=True, help='His own telephone\'s number, to be called when he stands by; "": none.')
@click.pass_obj
def set_(settings: Settings, agent_id: str, phone: str) -> None:
    """Changes agent AGENT_ID; his passwords stay."""
    from agents.roster import RosterError
    from cti.roster_file import RosterFile

    try:
        RosterFile(settings.roster).set_phone(agent_id, phone)
    except RosterError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{agent_id}: {'can be called when he stands by' if phone else 'has no number to be called at'}")


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """Lists the agents of the roster."""
    from rich.console import Console
    from rich.table import Table

    from agents.roster import RosterError
    from cti.roster_file import RosterFile

    try:
        agents = RosterFile(settings.roster).read()
    except RosterError as error:
        raise click.ClickException(str(error)) from None
    table = Table("agent", "name", "skills")
    for agent in agents.values():
        table.add_row(agent.id, agent.name, ", ".join(f"{s}={level}" for s, level in agent.skills.items()))
    Console().print(table)
    if not agents:
        click.echo(f"no agents yet in {settings.roster}; add one with: yihu user add a1001 --skill general=3")


@command.command("remove")
@click.argument("agent_id")
@click.pass_obj
def remove(settings: Settings, agent_id: str) -> None:
    """Removes agent AGENT_ID; a talk of his goes on to its end."""
    from agents.roster import RosterError
    from cti.roster_file import RosterFile

    try:
        RosterFile(settings.roster).remove(agent_id)
    except RosterError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{agent_id} is removed")
