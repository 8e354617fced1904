"""Secrets: made once, readable by us alone, the same for every process of an installation."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cti.secrets import SecretsError, load_or_create
from cti.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("YIHU_AMI_RO_SECRET", "YIHU_AMI_CTL_SECRET", "YIHU_METRICS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Settings(var=tmp_path / "var")


def test_the_first_call_makes_them_and_the_next_finds_the_same(settings: Settings) -> None:
    first = load_or_create(settings)

    assert load_or_create(settings) == first
    assert len({first.ami_ro, first.ami_ctl, first.admin_token}) == 3
    assert stat.S_IMODE(settings.secrets_file.stat().st_mode) == 0o600
    assert [p.name for p in settings.var.iterdir()] == ["secrets.toml"]


def test_processes_that_start_together_agree(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_or_create(settings), range(8)))

    assert all(one == made[0] for one in made)
    assert [p.name for p in settings.var.iterdir()] == ["secrets.toml"]


def test_they_do_not_show_in_a_traceback_or_a_log(settings: Settings) -> None:
    secrets = load_or_create(settings)

    assert secrets.ami_ro not in repr(secrets)
    assert secrets.admin_token not in repr(secrets)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(settings: Settings, mode: int) -> None:
    load_or_create(settings)
    settings.secrets_file.chmod(mode)

    with pytest.raises(SecretsError, match=r"others can read it .*chmod 600"):
        load_or_create(settings)


@pytest.mark.parametrize("text", ["not toml", 'ami_ro = "12345678"\n', ""])
def test_a_damaged_file_is_named_and_its_content_is_not_shown(settings: Settings, text: str) -> None:
    load_or_create(settings)
    settings.secrets_file.write_text(text)

    with pytest.raises(SecretsError) as refused:
        load_or_create(settings)

    assert str(settings.secrets_file) in str(refused.value)
    assert "12345678" not in str(refused.value)


def test_a_secret_that_another_version_made_does_not_matter(settings: Settings) -> None:
    made = load_or_create(settings)
    with settings.secrets_file.open("a") as file:
        file.write('masking_key = "0123456789abcdef"\n')

    assert load_or_create(settings) == made


def test_a_city_with_its_own_asterisk_gives_the_ami_secrets_by_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = load_or_create(settings)
    monkeypatch.setenv("YIHU_AMI_RO_SECRET", "observer-secret")

    given = load_or_create(settings)

    assert given.ami_ro == "observer-secret"
    assert given.ami_ctl == made.ami_ctl


def test_the_token_for_figures_comes_from_the_environment_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_or_create(settings).metrics == ""
    assert "metrics" not in settings.secrets_file.read_text()
    monkeypatch.setenv("YIHU_METRICS_TOKEN", "a-token-of-the-scraper")

    given = load_or_create(settings)

    assert given.metrics == "a-token-of-the-scraper"
    assert given.metrics not in repr(given)


def test_a_secret_that_would_break_the_asterisk_configuration_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIHU_AMI_CTL_SECRET", "half;comment secret")

    with pytest.raises(SecretsError, match="YIHU_AMI_CTL_SECRET") as refused:
        load_or_create(settings)

    assert "half;comment" not in str(refused.value)
