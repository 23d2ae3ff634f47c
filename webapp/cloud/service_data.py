"""Finds botocore's descriptions of the AWS services that we call, without its slow search."""

from __future__ import annotations

from pathlib import Path

from botocore.loaders import Loader

_CUT = Path(__file__).resolve().parents[2] / "aws_data"  # Only in the packaged function.


class ServiceData(Loader):
    """Takes each folder for a service, because botocore opens about 450 of them to make one client.

    In the packaged function it reads an endpoints.json that holds only the few services we call.
    """

    def __init__(self) -> None:
        super().__init__(extra_search_paths=[str(_CUT)] if _CUT.is_dir() else None)
        self._services: list[str] = []

    def list_available_services(self, type_name: str) -> list[str]:
        if not self._services:
            places = (Path(path) for path in self.search_paths)
            self._services = sorted(
                {entry.name for place in places if place.is_dir() for entry in place.iterdir()}
            )
        return self._services
