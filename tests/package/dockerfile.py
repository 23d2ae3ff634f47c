"""Follows a Dockerfile without an engine: each stage is a folder, absolute paths lie inside it.

Knows the few instructions that ours uses and refuses any other, so the two cannot come apart.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TASK_ROOT = "/var/task"


@dataclass
class Stage:
    folder: Path
    base: str
    workdir: str = TASK_ROOT
    user: str = ""
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        absolute = os.path.normpath(os.path.join(self.workdir, inside))
        return self.folder / absolute.lstrip("/")


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    lines = dockerfile.read_text().replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip() and line[0] != "#"]


def follow(context: Path, folder: Path, python: Path) -> Stage:
    """The last stage, made in `folder` from `context`; `python` is the image's Python."""
    stages: dict[str, Stage] = {}
    stage = Stage(folder, "")
    for word, rest in instructions(context / "Dockerfile"):
        rest = rest.replace("${LAMBDA_TASK_ROOT}", TASK_ROOT)
        match word:
            case "FROM":
                base, _, name = rest.partition(" AS ")
                stage = stages[name or "last"] = Stage(folder / (name or "last"), base)
                stage.path(".").mkdir(parents=True)
            case "WORKDIR":
                stage.workdir = rest
                stage.path(".").mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(rest.split(), stage, stages, context)
            case "RUN":
                _run(rest, stage, python)
            case "USER":
                stage.user = rest
            case "CMD":
                stage.command = json.loads(rest)
            case _:
                raise ValueError(f"Teach tests/package/dockerfile.py what {word} does.")
    return stage


def _copy(words: list[str], stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    target = stage.path(words[-1])
    if words[0].startswith("--from="):
        source = stages[words[0].removeprefix("--from=")].path(words[1])
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    for name in words[:-1]:
        source = context / name
        if source.is_dir():
            _copy_context(source, target)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _copy_context(context: Path, target: Path) -> None:
    """All that .dockerignore lets into the build."""
    lines = (context / ".dockerignore").read_text().split("\n")
    rules = [line for line in lines if line and line[0] != "#"]
    assert rules[0] == "*", "an allow-list is expected"
    wanted = [rule[1:] for rule in rules if rule[0] == "!"]
    unwanted = [rule for rule in rules[1:] if rule[0] != "!"]

    def ignore(folder: str, names: list[str]) -> set[str]:
        paths = {name: os.path.relpath(os.path.join(folder, name), context) for name in names}
        return {
            name
            for name, path in paths.items()
            if any(fnmatch.fnmatch(path, rule.replace("**/", "*")) for rule in unwanted)
        }

    for name in wanted:
        source = context / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignore, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target / name)


def _run(line: str, stage: Stage, python: Path) -> None:
    for command in line.split(" && "):
        _run_one(command, stage, python)


def _run_one(command: str, stage: Stage, python: Path) -> None:
    """Only our own module's last word is a path: where it lays out the function."""
    words = command.split()
    assert words[:2] == ["python", "-m"], command
    words[0] = str(python)
    words = [
        str(stage.path(word)) if word.startswith("/") and i else word
        for i, word in enumerate(words)
    ]
    done = subprocess.run(words, cwd=stage.path("."), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
