"""Acts as Lambda for one cold start: python first_page.py HANDLER PATH [SERVICE...]

It runs in a new process on the unpacked zip and prints one JSON object: the answer's status and
length, the CPU and wall-clock milliseconds since the first import, and the imported modules.
Each SERVICE makes one more AWS client: "tables" is the client that all tables share, and other
names are properties of webapp.cloud.clients.Clients.
"""

from __future__ import annotations

import time

_wall, _cpu = time.perf_counter(), time.process_time()

import importlib  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402


def event(path: str) -> dict:
    """Returns a request in the form in which API Gateway's HTTP API passes it on."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "bar.example", "accept-encoding": "gzip"},
        "requestContext": {
            "http": {
                "method": "GET",
                "path": path,
                "sourceIp": "192.0.2.1",
                "protocol": "HTTP/1.1",
            },
            "stage": "$default",
            "domainName": "bar.example",
        },
        "isBase64Encoded": False,
    }


def make_client(service: str) -> object:
    if service == "tables":
        from webapp.storage.transaction import shared_connection

        return shared_connection().client
    from webapp.cloud.clients import Clients

    return getattr(Clients("us-east-1"), service)


def main() -> None:
    module, _, name = sys.argv[1].rpartition(".")
    answer = getattr(importlib.import_module(module), name)(event(sys.argv[2]), None)
    for service in sys.argv[3:]:
        make_client(service)
    wall, cpu = time.perf_counter() - _wall, time.process_time() - _cpu
    figures = {
        "status": answer["statusCode"],
        "length": len(answer["body"]),
        "wall_ms": wall * 1000,
        "cpu_ms": cpu * 1000,
        "modules": sorted(sys.modules),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
