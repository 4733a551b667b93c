"""Celery's request, mended where a broken connection would cost it a place for ever."""

from typing import Any

from celery.worker import request
from kombu.transport.virtual import QoS


class Request(request.Request):  # type: ignore[misc, unused-ignore]
    """An acknowledgement that Redis does not hear frees the message's place all the same.

    kombu keeps the place when it cannot tell Redis. Once every place is lost that way the worker asks
    for nothing more, so that it never notices that its connection is gone either, and stands still.
    """

    def acknowledge(self) -> None:
        super().acknowledge()
        message: Any = self.message
        if isinstance(message.channel.qos, QoS):
            QoS.ack(message.channel.qos, message.delivery_tag)
