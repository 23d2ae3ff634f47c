"""Sends text messages through SNS."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from webapp.cloud.clients import Clients
from webapp.services.phone.ports import TextNotSent, Texts

_ATTRIBUTES = {
    # Transactional texts are delivered before advertising, and do-not-disturb registers do not hold
    # them back.
    "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
}


class SnsTexts(Texts):
    """See the port."""

    def __init__(self, clients: Clients, sender: str = ""):
        """sender: the name shown instead of a number, in countries that allow it."""
        self._clients = clients
        self._attributes = dict(_ATTRIBUTES)
        if sender:
            self._attributes["AWS.SNS.SMS.SenderID"] = {
                "DataType": "String",
                "StringValue": sender,
            }

    def send(self, number: str, text: str) -> None:
        try:
            self._clients.sns.publish(
                PhoneNumber=number, Message=text, MessageAttributes=self._attributes
            )
        except ClientError as error:
            # Only the error's code is passed on, because its message may hold the phone number.
            raise TextNotSent(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise TextNotSent(type(error).__name__) from None
