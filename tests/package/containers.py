"""Runs the image as Lambda would, a new container for each call, without an engine.

The emulator posts the function's events to it (its proxy mode).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.emulator import REGION, Emulator

_CALL = """
import importlib, json, sys
module, _, name = sys.argv[1].rpartition(".")
answer = getattr(importlib.import_module(module), name)(json.load(sys.stdin), None)
print(json.dumps(answer))
"""


@dataclass(frozen=True)
class Image:
    """What the image's steps have made, and beside it what its base image holds."""

    task: Path
    runtime: Path
    command: list[str]
    user: str
    calls: list[dict]
    """What the engine was asked."""
    said: str
    """What scripts/image printed."""

    def variables(self) -> dict[str, str]:
        """Of a Python that finds nothing but the image."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self.task}:{self.runtime}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def call(self, event: object, variables: Mapping[str, str]) -> object:
        """The answer of a new container; raises RuntimeError with its last line when it fails."""
        done = subprocess.run(
            [sys.executable, "-S", "-c", _CALL, *self.command],
            input=json.dumps(event),
            cwd=self.task,
            env={**variables, **self.variables()},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.splitlines()[-1])
        return json.loads(done.stdout.splitlines()[-1])


class Containers:
    """Answers at `url` what the emulator sends to the function of this name."""

    def __init__(self, emulator: Emulator, function_name: str):
        self.image: Image | None = None
        self.emulator, self._name = emulator, function_name
        containers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    status, answer = 200, containers._answer(event)
                except RuntimeError as error:
                    status, answer = 500, str(error)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Containers:
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, event: object) -> object:
        """With the function's variables as they are now, and keys of its role."""
        function = self.emulator.client("lambda").get_function_configuration(
            FunctionName=self._name
        )
        keys = self.emulator.client("sts").assume_role(
            RoleArn=function["Role"], RoleSessionName="function"
        )["Credentials"]
        return self.image.call(
            event,
            function["Environment"]["Variables"]
            | {
                "AWS_ENDPOINT_URL": self.emulator.url,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_LAMBDA_FUNCTION_NAME": self._name,
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"],
            },
        )
