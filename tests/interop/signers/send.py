"""Sends one message to a pretend provider with a provider's own SDK: send.py alibaba|tencent ADDRESS ID SECRET NUMBER...

Prints the answer as JSON, or the SDK's error code. It shows that the simulator reads the signatures as the SDKs make them.
"""

import json
import sys

provider, address, key_id, secret, *numbers = sys.argv[1:]


def alibaba():
    from alibabacloud_dysmsapi20170525.client import Client
    from alibabacloud_dysmsapi20170525.models import SendSmsRequest
    from alibabacloud_tea_openapi.models import Config

    client = Client(Config(access_key_id=key_id, access_key_secret=secret, endpoint=address, protocol="HTTP"))
    request = SendSmsRequest(
        phone_numbers=",".join(numbers),
        sign_name="抚顺应急",
        template_code="SMS_1",
        template_param=json.dumps({"event": "暴雨 红色*预警~"}, ensure_ascii=False),
        out_id="sdk",
    )
    return client.send_sms(request).body.to_map()


def tencent():
    from tencentcloud.common import credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.sms.v20210111 import models
    from tencentcloud.sms.v20210111.sms_client import SmsClient

    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=address))
    client = SmsClient(credential.Credential(key_id, secret), "ap-guangzhou", profile)
    request = models.SendSmsRequest()
    request.PhoneNumberSet = [f"+86{number}" for number in numbers]
    request.SmsSdkAppId, request.SignName, request.TemplateId = "1400000000", "抚顺应急", "100001"
    request.TemplateParamSet = ["暴雨红色预警"]
    return json.loads(client.SendSms(request).to_json_string())


try:
    print(json.dumps({"alibaba": alibaba, "tencent": tencent}[provider](), ensure_ascii=False))
except Exception as error:  # the SDKs have an exception class each, both with the provider's code
    print(json.dumps({"Code": getattr(error, "code", None) or str(error)}, ensure_ascii=False))
    sys.exit(1)
