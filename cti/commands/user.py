"""`yihu user`: who may log in, and what each may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from cti.settings import Settings

_ROLES = ("agent", "supervisor", "administrator", "auditor", "screen")


@click.group("user")
def command() -> None:
    """Users: agents, supervisors, administrators, auditors, screens. A running daemon takes a change over at once."""


def _refusals(do: Callable[..., None]) -> Callable[..., None]:
    """What the files refuse, as an error of the command."""

    @wraps(do)
    def command(*args: Any, **kwargs: Any) -> None:
        from agents.roster import RosterError
        from cti.accounts.people import UsersError

        try:
            do(*args, **kwargs)
        except (RosterError, UsersError) as error:
            raise click.ClickException(str(error)) from None

    return command


def _skills(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    skills = {}
    for item in value:
        skill, _, level = item.partition("=")
        if not level.isdigit():
            raise click.BadParameter(f"{item!r}: write skill=level, like general=3")
        skills[skill] = int(level)
    return skills


def _role_option(text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("--role", "roles", multiple=True, type=click.Choice(_ROLES), help=text)


@command.command("add")
@click.argument("user_id")
@_role_option("What he may; may be repeated. Without it he is an agent.")
@click.option("--name", default="", help="Name shown to colleagues.")
@click.option("--skill", "skills", multiple=True, callback=_skills, help="skill=level (1 to 5); may be repeated.")
@click.option("--password", help="For logging in; without it one is made and shown once.")
@click.option("--sip-password", help="For an agent's telephone; without it one is made and shown once.")
@click.option("--phone", default="", help="An agent's own telephone's number, to be called when he stands by.")
@click.pass_obj
@_refusals
def add(
    settings: Settings,
    user_id: str,
    roles: tuple[str, ...],
    name: str,
    skills: dict[str, int],
    password: str | None,
    sip_password: str | None,
    phone: str,
) -> None:
    """Adds user USER_ID (a letter, then letters or digits).

    One who is there gets a new password and what is given here; the rest of him stays.
    """
    from cti.account_files import AccountFiles
    from cti.accounts.people import Role
    from cti.roster_file import new_password

    wanted = [Role(role) for role in roles or ("agent",)]
    made_password, made_sip = password or new_password(), sip_password or new_password()
    files = AccountFiles(settings)
    if Role.AGENT not in wanted:
        files.add(user_id, name, wanted, made_password)
        click.echo(f"{user_id}: {', '.join(roles)}")
    else:
        agent = files.roster.add(user_id, name, skills, made_password, made_sip, phone)
        if roles:
            files.set_roles(user_id, wanted)
        also = ", ".join(role for role in roles if role != "agent")
        click.echo(f"{user_id}: {', '.join(f'{s}={n}' for s, n in agent.skills.items())}{also and '; also ' + also}")
    if password is None:
        click.echo(f"  password to log in:    {made_password}")
    if Role.AGENT in wanted:
        if sip_password is None:
            click.echo(f"  password of the phone: {made_sip}")
        sip = settings.asterisk
        click.echo(f"  phone: SIP user {user_id} at {sip.host}:{sip.sip_port} (UDP), or his browser without any.")
    click.echo("  Passwords are shown now and never again.")


@command.command("set")
@click.argument("user_id")
@_role_option("Exactly these from now on; may be repeated.")
@click.option("--phone", help="An agent's own telephone's number, to be called when he stands by; \"\": none.")
@click.pass_obj
@_refusals
def set_(settings: Settings, user_id: str, roles: tuple[str, ...], phone: str | None) -> None:
    """Changes user USER_ID; his passwords stay. Whose roles change is logged out."""
    from cti.account_files import AccountFiles
    from cti.accounts.people import Role

    if not roles and phone is None:
        raise click.UsageError("say what to change: --role or --phone")
    files = AccountFiles(settings)
    if roles:
        files.set_roles(user_id, [Role(role) for role in roles])
        click.echo(f"{user_id}: {', '.join(roles)}")
    if phone is not None:
        files.roster.set_phone(user_id, phone)
        click.echo(f"{user_id}: {'can be called when he stands by' if phone else 'has no number to be called at'}")


@command.command("passwd")
@click.argument("user_id")
@click.option("--password", help="Without it one is made and shown once.")
@click.pass_obj
@_refusals
def passwd(settings: Settings, user_id: str, password: str | None) -> None:
    """Gives user USER_ID a new password to log in with, and logs him out. An agent's telephone keeps its own."""
    from cti.account_files import AccountFiles
    from cti.accounts.passwords import hash_password
    from cti.roster_file import new_password

    made = password or new_password()
    AccountFiles(settings).set_password(user_id, hash_password(made))
    click.echo(f"{user_id}: new password" + (f": {made}" if password is None else ""))


@command.command("unlock")
@click.argument("user_id")
@click.pass_obj
def unlock(settings: Settings, user_id: str) -> None:
    """Lets user USER_ID try again after too many wrong passwords."""
    import asyncio

    from cti.demo.client import Stack, StackAway, StackRefused

    async def ask() -> None:
        async with Stack(settings) as stack:
            await stack.unlock(user_id)

    try:
        asyncio.run(ask())
    except (StackAway, StackRefused) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{user_id} may try again")


@command.command("list")
@click.option("--role", type=click.Choice(_ROLES), help="Only these.")
@click.pass_obj
@_refusals
def list_(settings: Settings, role: str | None) -> None:
    """Lists who may log in."""
    from rich.console import Console
    from rich.table import Table

    from cti.account_files import AccountFiles
    from cti.calls import AgentId

    files = AccountFiles(settings)
    people, agents = files.people(), files.roster.read()
    table = Table("user", "name", "roles", "skills")
    for person in people:
        if role is None or role in person.roles:
            agent = agents.get(AgentId(person.id))
            shown = ", ".join(f"{skill}={level}" for skill, level in agent.skills.items()) if agent else ""
            table.add_row(person.id, person.name, ", ".join(sorted(person.roles)), shown)
    Console().print(table)
    if not people:
        click.echo(f"nobody yet in {settings.roster}; add somebody with: yihu user add a1001 --skill general=3")


@command.command("remove")
@click.argument("user_id")
@click.pass_obj
@_refusals
def remove(settings: Settings, user_id: str) -> None:
    """Removes user USER_ID; a talk of his goes on to its end."""
    from cti.account_files import AccountFiles

    AccountFiles(settings).remove(user_id)
    click.echo(f"{user_id} is removed")
