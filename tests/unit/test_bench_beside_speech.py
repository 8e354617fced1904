"""What `yihu bench routing --live --speech` makes of its samples."""

from __future__ import annotations

from cti.bench.routing_speech import Result, Setting, Side, said


def _result(**samples: list[float]) -> Result:
    sides: dict[Setting, Side] = {
        "without": Side(samples["without"]),
        "with_speech": Side(samples["with_speech"], streams=14, live=[12, 14, 13]),
        "busy_beside": Side(samples["busy_beside"]),
    }
    return Result(sides, 300, 8, 1.5, 3, 600.0)


def test_each_ratio_says_where_it_may_be() -> None:
    """Given the same waits, twice as long with speech, then every ratio is 2, and p99 is certain to be about that."""
    waits = [10.0 + n / 100 for n in range(300)]
    result = _result(without=waits, with_speech=[2 * wait for wait in waits], busy_beside=waits)

    ratio = result.ratio("with_speech", "without")
    assert {name: ratio[name] for name in ("p50", "p95", "p99", "max")} == dict.fromkeys(
        ("p50", "p95", "p99", "max"), 2
    )
    low, high = ratio["p99_interval"]
    assert 1.9 < low < 2.0 < high < 2.1
    assert result.ratio("busy_beside", "without")["p99"] == 1.0


def test_a_few_long_waits_leave_the_ratio_uncertain() -> None:
    """Given 50 calls of which one waited long, then the interval of p99 is as wide as that."""
    quick = [10.0] * 50
    result = _result(without=quick, with_speech=[*quick[1:], 30.0], busy_beside=quick)

    ratio = result.ratio("with_speech", "without")
    assert ratio["p99"] == 3.0
    assert ratio["p99_interval"] == [1.0, 3.0]
    assert result.as_json()["ratio_with_to_without"] == ratio


def test_a_side_without_samples_has_no_ratio() -> None:
    result = _result(without=[], with_speech=[10.0], busy_beside=[10.0])

    assert result.ratio("with_speech", "without") == {
        "p50": None,
        "p95": None,
        "p99": None,
        "max": None,
        "p99_interval": None,
    }
    assert "streams used 13 (p50) of 14" in said(result)[1]
