"""Says whether a client talks to AWS or to an emulator, which accepts different things."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit


def is_aws(client) -> bool:
    """Returns whether the client's address is in one of AWS's own domains, in any partition."""
    return (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_domains())


@cache
def _domains() -> tuple[str, ...]:
    from botocore.loaders import Loader

    partitions = Loader().load_data("partitions")["partitions"]
    kinds = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple("." + one["outputs"][kind] for one in partitions for kind in kinds)
