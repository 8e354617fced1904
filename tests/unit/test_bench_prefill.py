"""`yihu bench prefill`: its requests are whole and split by their ids, and it counts as it says."""

from __future__ import annotations

import json
import sys
from array import array
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from cti.bench.prefill import Count, answered, counted, is_right
from cti.bench.recognised import NoRecogniser, Recogniser, character_error_rate
from cti.bench.request_set import FOLDER, Request, spoken, written
from cti.bench.typing_time import CLEARED_S, saved_s, typed_s
from cti.demo.audio import decode, encode
from cti.tickets.form import load_form
from cti.tickets.prefill.city import load_city
from cti.tickets.prefill.words import said


def test_there_are_requests_of_every_kind_in_both_halves() -> None:
    form = load_form()
    texts, voices = written(form), spoken(form)

    assert len(texts) >= 200
    assert len(voices) >= 60
    assert len({request.text for request in (*texts, *voices)}) == len(texts) + len(voices)
    for requests in (texts, voices):
        halves = Counter(request.half for request in requests)
        assert abs(halves["dev"] - halves["test"]) <= len(requests) // 5
    kinds = {request.expected["type"] for request in texts if request.half == "test"}
    assert kinds == {"complaint", "consultation", "help", "praise", "report", "suggestion"}
    assert {path.stem for path in (FOLDER / "audio").glob("*.alaw")} == {request.id for request in voices}


def test_the_half_of_a_request_is_that_of_its_id() -> None:
    halves = {request.id: request.half for request in written(load_form())}
    assert [halves[id_] for id_ in ("w001", "w002", "w006", "w009")] == ["test", "test", "dev", "dev"]


def test_precision_recall_and_f1() -> None:
    shown = Count(right=6, exact=5, filled=8, expected=12).as_json()
    assert (shown["precision"], shown["recall"], shown["f1"]) == (0.75, 0.5, 0.6)
    assert Count().as_json()["f1"] is None


@pytest.mark.parametrize(
    ("field", "expected", "filled", "right"),
    [
        ("address", "振兴路三十八号", "振兴路38号", True),
        ("address", "金地花园楼下", "金地花园楼下的烧烤店", True),
        ("address", "振兴路", "康乐南路的菜市场", False),
        ("happened_at", "昨天晚上", "昨天晚上（11月21日）", True),
        ("matter", "order.city.noise", "order.city", False),
        ("secret", True, True, True),
    ],
)
def test_when_a_field_is_right(field: str, expected: str | bool, filled: str | bool, right: bool) -> None:
    assert is_right(field, expected, filled) is right


def test_the_keystroke_model() -> None:
    assert typed_s("type", "complaint") == pytest.approx(1.35 + 4 * 0.28)
    assert saved_s("type", "complaint", "complaint", right=True) == pytest.approx(3 * 0.28)
    assert saved_s("address", "人民路", "别处", right=False) == -CLEARED_S
    assert saved_s("address", "人民路", None, right=False) == 0.0


def test_characters_wrong() -> None:
    assert character_error_rate([("路灯坏了。", "露灯坏了"), ("幺三八", "一三八")]) == pytest.approx(1 / 7)


def test_a_law_is_read_back_as_it_was_written() -> None:
    samples = [0, 5, -5, 100, -100, 1000, -1000, 12000, -12000, 32000, -32000]
    read = array("h", decode(encode(samples)))
    assert all(abs(a - b) <= max(16, abs(a) // 16) for a, b in zip(samples, read, strict=True))
    assert encode(list(read)) == encode(samples)


def test_of_the_test_half_as_many_fields_are_right_as_we_promise() -> None:
    form = load_form()
    requests = [(request, said(request.text)) for request in written(form) if request.half == "test"]

    shown = counted(load_city(form), requests).as_json()

    assert shown["requests"] >= 100
    assert shown["f1"] >= 0.85
    assert shown["fields"]["contact_phone"]["precision"] == 1.0


def test_in_the_menu_a_matter_that_is_given_is_right_nine_times_of_ten() -> None:
    form = load_form()
    requests = [(request, said(request.text)) for request in written(form) if request.half == "test"]

    matter = answered(load_city(form), requests)["matter"]

    assert matter.right >= 0.9 * matter.filled
    assert matter.filled >= 0.6 * matter.expected


def test_a_branch_is_right_in_the_menu_and_a_sister_is_not() -> None:
    city = load_city(load_form())
    smell = "楼下很臭又很吵"  # order

    def right(matter: str) -> int:
        return answered(city, [(Request("r", smell, {"matter": matter}), said(smell))])["matter"].right

    assert (right("order.environment.air"), right("safety.fire")) == (1, 0)


def test_what_the_recogniser_does_not_know_is_no_word_as_in_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = [["路灯", "[unk]"], ["坏了", "[unk]", "了"]]

    class Vosk:
        def __init__(self, *_: object) -> None:
            self._left = list(heard)

        def SetWords(self, _: bool) -> None:  # noqa: N802 - Vosk's name
            pass

        def AcceptWaveform(self, _: bytes) -> bool:  # noqa: N802
            return len(self._left) > 1

        def Result(self) -> str:  # noqa: N802
            words = self._left.pop(0)
            return json.dumps({"result": [{"word": word, "start": 0.0, "end": 1.0, "conf": 1.0} for word in words]})

        FinalResult = Result

    vosk = SimpleNamespace(SetLogLevel=lambda _: None, Model=lambda _: None, KaldiRecognizer=Vosk)
    monkeypatch.setitem(sys.modules, "vosk", vosk)  # type: ignore[arg-type]
    (tmp_path / "am").mkdir()
    words = Recogniser(tmp_path).words(spoken(load_form())[0])
    assert [word.text for word in words] == ["路灯", "坏了", "了"]
    assert character_error_rate([("路灯坏了了", "".join(word.text for word in words))]) == 0.0


def test_without_a_model_there_is_no_recogniser_and_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(NoRecogniser, match=r"VOSK_MODEL_PATH|vosk is not installed"):
        Recogniser(None)
    with pytest.raises(NoRecogniser, match=r"is no folder of a Vosk model|vosk is not installed"):
        Recogniser(tmp_path)
