"""What is over leaves the outbox: alerts that are good again, messages that are sent or given up."""

import datetime as dt

from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import SINCE

# Who is still to hear of one keeps it.
OVER = """
DELETE FROM alerts WHERE state = 'recovered' AND recovered_at < ?1 AND at < ?1 AND NOT EXISTS (
    SELECT 1 FROM told t JOIN messages m ON m.id = t.message
    WHERE t.alert = alerts.id AND m.state = 'waiting'
)
"""
UNUSED = "DELETE FROM told WHERE alert NOT IN (SELECT id FROM alerts)"
READ = """
DELETE FROM messages WHERE state != 'waiting' AND created < ?1
AND id NOT IN (SELECT message FROM told)
"""


def forget(outbox: Outbox, before: dt.datetime) -> tuple[int, int]:
    """Remove what ended before a moment.

    What is open or acknowledged stays, and the messages that told it. Should an old history be read
    once more, nobody is told again of what failed before the moment.

    Parameters
    ----------
    outbox
        Whose rows.
    before
        With its time zone.

    Returns
    -------
    tuple of int
        How many alerts and how many messages went.
    """
    moment = before.timestamp()
    with outbox.changing():
        alerts = outbox.do(OVER, moment)
        outbox.do(UNUSED)
        messages = outbox.do(READ, moment)
        outbox.remember(SINCE, max(moment, float(outbox.fact(SINCE) or 0)))
    return alerts, messages
