"""Documents drafted, checked, published, rolled back; every version kept; two at once told of each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.administration import Administration, Conflict, Faulty, Unchanged
from cti.document_checks import Checks
from cti.document_history import History
from cti.documents import Documents
from cti.secrets_veiled import MARK
from cti.settings import Settings, load_settings

ROSTER = """\
# the agents
[agent.a1001]
name = "李明"
skills = { general = 3 }    # since May
password_hash = "$argon2id$one"
phone = "13800138000"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "yihu.toml"
    file.write_text('var = "var"\n', encoding="utf-8")
    return load_settings(file)


def office_of(settings: Settings) -> Administration:
    return Administration(
        Documents(settings, Checks(settings, dict)), History(settings.documents / "history"), lambda: 1000.0
    )


@pytest.fixture
def office(settings: Settings) -> Administration:
    return office_of(settings)


def with_roster(settings: Settings, office: Administration, text: str = ROSTER) -> None:
    settings.roster.parent.mkdir(parents=True, exist_ok=True)
    settings.roster.write_text(text, encoding="utf-8")
    office.standing("roster")


def test_without_a_file_the_shipped_text_counts_as_version_0(office: Administration) -> None:
    standing = office.standing("numbers")
    assert (standing.version.n, standing.version.how) == (0, "shipped")
    assert 'number = "12345"' in standing.text
    assert [version.n for version in office.versions("numbers")] == [0]


def test_every_shipped_document_checks(office: Administration) -> None:
    for document in office.documents.all():
        problems = document.check(document.shipped)
        assert not [problem for problem in problems if problem.level == "error"], document.id


def test_publishing_writes_the_file_and_keeps_who_when_why_and_the_text(
    settings: Settings, office: Administration
) -> None:
    text = office.standing("numbers").text + '\n[[did]]\nnumber = "12329"\nflow = "city"\n'
    version = office.publish("numbers", "li", "公积金热线并入", 0, text)
    assert (version.n, version.who, version.why, version.at) == (1, "li", "公积金热线并入", 1000.0)
    assert (settings.documents / "numbers.toml").read_text(encoding="utf-8") == text
    assert office.text("numbers", 1) == text
    assert [v.n for v in office.versions("numbers")] == [1, 0]


def test_a_faulty_text_is_refused_with_its_lines_and_nothing_is_written(
    settings: Settings, office: Administration
) -> None:
    with pytest.raises(Faulty) as caught:
        office.publish("numbers", "li", "", 0, 'unknown_number = "1"\n\n[[did]]\nnumber = "12345"\nflow = "nowhere"\n')
    flow, unknown = caught.value.problems
    assert (flow.line, unknown.line) == (5, 1)
    assert "there is no flow nowhere" in flow.text
    assert unknown.text == "unknown_number: there is no [[did]] with the number 1"
    assert not (settings.documents / "numbers.toml").exists()


def test_of_two_who_began_with_the_same_version_the_second_is_told_what_the_first_changed(
    office: Administration,
) -> None:
    text = office.standing("calendar").text
    office.publish("calendar", "li", "", 0, text.replace("off_days = []", 'off_days = ["2027-02-08"]'))
    with pytest.raises(Conflict) as caught:
        office.publish("calendar", "wang", "", 0, text.replace("work_days = []", 'work_days = ["2027-02-20"]'))
    assert (caught.value.version.n, caught.value.version.who) == (1, "li")
    assert any(line.kind == "+" and "2027-02-08" in line.text for line in caught.value.lines)


def test_a_draft_is_put_upon_what_was_published_meanwhile(office: Administration) -> None:
    text = office.standing("calendar").text
    office.save_draft("calendar", "wang", 0, text.replace("work_days = []", 'work_days = ["2027-02-20"]'))
    office.publish("calendar", "li", "", 0, text.replace("off_days = []", 'off_days = ["2027-02-08"]'))
    assert office.merge_draft("calendar", "wang").conflicts == 0
    draft = office.draft("calendar", "wang")
    assert draft is not None
    assert (draft.base, "2027-02-08" in draft.text, "2027-02-20" in draft.text) == (1, True, True)
    assert office.publish("calendar", "wang", "", 1, draft.text).n == 2
    assert office.draft("calendar", "wang") is None


def test_a_file_that_somebody_edits_is_noticed_and_becomes_a_version(
    settings: Settings, office: Administration
) -> None:
    with_roster(settings, office)
    assert [v.how for v in office.versions("roster")] == ["found", "shipped"]
    office.notice()
    settings.roster.write_text(ROSTER.replace("general = 3", "general = 4"), encoding="utf-8")
    (noticed,) = office.notice()
    assert (noticed.version.n, noticed.version.how, noticed.version.good) == (2, "by_hand", True)
    assert office.notice() == []
    with pytest.raises(Conflict):
        office.publish("roster", "li", "", 1, ROSTER.replace("李明", "李鸣"))


def test_after_a_broken_edit_by_hand_the_version_before_is_what_the_city_runs_on(
    settings: Settings, office: Administration
) -> None:
    with_roster(settings, office)
    settings.roster.write_text("[agent.a1001\n", encoding="utf-8")
    standing = office.standing("roster")
    assert (standing.version.n, standing.version.good, standing.live.n) == (2, False, 1)


def test_a_roll_back_is_a_new_version_with_its_reason_and_keeps_the_passwords_of_today(
    settings: Settings, office: Administration
) -> None:
    with_roster(settings, office)
    draft = ROSTER.replace("general = 3", "general = 5").replace("$argon2id$one", "$argon2id$two")
    office.publish("roster", "li", "升级", 1, draft)
    version = office.roll_back("roster", "wang", "升错了人", 2, 1)
    assert (version.n, version.how, version.of, version.why) == (3, "rolled_back", 1, "升错了人")
    text = settings.roster.read_text(encoding="utf-8")
    assert "general = 3" in text
    assert "$argon2id$two" in text
    assert "# since May" in text
    with pytest.raises(Unchanged):
        office.roll_back("roster", "wang", "noch einmal", 3, 1)


def test_a_draft_holds_no_secret_and_its_marks_become_the_values_again(
    settings: Settings, office: Administration
) -> None:
    with_roster(settings, office)
    typed = ROSTER.replace("general = 3", "general = 4").replace("13800138000", "13900139000")
    draft = office.save_draft("roster", "li", 1, typed)
    assert "139" not in draft.text
    assert "argon2id" not in draft.text
    assert draft.text.count(MARK) == 2
    again = office.save_draft("roster", "li", 1, draft.text.replace("李明", "李鸣"))
    office.publish("roster", "li", "", 1, again.text, again.secrets)
    text = settings.roster.read_text(encoding="utf-8")
    assert 'phone = "13900139000"' in text
    assert "$argon2id$one" in text
    assert "# since May" in text
    assert "李鸣" in text


def test_a_draft_like_its_base_is_none(settings: Settings, office: Administration) -> None:
    text = office.standing("rules").text
    office.save_draft("rules", "li", 0, text + "# more\n")
    assert list(office.drafts("rules")) == ["li"]
    office.save_draft("rules", "li", 0, text)
    assert office.drafts("rules") == {}


def test_a_changed_flow_is_never_written_into_the_shipped_folder(settings: Settings, office: Administration) -> None:
    shipped = settings.flows / "city.yaml"
    before = shipped.read_bytes()
    text = office.standing("flow.city").text
    office.publish("flow.city", "li", "", 0, text.replace("menu_s: 15", "menu_s: 16"))
    assert shipped.read_bytes() == before
    assert "menu_s: 16" in (settings.documents / "flows" / "city.yaml").read_text(encoding="utf-8")
    assert "menu_s: 16" in office_of(settings).standing("flow.city").text


def test_every_fault_of_a_flow_has_its_line_and_its_node(office: Administration) -> None:
    text = office.standing("flow.city").text.replace("next: notice_zero", "next: nowhere")
    found = [(p.line, p.node, p.text) for p in office.check("flow.city", text)]
    assert any(node == "zero_menu" and "unknown node nowhere" in text for _, node, text in found)
    assert all(line > 1 for line, _, _ in found)


def test_a_flow_of_a_new_name_can_be_published(settings: Settings, office: Administration) -> None:
    standing = office.standing("flow.night")
    assert office.publish("flow.night", "li", "", 0, standing.text).n == 1
    assert "flow.night" in [document.id for document in office.documents.all()]


@pytest.mark.parametrize("id_", ["flow.../etc/passwd", "prompts.../x", "flow.City", "var", "", "prompts.xx"])
def test_there_are_no_other_documents(office: Administration, id_: str) -> None:
    with pytest.raises(KeyError):
        office.standing(id_)


def test_two_processes_that_publish_at_the_same_moment_do_not_both_win(settings: Settings) -> None:
    one, other = office_of(settings), office_of(settings)
    text = one.standing("skills").text
    one.publish("skills", "li", "", 0, text.replace("综合", "综合坐席"))
    with pytest.raises(Conflict):
        other.publish("skills", "wang", "", 0, text.replace("综合", "总台"))


def test_a_flow_that_asks_for_a_matter_the_form_does_not_have_is_not_published(office: Administration) -> None:
    flow = next(document for document in office.documents.all() if document.id == "flow.city")
    words = "words: [{to: enterprise, matters: [market.business, market.busines]}]"
    problems = flow.check(
        flow.shipped.replace("ask: {prompts: listen_ask}", f"ask: {{prompts: listen_ask, {words}}}", 1)
    )
    (wrong,) = [problem for problem in problems if problem.level == "error"]
    assert wrong.node == "urgent"
    assert "matter market.busines is not in the form of tickets; did you mean market.business" in wrong.text
