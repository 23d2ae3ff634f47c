"""scripts/mutants reads what became of each change as mutmut has written it down."""

from __future__ import annotations

import configparser
import json

import pytest

from scripts.commands.mutants import PARTS, results, score, settings_of
from scripts.environment import ROOT


@pytest.fixture
def found(tmp_path):
    codes = {"a": 1, "b": 0, "c": 33, "d": 36, "e": None, "f": 3}
    file = tmp_path / "mutants" / "domain" / "orders.py.meta"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"exit_code_by_key": codes}))
    return results(tmp_path)


def test_a_failed_test_kills_and_one_that_never_ends_as_well(found):
    assert found == {
        "a": "killed",
        "b": "survived",
        "c": "untested",
        "d": "timed out",
        "e": None,
        "f": "killed",
    }


def test_the_score_is_that_of_the_changes_that_were_tried(found):
    assert score(found) == pytest.approx(60)
    assert score({"e": None}) == 0


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_parts_settings_name_folders_that_exist(part):
    settings = configparser.ConfigParser()
    settings.read_string(settings_of(part))
    section = settings["mutmut"]
    for key in ("source_paths", "also_copy", "pytest_add_cli_args_test_selection"):
        for name in section[key].split():
            assert (ROOT / name).exists(), name
    assert section["only_mutate"].strip() == f"{part.source}/*"
