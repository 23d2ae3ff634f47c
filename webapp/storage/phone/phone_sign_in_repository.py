"""Phone numbers that wait for their texted codes, and how often a code was tried."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import size
from pynamodb.transactions import TransactWrite

from webapp.services.phone.ports import PhoneSignIn, PhoneSignIns
from webapp.storage.tables import PhoneSignInModel, WrongCodesModel
from webapp.storage.transaction import check_refused, transact

_KEEP_NUMBER = timedelta(hours=1)
_KEEP_DAY = timedelta(days=2)


class PhoneSignInRepository(PhoneSignIns):
    """Fulfils the port `PhoneSignIns`, which describes each method."""

    def ask(self, sign_in: PhoneSignIn) -> None:
        PhoneSignInModel(
            sign_in.session_id,
            shop_id=sign_in.shop_id,
            customer_id=sign_in.customer_id,
            number=sign_in.number,
            phone=sign_in.phone,
            ask_id=sign_in.ask_id,
            asked_at=sign_in.asked_at,
            is_silent=sign_in.is_silent,
            language=sign_in.language,
            tries=0,
            expires_at=sign_in.asked_at + _KEEP_NUMBER,
        ).save()

    def get(self, session_id: str) -> PhoneSignIn | None:
        try:
            model = PhoneSignInModel.get(session_id, consistent_read=True)
        except DoesNotExist:
            return None
        return PhoneSignIn(
            session_id=model.session_id,
            shop_id=model.shop_id,
            customer_id=model.customer_id,
            number=model.number,
            phone=model.phone,
            ask_id=model.ask_id,
            asked_at=model.asked_at,
            is_silent=model.is_silent,
            language=model.language,
            code_hash=model.code_hash or "",
            code_ends_at=model.code_ends_at,
            tries=int(model.tries),
        )

    def give_code(self, sign_in: PhoneSignIn, code_hash: str, ends_at: datetime) -> bool:
        try:
            PhoneSignInModel(sign_in.session_id).update(
                actions=[
                    PhoneSignInModel.code_hash.set(code_hash),
                    PhoneSignInModel.code_ends_at.set(ends_at),
                ],
                condition=(PhoneSignInModel.ask_id == sign_in.ask_id)
                & PhoneSignInModel.code_hash.does_not_exist(),
            )
        except UpdateError as error:
            check_refused(error)
            # When the answer to a write is lost, its retry is refused although the stored code is
            # ours.
            stored = self.get(sign_in.session_id)
            return stored is not None and stored.code_hash == code_hash
        return True

    def count_try(
        self, sign_in: PhoneSignIn, try_id: str, most_tries: int, day: str, most_wrong: int
    ) -> bool:
        if most_wrong < 1:
            return False

        def count_for_code(transaction: TransactWrite) -> None:
            transaction.update(
                PhoneSignInModel(sign_in.session_id),
                actions=[PhoneSignInModel.tries.add(1)],
                condition=(PhoneSignInModel.ask_id == sign_in.ask_id)
                & (PhoneSignInModel.code_hash == sign_in.code_hash)
                & (PhoneSignInModel.tries < most_tries),
            )

        def count_for_both(transaction: TransactWrite) -> None:
            count_for_code(transaction)
            transaction.update(
                WrongCodesModel(sign_in.customer_id, day),
                actions=[
                    WrongCodesModel.try_ids.add({try_id}),
                    WrongCodesModel.expires_at.set(sign_in.asked_at + _KEEP_DAY),
                ],
                condition=WrongCodesModel.try_ids.does_not_exist()
                | (size(WrongCodesModel.try_ids) < most_wrong),
            )

        refused = transact(count_for_both)
        if refused == [False, True]:
            # The page tells how many tries are left. A number that reached its limit of the day
            # must look the same there, so the try is still counted for its code.
            transact(count_for_code)
        return refused is None

    def take_back_try(self, customer_id: str, day: str, try_id: str) -> None:
        WrongCodesModel(customer_id, day).update(actions=[WrongCodesModel.try_ids.delete({try_id})])

    def wrong_codes(self, customer_id: str, day: str) -> int:
        try:
            model = WrongCodesModel.get(customer_id, day, consistent_read=True)
        except DoesNotExist:
            return 0
        return len(model.try_ids or ())

    def end(self, session_id: str) -> None:
        PhoneSignInModel(session_id).delete()
