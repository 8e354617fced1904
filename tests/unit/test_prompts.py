"""The catalogue: what is said in which language, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_flows.prompts import PromptError, load_catalogue

CATALOGUE = load_catalogue()


def folder_with(tmp_path: Path, **files: str) -> Path:
    """A catalogue of our own; `zh_CN="…"` is the file zh-CN.toml."""
    for name, text in files.items():
        (tmp_path / f"{name.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_shipped_catalogue_speaks_three_languages() -> None:
    assert CATALOGUE.languages == ("zh-CN", "en", "yue")
    assert len(CATALOGUE.ids()) == len(set(CATALOGUE.ids())) > 80
    for language in CATALOGUE.languages:
        for prompt_id in CATALOGUE.ids():
            assert not set("0123456789{}") & set(CATALOGUE.spoken_text(prompt_id, language)), (language, prompt_id)


def test_the_city_is_named_as_what_it_is() -> None:
    assert "这里是东莞市12345热线" in CATALOGUE.text("greeting", "zh-CN")
    assert "这里是玉林市12345热线" in CATALOGUE.text("greeting", "zh-CN", "玉林")
    assert "这里是玉林市12345热线" in CATALOGUE.text("greeting", "zh-CN", "玉林市")
    assert "这里是博白县12345热线" in CATALOGUE.text("greeting", "zh-CN", "博白县")


def test_every_greeting_says_that_the_call_is_recorded() -> None:
    for language, word in (("zh-CN", "录音"), ("en", "recorded"), ("yue", "录音")):
        assert word in CATALOGUE.text("greeting", language)


def test_figures_are_written_out_for_the_voice() -> None:
    assert "幺二三四五" in CATALOGUE.spoken_text("greeting", "zh-CN")
    assert "一二三四五" in CATALOGUE.spoken_text("greeting", "yue")
    assert "one two three four five" in CATALOGUE.spoken_text("greeting", "en")
    assert "请按一" in CATALOGUE.spoken_text("menu_main", "zh-CN")
    assert "幺幺零" in CATALOGUE.spoken_text("transfer_110", "zh-CN")


def test_an_explicit_spelling_wins(tmp_path: Path) -> None:
    catalogue = load_catalogue(folder_with(tmp_path, zh_CN='[open]\ntext = "24小时服务"\nspeak = "二十四小时服务"\n'))
    assert catalogue.text("open", "zh-CN") == "24小时服务"
    assert catalogue.spoken_text("open", "zh-CN") == "二十四小时服务"


def test_what_a_language_lacks_is_said_in_mandarin(tmp_path: Path) -> None:
    catalogue = load_catalogue(folder_with(tmp_path, zh_CN='[bye]\ntext = "再见"\n', yue=""))
    assert catalogue.text("bye", "yue") == "再见"
    with pytest.raises(PromptError, match=r"add a table \[hello\]"):
        catalogue.text("hello", "yue")
    with pytest.raises(PromptError, match="there are zh-CN, yue"):
        catalogue.text("bye", "fr")


def test_the_fingerprint_follows_everything_that_is_audible() -> None:
    same = CATALOGUE.fingerprint("greeting", "zh-CN", "a voice")
    assert same == load_catalogue().fingerprint("greeting", "zh-CN", "a voice", "东莞")
    others = {
        CATALOGUE.fingerprint("greeting", "zh-CN", "another voice"),
        CATALOGUE.fingerprint("greeting", "zh-CN", "a voice", "玉林"),
        CATALOGUE.fingerprint("greeting", "yue", "a voice"),
        CATALOGUE.fingerprint("goodbye", "zh-CN", "a voice"),
    }
    assert same not in others
    assert len(others) == 4
    # A city that is not in the text changes nothing.
    assert CATALOGUE.fingerprint("goodbye", "zh-CN", "v", "玉林") == CATALOGUE.fingerprint("goodbye", "zh-CN", "v")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[a]\ntext = "好"\n[b\n', r"zh-CN\.toml: not valid TOML: .*line 3"),
        ('[a]\ntext = "好"\n\n[b]\ntxt = "好"\n', r"zh-CN\.toml:4: \[b\]: unknown field 'txt'; known: text, speak"),
        ('[a]\nspeak = "好"\n', r"zh-CN\.toml:1: \[a\]: has no `text`"),
        ('\n\n[a]\ntext = " "\n', r"zh-CN\.toml:3: \[a\]: `text` must be a text that is not empty"),
        ("[a]\ntext = 1\n", r"zh-CN\.toml:1: \[a\]: `text` must be a text"),
        ('[a]\ntext = "{town}"\n', r"zh-CN\.toml:1: \[a\]: `text`: only \{city\} may stand in braces"),
        ('[a]\ntext = "{city.__class__}"\n', r"only \{city\} may stand in braces"),
        ('[a]\ntext = "好}"\n', r"zh-CN\.toml:1: \[a\]: `text`: .*only \{city\} may stand in braces"),
        ('["../a"]\ntext = "好"\n', r"\[\.\./a\]: an id has small letters"),
        ('a = "好"\n', r"zh-CN\.toml:1: \[a\]: must be a table"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(PromptError, match=fault):
        load_catalogue(folder_with(tmp_path, zh_CN=text))


def test_an_id_that_mandarin_does_not_define_is_a_slip(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, zh_CN='[a]\ntext = "好"\n', en='\n[aa]\ntext = "good"\n')
    with pytest.raises(PromptError, match=r"en\.toml:2: \[aa\] is not defined in zh-CN\.toml"):
        load_catalogue(folder)


def test_without_a_main_language_there_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"zh-CN\.toml: cannot be read"):
        load_catalogue(tmp_path)
    (tmp_path / "zh-CN.toml").write_bytes(b"\xff")
    with pytest.raises(PromptError, match="not UTF-8 at byte 0"):
        load_catalogue(tmp_path)
