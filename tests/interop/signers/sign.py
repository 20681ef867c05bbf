"""Signs with the providers' own SDKs what our tests hand in, one JSON object a line, and prints one Authorization each.

An oracle: it calls the SDKs' signing functions and holds no rule of its own.
"""

import json
import sys
from datetime import datetime, timezone
from types import SimpleNamespace

from alibabacloud_tea_openapi.utils import Utils
from tencentcloud.common import credential
from tencentcloud.sms.v20210111.sms_client import SmsClient


def alibaba(case):
    request = SimpleNamespace(
        method=case["method"], pathname=case["path"], query=case["query"], headers=case["headers"]
    )
    return Utils.get_authorization(request, "ACS3-HMAC-SHA256", case["body_hash"], case["id"], case["secret"])


def tencent(case):
    client = SmsClient(credential.Credential(case["id"], case["secret"]), "ap-guangzhou")
    header = {"Content-Type": case["content_type"], "Host": case["host"], "X-TC-Timestamp": str(case["seconds"])}
    request = SimpleNamespace(method="POST", uri="/", data=case["body"], header=header)
    date = datetime.fromtimestamp(case["seconds"], timezone.utc).strftime("%Y-%m-%d")
    signature = client._get_tc3_signature({}, request, date, "sms", case["secret"])
    return (
        f"TC3-HMAC-SHA256 Credential={case['id']}/{date}/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


for line in sys.stdin:
    case = json.loads(line)
    print({"alibaba": alibaba, "tencent": tencent}[case["provider"]](case))
