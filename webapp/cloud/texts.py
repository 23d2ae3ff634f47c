"""Text messages through SNS."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from webapp.cloud.clients import Clients
from webapp.services.phone.ports import TextNotSent, Texts

_ATTRIBUTES = {
    # Delivered before advertising, and not held back by do-not-disturb registers.
    "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
}


class SnsTexts(Texts):
    """See the port."""

    def __init__(self, clients: Clients, sender: str = ""):
        """sender: shown instead of a number, in countries that allow it."""
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
            # Its message may name the number.
            raise TextNotSent(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise TextNotSent(type(error).__name__) from None
