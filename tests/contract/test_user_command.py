"""`yihu user` and the files it writes; the users of a first start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from cti.account_files import AccountFiles
from cti.accounts.people import Role, UsersError, read_users
from cti.cli import main
from cti.first_users import first_passwords, make_first_users
from cti.settings import Settings, load_settings
from cti.users_file import UsersFile


class Installation:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "yihu.toml"
        self.file.write_text('var = "var"\n', encoding="utf-8")
        self.settings: Settings = load_settings(self.file)

    def user(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--settings", str(self.file), "user", *words])

    def roles(self) -> dict[str, set[Role]]:
        return {person.id: set(person.roles) for person in AccountFiles(self.settings).people()}


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_users_of_every_role_are_added_changed_listed_and_removed(here: Installation) -> None:
    shown = here.user("add", "a1001", "--skill", "general=3").output
    assert "password of the phone" in shown
    here.user("add", "li", "--role", "supervisor", "--role", "auditor", "--name", "李明", "--password", "word-of-li")
    here.user("add", "a1002", "--role", "agent", "--role", "supervisor")
    assert here.roles() == {
        "a1001": {Role.AGENT},
        "a1002": {Role.AGENT, Role.SUPERVISOR},
        "li": {Role.SUPERVISOR, Role.AUDITOR},
    }
    assert "word-of-li" not in here.settings.users.read_text(encoding="utf-8")

    assert here.user("set", "li", "--role", "administrator").exit_code == 0
    assert here.user("set", "a1002", "--role", "agent").exit_code == 0
    assert here.roles() == {"a1001": {Role.AGENT}, "a1002": {Role.AGENT}, "li": {Role.ADMINISTRATOR}}
    listed = here.user("list", "--role", "administrator").output
    assert "李明" in listed
    assert "a1001" not in listed

    here.user("remove", "li")
    here.user("remove", "a1002")
    assert set(here.roles()) == {"a1001"}


def test_a_new_password_is_for_the_log_in_alone(here: Installation) -> None:
    here.user("add", "a1001", "--sip-password", "of-the-phone")
    before = AccountFiles(here.settings).roster.read()
    made = here.user("passwd", "a1001").output.strip().rpartition(" ")[2]
    after = AccountFiles(here.settings).roster.read()
    [old], [new] = before.values(), after.values()
    assert PasswordHasher().verify(new.password_hash, made)
    assert (new.sip_ha1, new.skills) == (old.sip_ha1, old.skills)

    here.user("add", "li", "--role", "auditor")
    assert here.user("passwd", "li", "--password", "another word").exit_code == 0
    user = UsersFile(here.settings.users).read()["li"]
    assert PasswordHasher().verify(user.password_hash, "another word")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "a1001", "--role", "supervisor"), "is an agent"),
        (("set", "li", "--role", "agent"), "is no agent"),
        (("set", "nobody", "--role", "auditor"), "no user nobody"),
        (("set", "li"), "say what to change"),
        (("add", "a1001", "--role", "supervisor"), "is an agent already"),
        (("add", "Li", "--role", "supervisor"), "small letter"),
        (("passwd", "nobody"), "no user nobody"),
        (("remove", "nobody"), "no user nobody"),
        (("unlock", "li"), "make run"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(here: Installation, words: tuple[str, ...], said: str) -> None:
    here.user("add", "a1001")
    here.user("add", "li", "--role", "supervisor")
    before = here.roles()
    result = here.user(*words)
    assert result.exit_code != 0
    assert said in result.output
    assert here.roles() == before


def test_what_an_operator_wrote_into_the_users_file_stays(here: Installation) -> None:
    file = UsersFile(here.settings.users)
    file.put("li", roles=["auditor"])
    file.path.write_text("# by hand\n" + file.path.read_text(encoding="utf-8"), encoding="utf-8")
    file.put("wang", name="王芳", roles=["supervisor"])
    file.put("li", roles=["supervisor"], password_hash="hash")
    assert file.path.read_text(encoding="utf-8").startswith("# by hand\n")
    assert file.path.stat().st_mode & 0o077 == 0
    li, wang = file.read()["li"], file.read()["wang"]
    assert (li.name, li.roles, li.password_hash) == ("li", {Role.SUPERVISOR}, "hash")
    assert wang.name == "王芳"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[user.li]\nroles = [", "u.toml: not valid TOML"),
        ("[users.li]\n", "u.toml:1: unknown table 'users'"),
        ('\n[user.li]\nroles = ["boss"]', "u.toml:2: user li: roles: 'boss'"),
        ('[user.li]\nroles = ["agent"]', "agents are in the roster"),
        ("[user.li]\nroles = []", "at least one"),
        ('[user.hall]\nroles = ["screen", "supervisor"]', "a user of its own"),
        ('[user.li]\nroles = "supervisor"', "must be a list"),
        ('[user.li]\nroles = ["auditor"]\npassword = "x"', "unknown key 'password'"),
        ('[user.12345]\nroles = ["auditor"]', "small letter"),
        ('[user]\nli = "supervisor"', "must be a table"),
    ],
)
def test_a_fault_in_the_users_file_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsersError, match=re.escape(said)):
        read_users(text, "u.toml")


def test_a_broken_file_costs_nobody_his_rights_neither_now_nor_at_the_next_start(here: Installation) -> None:
    UsersFile(here.settings.users).put("li", roles=["auditor"])
    file = UsersFile(here.settings.users)
    file.load()
    file.path.write_text("[user.li", encoding="utf-8")
    file.load()
    assert set(file.current) == {"li"}
    again = UsersFile(here.settings.users)
    again.load()
    assert set(again.current) == {"li"}


def test_a_first_start_makes_somebody_of_every_kind_who_can_log_in(here: Installation) -> None:
    make_first_users(here.settings)
    told = first_passwords(here.settings)
    assert told.stat().st_mode & 0o777 == 0o600
    people = {person.id: person for person in AccountFiles(here.settings).people()}
    rows = [line.split()[:2] for line in told.read_text(encoding="utf-8").splitlines()[1:]]
    assert {Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR} <= {role for p in people.values() for role in p.roles}
    assert {user_id for user_id, _ in rows} == set(people)
    for user_id, password in rows:
        assert PasswordHasher().verify(people[user_id].password_hash, password)

    told.unlink()
    make_first_users(here.settings)
    assert not told.exists(), "once"


def test_who_has_users_gets_no_samples(here: Installation) -> None:
    here.user("add", "li", "--role", "administrator")
    make_first_users(here.settings)
    assert set(here.roles()) == {"li"}
