"""A real Asterisk for tests: our own configuration, its own folder and ports, one for the whole run."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cti.asterisk.names import AMI_CTL, AMI_RO
from cti.asterisk.server import AsteriskServer
from cti.programs import Program, ProgramMissing, find_asterisk, find_program
from cti.settings import Agi, Asterisk, Settings
from tests.support import sipp
from tests.support.ports import free_ports
from tests.support.raw_ami import RawAmi

SECRET_RO, SECRET_CTL = "observer-of-the-tests", "actor-of-the-tests"


@dataclass
class RunningAsterisk:
    settings: Settings
    server: AsteriskServer
    secret_ro: str = SECRET_RO
    secret_ctl: str = SECRET_CTL

    @property
    def sip(self) -> str:
        return f"{self.settings.asterisk.host}:{self.settings.asterisk.sip_port}"

    def ami_ro(self) -> RawAmi:
        return RawAmi(self.settings.asterisk.ami_port, AMI_RO, self.secret_ro)

    def ami_ctl(self) -> RawAmi:
        return RawAmi(self.settings.asterisk.ami_port, AMI_CTL, self.secret_ctl)


@pytest.fixture(scope="session")
def asterisk_program() -> Program:
    """Asterisk and SIPp are here; a laptop without them skips, CI fails."""
    try:
        find_program("sipp")
        return find_asterisk()
    except ProgramMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def settings_for(var: Path) -> Settings:
    ami, sip, http, agi = free_ports(4)
    first = random.randrange(10000, 29000, 200)
    asterisk = Asterisk(ami_port=ami, sip_port=sip, http_port=http, rtp_first=first, rtp_last=first + 199)
    return Settings(var=var, asterisk=asterisk, agi=Agi(port=agi))


@pytest.fixture(scope="session")
def asterisk(asterisk_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAsterisk]:
    """Running; nothing listens on its AGI port until a test does."""
    settings = settings_for(tmp_path_factory.mktemp("asterisk") / "var")
    server = AsteriskServer(settings, asterisk_program, SECRET_RO, SECRET_CTL)
    server.start()
    try:
        yield RunningAsterisk(settings, server)
    finally:
        server.stop()


@pytest.fixture
def call(asterisk: RunningAsterisk, tmp_path: Path) -> Iterator[object]:
    """`call(scenario, local_ip="127.0.0.2", port=None)` starts one SIPp party against the running Asterisk."""
    parties: list[sipp.Party] = []

    def start(scenario: str, local_ip: str = "127.0.0.2", port: int | None = None) -> sipp.Party:
        parties.append(sipp.start(scenario, tmp_path, asterisk.sip, local_ip, port))
        return parties[-1]

    yield start
    for party in parties:
        party.stop()
