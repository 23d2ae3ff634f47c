"""Sign-ins under way in DynamoDB, stored under the hash of their browser's secret."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist

from webapp.services.staff.ports import SignInStep, StaffSignIn, StaffSignIns
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import SignInModel

_KEEP = timedelta(hours=1)


class SignInRepository(StaffSignIns):
    """Fulfils the port `StaffSignIns`, which describes each method."""

    def keep(self, secret: str, sign_in: StaffSignIn, ends_at: datetime) -> None:
        SignInModel(
            hash_secret(secret),
            shop_id=sign_in.shop_id,
            email=sign_in.email,
            session_epoch=sign_in.session_epoch,
            step=sign_in.step.value,
            pool_user=sign_in.user,
            handle=sign_in.handle,
            authenticator_key=sign_in.key,
            ends_at=ends_at,
            expires_at=ends_at + _KEEP,
        ).save()

    def get(self, secret: str, now: datetime) -> StaffSignIn | None:
        try:
            model = SignInModel.get(hash_secret(secret), consistent_read=True)
        except DoesNotExist:
            return None
        if model.ends_at <= now:
            return None
        return StaffSignIn(
            shop_id=model.shop_id,
            email=model.email,
            session_epoch=model.session_epoch,
            step=SignInStep(model.step),
            user=model.pool_user,
            handle=model.handle,
            key=model.authenticator_key,
        )

    def end(self, secret: str) -> None:
        SignInModel(hash_secret(secret)).delete()
