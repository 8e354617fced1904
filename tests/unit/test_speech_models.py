"""Which speech model is used, and how one is installed: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from cti.commands.model import command
from cti.settings import Settings
from cti.speech import models
from cti.speech.model_fetch import fetch
from cti.speech.model_folder import NoModel, read_facts
from cti.speech.models import DEMO, DEMO_ARCHIVE, DEMO_SHA256, ModelError, choose, install, installed, use


def a_model(folder: Path, conf: str = "--sample-frequency=16000\n", dynamic: bool = True) -> Path:
    for name in ("am", "conf", "graph"):
        (folder / name).mkdir(parents=True)
    (folder / "am" / "final.mdl").write_bytes(b"model")
    (folder / "conf" / "mfcc.conf").write_text(conf)
    for name in ("HCLr.fst", "Gr.fst") if dynamic else ("HCLG.fst",):
        (folder / "graph" / name).write_bytes(b"graph")
    return folder


def packed(archive: Path, files: dict[str, bytes]) -> str:
    """Writes a zip; its checksum."""
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


# Folders


@pytest.mark.parametrize(
    ("conf", "rate_hz", "given_hz"),
    [
        ("--sample-frequency=16000\n--allow-upsample=true\n", 8000, 8000),
        ("--sample-frequency=16000\n", 8000, 16000),
        ("--sample-frequency=16000\n--allow-upsample=false\n", 8000, 16000),
        ("--sample-frequency=8000\n", 8000, 8000),
        ("--sample-frequency=8000\n", 16000, 16000),
        ("# nothing said\n", 8000, 16000),
    ],
)
def test_sound_is_resampled_only_where_the_model_cannot_take_it(
    tmp_path: Path, conf: str, rate_hz: int, given_hz: int
) -> None:
    assert read_facts(a_model(tmp_path / "m", conf)).input_rate_hz(rate_hz) == given_hz


@pytest.mark.parametrize("dynamic", [True, False])
def test_phrases_need_a_graph_that_is_put_together_at_run_time(tmp_path: Path, dynamic: bool) -> None:
    assert read_facts(a_model(tmp_path / "m", dynamic=dynamic)).phrases is dynamic


def test_a_folder_without_a_model_is_none(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match=r"final\.mdl"):
        read_facts(tmp_path)


# Choosing


def test_a_fresh_installation_uses_the_demo_model_and_says_what_it_is_good_for(tmp_path: Path) -> None:
    chosen = choose("", tmp_path / "models")
    assert chosen.demo
    assert chosen.folder == tmp_path / "models" / DEMO
    assert read_facts(chosen.folder).rate_hz == 8000
    assert "not for real callers" in chosen.text
    assert choose("", tmp_path / "models") == chosen  # from the folder that is there now


def test_a_demo_archive_that_was_changed_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "changed.tar.gz"
    changed.write_bytes(DEMO_ARCHIVE.read_bytes() + b"\0")
    monkeypatch.setattr(models, "DEMO_ARCHIVE", changed)
    chosen = choose("", tmp_path / "models")
    assert chosen.folder is None
    assert "sha256" in chosen.text


def test_what_was_chosen_is_used_and_the_settings_win(tmp_path: Path) -> None:
    for name in ("real", "other"):
        a_model(tmp_path / name)
    use("real", tmp_path)
    assert choose("", tmp_path).folder == tmp_path / "real"
    assert choose("other", tmp_path).folder == tmp_path / "other"
    assert choose(str(tmp_path / "other"), tmp_path).folder == tmp_path / "other"
    assert choose("off", tmp_path).folder is None
    use("off", tmp_path)
    assert choose("", tmp_path).text == "speech is off: chosen by yihu model use"


def test_a_model_that_is_missing_is_not_replaced_by_the_demo_model_in_silence(tmp_path: Path) -> None:
    chosen = choose("vosk-model-small-cn-0.22", tmp_path)
    assert chosen.folder is None
    assert "yihu model get" in chosen.text
    with pytest.raises(ModelError, match="not installed"):
        use("vosk-model-small-cn-0.22", tmp_path)


# Installing


def test_an_archive_is_installed_whole_and_again(tmp_path: Path) -> None:
    archive, there = tmp_path / "m.zip", tmp_path / "models"
    sha256 = packed(archive, {"m/am/final.mdl": b"1", "m/README": b"x"})
    done: list[int] = []
    install(archive, "m", sha256, there, done.append)
    install(archive, "m", sha256, there)
    assert installed(there) == ["m"]
    assert sum(done) == archive.stat().st_size
    assert [path.name for path in there.iterdir()] == ["m"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"m/README": b"no model"}, r"no Vosk model"),
        ({"a/am/final.mdl": b"1", "b/am/final.mdl": b"1"}, "one folder"),
        ({"../escaped/README": b"1"}, "no Vosk model"),
    ],
)
def test_an_archive_without_a_model_leaves_nothing(tmp_path: Path, files: dict[str, bytes], says: str) -> None:
    archive, there = tmp_path / "m.zip", tmp_path / "models"
    sha256 = packed(archive, files)
    with pytest.raises(ModelError, match=says):
        install(archive, "m", sha256, there)
    assert list(there.iterdir()) == []
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("name", ["../beside", "/etc/beside"])
def test_an_archive_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as target:
        target.addfile(tarfile.TarInfo(name))
    with pytest.raises(ModelError, match="no business"):
        install(archive, "m", hashlib.sha256(archive.read_bytes()).hexdigest(), tmp_path / "models")
    assert not (tmp_path / "beside").exists()


def test_another_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=DEMO_SHA256):
        install(DEMO_ARCHIVE, DEMO, "0" * 64, tmp_path)
    assert installed(tmp_path) == []


def test_fetching_writes_the_whole_file_and_tells_how_far_it_is(tmp_path: Path) -> None:
    done: list[int] = []
    fetch(DEMO_ARCHIVE.as_uri(), tmp_path / "there" / "m.tar.gz", done.append)
    assert (tmp_path / "there" / "m.tar.gz").read_bytes() == DEMO_ARCHIVE.read_bytes()
    assert sum(done) == DEMO_ARCHIVE.stat().st_size


def test_what_cannot_be_fetched_says_what_a_machine_without_network_can_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="--file"):
        fetch((tmp_path / "nowhere.zip").as_uri(), tmp_path / "m.zip", lambda more: None)


# The command


def run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, [*arguments], obj=Settings(var=tmp_path))
    return done.exit_code, done.output


def test_get_takes_a_file_with_its_checksum_and_uses_it(tmp_path: Path) -> None:
    archive = tmp_path / "own.zip"
    sha256 = packed(archive, {"own/am/final.mdl": b"1"})
    code, said = run(tmp_path, "get", "own", "--file", str(archive))
    assert code == 1
    assert sha256 in said
    code, said = run(tmp_path, "get", "own", "--file", str(archive), "--sha256", sha256)
    assert (code, "used from the next start" in said) == (0, True)
    assert choose("", tmp_path / "models").name == "own"
    assert archive.exists()


@pytest.mark.parametrize("name", ["../own", ".hidden", "a/b", "vosk-model-of-mars"])
def test_get_refuses_what_is_no_model(tmp_path: Path, name: str) -> None:
    code, _ = run(tmp_path, "get", name)
    assert code == 1


def test_list_names_the_official_models_and_the_one_in_use(tmp_path: Path) -> None:
    code, said = run(tmp_path, "list")
    assert code == 0
    assert "vosk-model-small-cn-0.22" in said
    assert f"{DEMO} (for demonstrations and tests, not for real callers" in said.replace("\n", " ")


def test_check_says_that_speech_is_off_and_fails_where_a_model_is_missing(tmp_path: Path) -> None:
    assert run(tmp_path, "use", "off")[0] == 0
    assert run(tmp_path, "check") == (0, "speech is off: chosen by yihu model use\n")
    (tmp_path / "models" / "in_use").write_text("gone\n")
    code, said = run(tmp_path, "check")
    assert code == 1
    assert "gone" in said
