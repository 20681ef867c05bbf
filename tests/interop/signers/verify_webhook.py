"""Verifies requests as their receivers do, by the library of Standard Webhooks: one JSON object a line, `true` or `false`.

An oracle: it calls the library and holds no rule of its own. The library asks the system for the time; it is told the
request's own.
"""

import json
import sys
from datetime import datetime, timezone

import standardwebhooks.webhooks as library


class Then(datetime):
    """A clock that stands."""

    second_of_request = 0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.second_of_request, tz or timezone.utc)


library.datetime = Then
for line in sys.stdin:
    case = json.loads(line)
    Then.second_of_request = case["now"]
    try:
        library.Webhook(case["secret"]).verify(case["body"].encode(), case["headers"], json_parse=False)
        print("true")
    except library.WebhookVerificationError:
        print("false")
