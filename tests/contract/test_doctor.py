"""The doctor: names what is wrong and what to do, of a system that does not run and of one that half does."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cti.cli import main
from cti.doctor import examine, pinned_versions, running_supervisor
from cti.doctor_peers import Finding, check_ami, check_health, check_sql
from cti.preflight import check_ports, port_holder
from cti.secrets import load_or_create
from cti.settings import Agi, Asterisk, City, Settings, Sql, Web
from tests.support.ports import free_ports


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ami, sip, http, agi, web = free_ports(5)
    return Settings(
        var=tmp_path / "var",
        roster=tmp_path / "var" / "roster.toml",
        asterisk=Asterisk(ami_port=ami, sip_port=sip, http_port=http),
        agi=Agi(port=agi),
        web=Web(port=web),
    )


@pytest.fixture
def listener(settings: Settings) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", settings.web.port)) as server:
        yield server


def of(part: str, findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.part == part]


def test_a_system_that_does_not_run_is_no_fault_and_nothing_is_made_by_looking(settings: Settings) -> None:
    findings = list(examine(settings))

    assert of("system", iter(findings))[0].level == "ok"
    assert of("ports", iter(findings))[0].text == "free"
    assert not settings.var.exists()


def test_a_port_that_somebody_has_is_named_with_the_process_and_the_key(
    settings: Settings, listener: socket.socket
) -> None:
    (problem,) = check_ports(settings)

    assert f"port {settings.web.port}/tcp" in problem
    assert f"(process {os.getpid()})" in problem
    assert "set web.port to a free port" in problem


def test_the_holder_of_a_free_port_is_nobody(settings: Settings) -> None:
    assert port_holder(settings.agi.port, "tcp") is None


def test_an_address_that_is_not_of_this_machine_is_a_problem(settings: Settings) -> None:
    far = Settings(var=settings.var, asterisk=settings.asterisk, agi=settings.agi, web=Web("192.0.2.7", 18080))

    (problem,) = check_ports(far)

    assert "18080/tcp on 192.0.2.7" in problem


def test_a_system_that_should_run_and_does_not_answer_is_named_part_by_part(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    with (settings.run_dir / "supervisor.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711")
        held.flush()

        findings = list(examine(settings))

    failed = {finding.part for finding in findings if finding.level == "fail"}
    assert {"redis", "calls (AGI)", "asterisk (AMI)", "daemon"} <= failed
    assert "running (process 4711)" in of("system", iter(findings))[0].text


def test_a_lock_that_nobody_holds_is_of_a_system_that_has_ended(settings: Settings) -> None:
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "supervisor.lock").write_text("4711")

    assert running_supervisor(settings) is None


def test_secrets_that_others_can_read_and_an_unknown_time_zone_are_to_be_mended(settings: Settings) -> None:
    load_or_create(settings)
    settings.secrets_file.chmod(0o644)
    bad = Settings(var=settings.var, roster=settings.roster, city=City(timezone="Asia/Dongguan"), web=settings.web)

    findings = list(examine(bad))

    assert "chmod 600" in of("secrets", iter(findings))[0].text
    assert of("time zone", iter(findings))[0].level == "fail"


def test_words_of_the_city_that_cannot_be_used_are_named(settings: Settings, tmp_path: Path) -> None:
    own = replace(settings, documents=tmp_path / "documents")
    words = own.documents / "tickets" / "prefill.toml"
    words.parent.mkdir(parents=True)
    words.write_text('[urgent]\nsure = ["堤坝渗水"]\n', encoding="utf-8")
    assert [finding.level for finding in of("pre-fill", examine(own))] == ["ok"]

    words.write_text('[urgent]\nsure = ["堤坝渗水"]\n[thresholds]\ntarget = 2\n', encoding="utf-8")

    (problem,) = of("pre-fill", examine(own))
    assert problem.level == "fail"
    assert "prefill.toml:4: thresholds.target" in problem.text


def test_key_words_and_inspection_rules_that_cannot_be_used_are_named(settings: Settings, tmp_path: Path) -> None:
    own = replace(settings, documents=tmp_path / "documents")
    own.documents.mkdir()
    assert of("key words", examine(own)) == [Finding("ok", "key words", "the shipped ones")]
    (own.documents / "key_words.toml").write_text('[words]\nurgancy = ["马上"]\n', encoding="utf-8")
    (own.documents / "quality.toml").write_text("silence_s = 20\n", encoding="utf-8")

    findings = list(examine(own))

    (problem,) = of("key words", iter(findings))
    assert problem.level == "fail"
    assert "key_words.toml:2: words.urgancy: is no field of a ticket; did you mean urgency?" in problem.text
    assert of("inspection", iter(findings)) == [Finding("ok", "inspection", "quality.toml of this city")]


def test_something_else_on_the_port_of_asterisk_is_not_taken_for_it(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.asterisk.ami_port)):
        findings = list(check_ami(settings))  # accepts, and never says a word

    assert [finding.level for finding in findings] == ["fail"]


def test_something_else_on_the_port_of_the_web_server_is_not_taken_for_it(
    settings: Settings, listener: socket.socket
) -> None:
    assert [finding.level for finding in check_health(settings)] == ["fail"]


def test_the_pins_of_a_lock_file_are_read(settings: Settings) -> None:
    lock = "aiohttp==3.14.5 \\\n    --hash=sha256:00\n    # via yihu\npsycopg-binary==3.3.1 ; python_version > '3'\n"

    assert pinned_versions(lock) == {"aiohttp": "3.14.5", "psycopg-binary": "3.3.1"}


def test_the_command_ends_with_1_when_something_has_to_be_mended(tmp_path: Path) -> None:
    ports = free_ports(3)
    file = tmp_path / "yihu.toml"
    file.write_text(
        f'var = "var"\n[city]\ntimezone = "Nowhere"\n[asterisk]\nami_port = {ports[0]}\nsip_port = {ports[1]}\n'
        f"[web]\nport = {ports[2]}\n"
    )

    done = CliRunner().invoke(main, ["--settings", str(file), "doctor"])

    assert done.exit_code == 1
    assert "Nowhere is unknown: install tzdata, or set city.timezone" in done.output
    assert done.output.splitlines()[-1].endswith("to mend")


@pytest.mark.parametrize("url", ["nonsense", "mysql://yihu@db/yihu"])
def test_an_address_that_is_no_database_of_ours_is_a_finding_with_an_example(url: str) -> None:
    (finding,) = check_sql(Settings(sql=Sql(url=url)))

    assert finding.level == "fail"
    assert "postgresql+psycopg://" in finding.text


def test_ami_of_our_own_asterisk_is_on_loopback_wherever_its_telephones_are() -> None:
    assert Asterisk(host="192.0.2.7").ami_host == "127.0.0.1"
    assert Asterisk(host="192.0.2.7", embedded=False).ami_host == "192.0.2.7"
