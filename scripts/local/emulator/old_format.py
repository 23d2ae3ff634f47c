"""Takes over `snapshot.json`, the one file in which a bar kept everything before 1.0."""

# Remove after 2.0: a folder that was started with a 1.x version has been taken over by then.

from __future__ import annotations

import json
from pathlib import Path

from ministack import app as ministack
from ministack.core import persistence
from ministack.services import dynamodb, lambda_svc

from scripts.local.emulator import services, streams
from scripts.local.emulator.store import Store, StoreError, number_of_commits

NAME = "snapshot.json"
KEPT_AS = "snapshot.taken-over.json"
STREAMS = "our_dynamodb_streams"


def is_there(folder: Path) -> bool:
    """Returns whether the file is still to be taken over.

    After a crash in the middle, the store has no commit yet, so it is taken over again.
    """
    return (folder / NAME).exists() and number_of_commits(folder / "store.db") == 0


def read(folder: Path) -> dict:
    path = folder / NAME
    try:
        saved = json.loads(path.read_text(), object_hook=persistence._json_object_hook)
        if isinstance(saved, dict) and "dynamodb" in saved:
            return saved
        why = "it has no tables"
    except (OSError, ValueError) as error:
        why = str(error)
    raise StoreError(
        f"{path} of an earlier version of the bar cannot be taken over ({why})."
        " Put a copy of it in its place, or choose another folder with --data."
    )


def take_over(saved: dict, store: Store) -> None:
    """Takes over everything in one commit, and only then renames the old file."""
    for service, module in ministack._state_map.items():
        if saved.get(service):
            if service == "stepfunctions":
                saved[service].pop("executions", None)
            ministack._get_module(module).load_persisted_state(saved[service])
    for table in dynamodb._tables.all_values():
        table["items"].expire_by(table.ttl_attribute)
    for stream in saved.get(STREAMS) or []:
        account, region, name = stream["scope"]
        table = dynamodb._tables.get_scoped(account, region, name)
        records = streams.Records(table.id)
        for _, _, mapping in lambda_svc._iter_all_esms():
            if f":table/{name}/stream/" in mapping["EventSourceArn"]:
                streams.subscribe_from_here(mapping["UUID"], table.id)
        for record in stream["records"]:
            records.append(record)
    services.all_changed()
    store.commit()
    if store.trouble:
        raise StoreError(store.trouble)
    path = store.folder / NAME
    path.rename(store.folder / KEPT_AS)
