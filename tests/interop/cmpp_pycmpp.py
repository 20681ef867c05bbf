"""用 PyPI 的 pycmpp 库作 CMPP 2.x 客户端。 A CMPP client made of the PyPI library `pycmpp`: the library logs in, submits,
keeps alive and reads what the gateway answers; this script tells, one JSON line for each thing heard. The library does
not know DELIVER, so its layout is read and its answer written here (CMPP 2.0, clause 8.4.5 in the numbering of 3.0).

    python cmpp_pycmpp.py --gateway 127.0.0.1:PORT --secret TEXT

Its standard input takes orders, a JSON line each: {"say":"submit","to":[NUMBER...],"text":TEXT}, {"say":"terminate"},
{"say":"break"}: the library's answer to ACTIVE_TEST, which is 3 octets longer than the length it states.
"""

import argparse
import json
import os
import sys
import threading
from importlib.metadata import version

from pycmpp import Cmpp
from pycmpp.cmpp_defines import CMPP_DELIVER_REQ, CMPP_DELIVER_RESP
from pycmpp.handlers import BaseHandler
from pycmpp.response import ActiveTestResponseInstance, ConnectResponseInstance, SubmitResponseInstance
from pycmpp.utils import Pack, Unpack, decode_headers


def tell(**line):
    print(json.dumps(line), flush=True)


def telling(handler, resolve):
    """The library's own handler, which is listened to."""

    class Telling(handler):
        def __call__(self, *args, **kwargs):
            super().__call__(*args, **kwargs)
            tell(heard=handler.__name__, **resolve(self.message))

    return Telling


def connected(message):
    answer = ConnectResponseInstance()
    answer.resolve(message)
    return {"status": answer.status, "version": answer.version, "proof": answer.authenticator_ISMG.hex()}


def submitted(message):
    answer = SubmitResponseInstance()
    answer.resolve(message)
    return {"sequence": answer.seq_id, "id": f"{answer.msg_id:016x}", "status": answer.status}


class Delivered(BaseHandler):
    command_id = CMPP_DELIVER_REQ

    def __call__(self):
        body = self.message[12:]
        is_report, = Unpack.get_unsigned_char_data(body[63:64])
        length, = Unpack.get_unsigned_char_data(body[64:65])
        content = body[65:65 + length]
        tell(
            heard="deliver", is_report=is_report, to=body[42:63].rstrip(b"\0").decode(), id=content[:8].hex(),
            state=content[8:15].decode(), number=content[35:56].rstrip(b"\0").decode(),
        )
        _, _, sequence = decode_headers(self.message)
        answer = [12 + 9, CMPP_DELIVER_RESP, sequence]
        head = b"".join(Pack.get_unsigned_long_data(word) for word in answer)
        self.cmpp.send(head + body[:8] + Pack.get_unsigned_char_data(0))


def take_orders(client):
    for line in sys.stdin:
        order = json.loads(line)
        if order["say"] == "submit":
            client.submit(order["text"], order["to"])
        elif order["say"] == "break":
            client.send(ActiveTestResponseInstance().create(1))
        else:
            client.terminate()
    # The library's threads never end.
    os._exit(0)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--gateway", required=True, metavar="ADDRESS")
    options.add_argument("--secret", required=True)
    options = options.parse_args()
    host, port = options.gateway.split(":")
    client = Cmpp(host, int(port), "900001", options.secret, "10690001", delivery=1)
    known = {handler.__name__: handler for handler in client.handlers.values()}
    for name, resolve in [
        ("CmppConnectRespHandler", connected),
        ("CmppSubmitRespHandler", submitted),
        ("CmppActiveTestRespHandler", lambda _: {}),
    ]:
        client.handlers[known[name].command_id] = telling(known[name], resolve)
    client.handlers[CMPP_DELIVER_REQ] = Delivered
    tell(ready=True, library=f"PyPI pycmpp {version('pycmpp')}")
    threading.Thread(target=take_orders, args=(client,), daemon=True).start()
    client.run()


if __name__ == "__main__":
    main()
