"""What two daemons have to share is asked for before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.pair import Pair
from cti.settings import Agi, Redis, Settings, SettingsError, Sql
from cti.settings import Pair as PairSettings
from cti.storage.journal import Journal

PEER = PairSettings(peer="http://10.0.0.2:8080")


async def test_a_pair_without_one_redis_and_one_database_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    with pytest.raises(SettingsError, match=r"redis\.url, sql\.url, agi\.second"):
        Pair(Settings(var=tmp_path, pair=PEER), "secret", journal)
    shared = Settings(
        var=tmp_path,
        pair=PEER,
        agi=Agi(second="10.0.0.2:4573"),
        redis=Redis(url="redis://10.0.0.3"),
        sql=Sql(url="postgresql+psycopg://yihu@10.0.0.3/yihu"),
    )
    assert Pair(shared, "secret", journal).lease.role == "warm"
    await journal.close()
