"""What the emulator does without a call goes on, whatever fails of it."""

from __future__ import annotations

import pytest


@pytest.fixture
def do_all(kept, monkeypatch, tmp_path):
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    from scripts.local.emulator.__main__ import do_all

    return do_all


def test_a_job_that_fails_keeps_none_of_the_others_from_being_done(do_all, capfd):
    done = []

    def odd():
        raise LookupError("a fault")

    do_all((odd, lambda: done.append(1)))
    assert done == [1]
    assert "housekeeping failed at odd: LookupError" in capfd.readouterr().err
