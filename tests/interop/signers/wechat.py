"""Pushes as wechatpy makes them, and answers as it reads them, one JSON object a line each way; with "kind": "work" by its
half for corporations.

An oracle: it calls the library and holds no rule of its own. `seal` prints the body and the signature of a push with the
given words; `open` prints the words of an answer, or the name of the error.
"""

import json
import sys

import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WorkCrypto
from wechatpy.utils import WeChatSigner


def seal(crypto, case):
    body = crypto.encrypt_message(case["words"], case["nonce"], case["timestamp"])
    signer = WeChatSigner()
    signer.add_data(case["token"], case["timestamp"], case["nonce"])
    return {"body": body, "signature": signer.signature, "msg_signature": xmltodict.parse(body)["xml"]["MsgSignature"]}


def open_(crypto, case):
    outer = xmltodict.parse(case["body"])["xml"]
    parts = (outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
    try:
        return {"words": crypto.decrypt_message(case["body"], *parts)}
    except Exception as error:
        return {"error": type(error).__name__}


for line in sys.stdin:
    case = json.loads(line)
    library = WorkCrypto if case.get("kind") == "work" else WeChatCrypto
    crypto = library(case["token"], case["key"], case["id"])
    print(json.dumps({"seal": seal, "open": open_}[case["do"]](crypto, case), ensure_ascii=False))
