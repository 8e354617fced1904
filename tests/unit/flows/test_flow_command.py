"""`yihu flow`: what a hotline manager types and reads."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.commands.flow import command
from cti.settings import Settings
from tests.support.flows import flow_text

CITY = Settings().flows / "city.yaml"


def yihu_flow(*args: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(command, args, obj=Settings(), input=typed)


def test_check_says_that_the_shipped_flows_are_good() -> None:
    result = yihu_flow("check")
    assert result.exit_code == 0
    assert [line.split(": ")[1].split(",")[0] for line in result.output.splitlines()] == ["good", "good", "good"]


def test_check_prints_every_fault_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(flow_text("first: {type: say, prompts: greting, next: nowhere}"), encoding="utf-8")
    result = yihu_flow("check", str(path), str(CITY))
    assert result.exit_code == 1
    first, second, third = result.output.splitlines()
    assert first.startswith(f"{path}:5: node first: next leads to unknown node nowhere; known: ")
    assert second.startswith(f"{path}:5: node first: prompt greting is not in the catalogue; did you mean greeting")
    assert third.startswith(f"{CITY}: good")


def test_check_prints_warnings(tmp_path: Path) -> None:
    options = ", ".join(f'"{n}": queue' for n in range(1, 6))
    path = tmp_path / "test.yaml"
    path.write_text(flow_text(f"first: {{type: menu, prompts: menu_main, options: {{{options}}}}}"), encoding="utf-8")
    result = yihu_flow("check", str(path))
    assert result.exit_code == 0
    assert "5 options; more than 4 are not remembered on the telephone (warning)" in result.output


def test_check_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = yihu_flow("check", str(tmp_path / "none.yaml"))
    assert (result.exit_code, "none.yaml:1: cannot be read" in result.output) == (1, True)


def test_draw() -> None:
    assert "└─ after the talk -> survey" in yihu_flow("draw", "city").output
    assert yihu_flow("draw", "city", "--mermaid").output.startswith("flowchart TD\n")
    assert "满意请按1" in yihu_flow("draw", str(CITY), "--texts").output


def test_draw_of_an_unknown_flow_names_the_known_ones() -> None:
    result = yihu_flow("draw", "town")
    assert result.exit_code == 1
    assert "no such flow; flows of the settings: bench, city" in result.output


def test_dry_run_prints_what_the_caller_hears_and_what_is_done() -> None:
    result = yihu_flow("dry-run", "city", "--at", "2026-11-23T10:00", "--keys", "71-")
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    assert lines[1] == "2026-11-23 10:00, Monday, by the calendar: work"
    told = [
        "[main_menu] menu",
        "mark    menu_entered node main_menu",
        "> presses 7",
        "plays   您的按键无效，请重新选择。",
        "> presses 1",
        "[general] route",
        "mark    human_asked by key",
        "queue   general||+0, news every 60 s, called back with 5",
        "hears   您也可以通过12345网站或手机应用提交诉求。",
        "> an agent answers, they talk, the agent hangs up",
        "[survey] survey",
        "> says nothing",
        "[thanks] hangup",
        "hang up (flow)",
    ]
    assert [line for line in lines if line in told] == told
    assert any("通话将被录音" in line for line in lines)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--at", "2026-11-22T10:00", "--keys", "+3"], "queue   social_security|"),
        (["--at", "2026-11-23T22:00", "--keys", ""], "mark    human_asked by no_menu"),
        (["--at", "2026-10-01T10:00", "--keys", ""], "by the calendar: holiday"),
        (["--at", "2039-11-23T10:00", "--keys", ""], "(the year's holidays are not known yet)"),
        (["--dialled", "12333", "--keys", ""], "[social_security_line] say"),
        (["--at", "2026-11-23T10:00", "--keys", "9", "--say", "有人昏倒了"], "> says 有人昏倒了 while waiting"),
        (["--at", "2026-11-23T10:00", "--keys", "1"], "asks    请在提示音后，简单说出您要反映的问题。"),
        (["--at", "2026-11-23T10:00", "--keys", "8 2"], "press 1"),
        (["--keys", "h"], "hangs up"),
        (["--at", "2026-11-23T22:00", "--keys", "", "--short"], "plays   东莞市12345，本次通话将被录音。"),
        (["--at", "2026-11-23T22:00", "--keys", "n", "--say", "路灯坏了请派人来修"], "> speaks for 2.25 s"),
        (["--at", "2026-11-23T22:00", "--keys", "n"], "plays   没有听到您的留言。"),
        (["--at", "2026-11-23T22:00", "--keys", "n0"], "> presses 0 instead of speaking"),
        (["--at", "2026-11-23T22:00", "--keys", "+#+5"], "> asks to be called back"),
    ],
)
def test_dry_run_by_script(args: list[str], expected: str) -> None:
    result = yihu_flow("dry-run", "city", *args)
    assert result.exit_code == 0, result.output
    assert expected in result.output


def test_dry_run_asks_when_no_keys_are_given() -> None:
    result = yihu_flow("dry-run", "city", "--at", "2026-11-23T10:00", typed="\n5\n2\n\n1\n\n")
    assert result.exit_code == 0, result.output
    assert "[enterprise] route" in result.output
    assert "presses 1" in result.output
    assert result.output.endswith("hang up (flow)\n")


def test_dry_run_asks_for_a_message() -> None:
    typed = "\nn\n\n路灯坏了，请派人来修。\n\n"
    result = yihu_flow("dry-run", "city", "--at", "2026-11-23T22:00", typed=typed)
    assert result.exit_code == 0, result.output
    assert "a message, Enter for silence, 0 for a person" in result.output
    assert "> speaks for 2.75 s" in result.output
    assert result.output.endswith("hang up (message)\n")


def test_dry_run_survives_nonsense_and_the_end_of_input() -> None:
    result = yihu_flow("dry-run", "bench", typed="-\nxyz\n9\n")
    assert result.exit_code == 0, result.output
    assert "offered no such way out" in result.output
    assert result.output.rstrip().endswith("hangs up")


@pytest.mark.parametrize("args", [["--keys", "1+"], ["--keys", "x"], ["--at", "monday", "--keys", ""]])
def test_dry_run_refuses_what_it_cannot_read(args: list[str]) -> None:
    result = yihu_flow("dry-run", "city", *args)
    assert result.exit_code in (1, 2)
    assert "Error" in result.output
