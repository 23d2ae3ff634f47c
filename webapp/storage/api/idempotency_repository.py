"""The stored answers to requests that carried an Idempotency-Key."""

from __future__ import annotations

import secrets
from datetime import datetime

from pynamodb.exceptions import DoesNotExist, PutError

from webapp.services.api.ports import BegunCall, IdempotentCalls, StoredAnswer
from webapp.storage.tables import IdempotentCallModel
from webapp.storage.transaction import check_refused


class IdempotentCallRepository(IdempotentCalls):
    """Fulfils the port `IdempotentCalls`, which describes each method."""

    def begin(
        self, name: str, digest: str, now: datetime, dies_at: datetime, ends_at: datetime
    ) -> bool:
        is_free = IdempotentCallModel.call_name.does_not_exist() | (
            IdempotentCallModel.body.does_not_exist()
            & (IdempotentCallModel.dies_at <= now)
            & (IdempotentCallModel.digest == digest)
        )
        call = secrets.token_hex(8)
        model = IdempotentCallModel(
            name, digest=digest, begun_by=call, dies_at=dies_at, expires_at=ends_at
        )
        try:
            model.save(condition=is_free)
        except PutError as error:
            check_refused(error)
            # When the answer to a write is lost, its retry is refused although this call had made
            # the write.
            return self._begun_by(name) == call
        return True

    @staticmethod
    def _begun_by(name: str) -> str | None:
        try:
            return IdempotentCallModel.get(name, consistent_read=True).begun_by
        except DoesNotExist:
            return None

    def get(self, name: str) -> BegunCall | None:
        try:
            model = IdempotentCallModel.get(name, consistent_read=True)
        except DoesNotExist:
            return None
        is_finished = model.body is not None
        answer = StoredAnswer(int(model.status), model.body) if is_finished else None
        return BegunCall(model.digest, answer)

    def finish(self, name: str, answer: StoredAnswer) -> None:
        IdempotentCallModel(name).update(
            actions=[
                IdempotentCallModel.status.set(answer.status),
                IdempotentCallModel.body.set(answer.body),
            ]
        )

    def forget(self, name: str) -> None:
        IdempotentCallModel(name).delete()
