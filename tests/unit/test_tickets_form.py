"""The form and what it asks for; deadlines by the calendar; the copy for the city's platform."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cti.logs import mask
from cti.tickets.check import cleaned, submission_faults, value_fault
from cti.tickets.deadlines import deadline, working_day
from cti.tickets.form import SHIPPED_FORM, FormError, load_form
from cti.tickets.model import Field, Ticket, Value
from cti.tickets.shown import city_copy, masked, row
from ivr_flows.calendar import WorkCalendar

FORM = load_form()
SHANGHAI = ZoneInfo("Asia/Shanghai")


def ticket(**values: Value) -> Ticket:
    return Ticket("T-1", "c1", 0.0, fields={n: Field(v, "agent", None, "own", 1, "a1") for n, v in values.items()})


def local(at: float) -> datetime:
    return datetime.fromtimestamp(at, SHANGHAI)


# What is required


def test_sending_to_a_department_needs_what_the_type_needs() -> None:
    faults = submission_faults(FORM, ticket(type="help", title="路灯"), "dispatch", None)
    assert [(f.field, f.code) for f in faults] == [(n, "missing") for n in ("matter", "street", "address", "content")]
    assert faults[1].message.zh == "请填写街道或社区"
    faults = submission_faults(FORM, ticket(type="suggestion", title="路灯"), "dispatch", None)
    assert [f.field for f in faults] == ["matter", "content"]


def test_what_a_machine_filled_has_to_be_confirmed_where_it_is_required() -> None:
    draft = ticket(type="consultation", matter="government.service", content="怎么办理居住证")
    guessed = {**draft.fields, "matter": Field("government.service", "speech", 0.9, "check", 1)}
    guessed["street"] = Field("dongcheng", "history", 0.7, "check", 1)
    faults = submission_faults(FORM, Ticket("T-1", "c1", 0.0, fields=guessed), "direct", None)
    assert [(f.field, f.code) for f in faults] == [("matter", "unconfirmed")]


@pytest.mark.parametrize("finish", ["silent", "nuisance", "wrong_number", "cut_off"])
def test_a_call_without_a_request_needs_nothing_but_its_code(finish: str) -> None:
    assert submission_faults(FORM, ticket(), finish, None) == []


def test_not_accepting_needs_a_reason() -> None:
    draft = ticket(type="complaint", content="已在法院")
    assert [f.field for f in submission_faults(FORM, draft, "not_accepted", None)] == ["finish"]
    assert submission_faults(FORM, draft, "not_accepted", "court") == []


@pytest.mark.parametrize("finish", ["", "no_such", "nothing", "not_answered"])
def test_an_unknown_code_and_the_systems_own_are_refused(finish: str) -> None:
    assert [f.code for f in submission_faults(FORM, ticket(), finish, None)] == ["bad_value"]


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("contact_phone", "138 0000-1234", "13800001234"),
        ("address", "  ", None),
        ("content", "a\0b\ud800", "ab?"),
        ("secret", False, False),
    ],
)
def test_values_are_cleaned(field: str, value: Value, stored: Value) -> None:
    assert cleaned(FORM, field, value) == stored
    assert value_fault(FORM, field, stored) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact_phone", "138****1234"),
        ("secret", "yes"),
        ("type", "nonsense"),
        ("matter", "traffic.parking.nonsense"),
        ("matter", "traffic..parking"),
        ("title", "长" * 81),
        ("title", True),
        ("street", ""),
    ],
)
def test_what_cannot_stand_in_a_field_is_refused(field: str, value: Value) -> None:
    fault = value_fault(FORM, field, value)
    assert fault is not None
    assert (fault.field, fault.code) == (field, "bad_value")


# The city's own files


def test_a_city_replaces_one_file_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "streets.toml").write_text('[center]\nzh = "中心街道"\nen = "Center"\n', encoding="utf-8")
    form = load_form(tmp_path)
    assert [node.id for node in form.streets] == ["center"]
    assert form.matters == FORM.matters
    assert "streets" in FORM.sample
    assert "streets" not in form.sample


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("matters", 'department = "transport"', 'department = "nobody"', "nobody is not in departments.toml"),
        ("types", '["street", "address"]', '["street", "adress"]', "there is no field adress"),
        ("fields", "[title]", "[headline]", "headline"),
        ("finishes", "[nothing]", "[anything]", "[nothing] is missing"),
        ("deadlines", 'active = "dongguan"', 'active = "beijing"', "beijing"),
        ("deadlines", 'unit = "hour"', 'unit = "week"', "unit"),
        ("menu", 'matter = "market.business"', 'matter = "market.nothing"', "there is no market.nothing"),
        ("streets", "[dongcheng]", "[dongcheng", "not valid TOML"),
        ("streets", 'zh = "东城街道"', 'zhong = "东城街道"', "dongcheng"),
    ],
)
def test_a_fault_in_a_file_is_named(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    shutil.copytree(SHIPPED_FORM, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FormError, match=file) as fault:
        load_form(tmp_path)
    assert said in str(fault.value)


# Deadlines


@pytest.mark.parametrize(
    ("began", "amount", "last"),
    [
        ("2026-02-13", 1, "2026-02-14"), ("2026-02-13", 2, "2026-02-24"), ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-15", 2, "2026-02-25"), ("2026-02-15", 5, "2026-02-28"), ("2026-02-27", 1, "2026-02-28"),
        ("2026-02-27", 2, "2026-03-02"), ("2026-04-30", 1, "2026-05-06"), ("2026-04-30", 5, "2026-05-11"),
        ("2026-05-08", 1, "2026-05-09"), ("2026-09-18", 1, "2026-09-20"), ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-24", 1, "2026-09-28"), ("2026-09-24", 5, "2026-10-09"), ("2026-09-24", 10, "2026-10-15"),
        ("2026-09-30", 2, "2026-10-09"), ("2026-10-01", 2, "2026-10-09"), ("2026-10-09", 1, "2026-10-10"),
        ("2026-12-24", 5, "2026-12-31"), ("2026-12-28", 2, "2026-12-30"),
    ],
)  # fmt: skip
def test_working_days_with_holidays_and_make_up_days(began: str, amount: int, last: str) -> None:
    found, provisional = working_day(date.fromisoformat(began), amount, WorkCalendar())
    assert (found.isoformat(), provisional) == (last, False)


def test_a_year_without_a_notice_makes_the_deadline_provisional_until_the_city_knows_it() -> None:
    at = datetime(2026, 12, 28, 9, 0, tzinfo=SHANGHAI).timestamp()
    found = deadline(FORM.rules, "help", "", at, WorkCalendar(), local)
    assert found is not None
    assert found.provisional
    assert found.text["zh"] == "5 个工作日 · 01-04 周一"
    known = WorkCalendar(off_days=["2027-01-01", "2027-01-02", "2027-01-03"], work_days=["2027-01-04", "2027-01-05"])
    found = deadline(FORM.rules, "help", "", at, known, local)
    assert found is not None
    assert not found.provisional


@pytest.mark.parametrize(
    ("type_", "urgency", "zh", "en"),
    [
        ("help", "urgent", "紧急 2 个工作日 · 11-23 周一", "urgent, 2 working days · Mon 23 Nov"),
        ("complaint", "normal", "5 个工作日 · 11-26 周四", "5 working days · Thu 26 Nov"),
        ("consultation", "", "2 个工作日 · 11-23 周一", "2 working days · Mon 23 Nov"),
        ("praise", "normal", "当场办结", "at once"),
        ("", "", "5 个工作日 · 11-26 周四", "5 working days · Thu 26 Nov"),
    ],
)
def test_dongguans_rules(type_: str, urgency: str, zh: str, en: str) -> None:
    at = datetime(2026, 11, 19, 23, 59, tzinfo=SHANGHAI).timestamp()
    found = deadline(FORM.rules, type_, urgency, at, WorkCalendar(), local)
    assert found is not None
    assert found.text == {"zh": zh, "en": en}
    if urgency == "urgent":
        assert [(s.stage, s.at - at) for s in found.stages] == [("dispatch", 900.0), ("onsite", 3600.0)]


def test_the_last_day_counts_to_its_end() -> None:
    at = datetime(2026, 11, 19, 8, 0, tzinfo=SHANGHAI).timestamp()
    found = deadline(FORM.rules, "consultation", "", at, WorkCalendar(), local)
    assert found is not None
    assert local(found.at) == datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI)


# Who sees what


def test_the_number_is_masked_for_who_is_not_on_it_and_of_a_confidential_one_the_name_too() -> None:
    shown = masked(ticket(caller_name="王女士", contact_phone="13800001234"), mask)
    assert (shown.text("caller_name"), shown.text("contact_phone")) == ("王女士", "138****1234")
    shown = masked(ticket(caller_name="王女士", contact_phone="13800001234", secret=True), mask)
    assert (shown.text("caller_name"), shown.text("contact_phone")) == ("王**", "138****1234")


def test_a_row_of_a_list_says_nothing_of_the_caller() -> None:
    found = row(ticket(caller_name="王女士", contact_phone="13800001234", title="路灯"))
    assert "13800001234" not in str(found)
    assert "王女士" not in str(found)
    assert found.title == "路灯"


def test_the_citys_copy_has_words_beside_codes() -> None:
    copy = city_copy(ticket(type="help", street="dongcheng.zhushan", contact_phone="13800001234"), FORM, ["r.wav"])
    assert copy["fields"]["type"] == {"id": "help", "zh": "求助", "en": "Help"}
    assert copy["fields"]["street"]["zh"] == "东城街道 › 主山社区"
    assert copy["fields"]["contact_phone"] == "13800001234"
    assert (copy["call_id"], copy["recordings"]) == ("c1", ["r.wav"])


def test_of_a_confidential_one_nothing_leads_to_the_citizen() -> None:
    secret = ticket(
        secret=True,
        caller_name="王小明",
        caller_gender="male",
        contact_phone="076912345678",
        content="我叫王小明，电话 0769 1234 5678，也可打139-0000-2215。灯杆 202611190001。",
        title="王小明反映路灯不亮",
    )
    copy = city_copy(secret, FORM, ["r.wav"])
    text = str(copy)
    for trace in ("王小明", "076912345678", "1234 5678", "139-0000-2215", "c1", "r.wav"):
        assert trace not in text
    assert "灯杆 202611190001" in text
    assert not {"caller_name", "caller_gender", "contact_phone"} & copy["fields"].keys()
    assert copy["secret"] is True
