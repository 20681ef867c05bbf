"""用 PyPI 的 pycmpp 库读我们 CMPP 客户端发出的短信。 A CMPP 2.0 gateway as far as the PyPI library `pycmpp` can be one: the
library reads SUBMIT and computes the digest; no registry has a gateway, so socket, login and answers are written here.
It tells one JSON line for each thing heard, delivers nothing to anybody and listens on this machine only.

    python cmpp_pycmpp_gateway.py --secret TEXT
"""

import argparse
import json
import socket
from importlib.metadata import version

from pycmpp.cmpp_defines import CMPP_ACTIVE_TEST_REQ, CMPP_CONNECT_REQ, CMPP_SUBMIT_REQ, CMPP_TERMINATE_REQ
from pycmpp.request import SubmitRequestInstance
from pycmpp.utils import Pack, Unpack, decode_headers, get_md5_digest

VERSION_2_0 = 0x20
VERSION_TOO_HIGH = 4
RESPONSE = 0x80000000


def tell(**line):
    print(json.dumps(line), flush=True)


def frames(connection):
    stream = connection.makefile("rb")
    while head := stream.read(12):
        length, command, sequence = decode_headers(head)
        yield command, sequence, head + stream.read(length - 12)


def answer(connection, command, sequence, body):
    words = [12 + len(body), command | RESPONSE, sequence]
    connection.sendall(b"".join(Pack.get_unsigned_long_data(word) for word in words) + body)


def login(message, secret):
    sp_id, proof, asked = message[12:18], message[18:34], message[34]
    stamp, = Unpack.get_unsigned_long_data(message[35:39])
    good = proof == get_md5_digest(sp_id + 9 * b"\0" + secret + f"{stamp:010}".encode())
    tell(heard="connect", sp_id=sp_id.decode(), version=asked, good=good)
    status = 3 if not good else VERSION_TOO_HIGH if asked > 0x2F else 0
    octet = Pack.get_unsigned_char_data(status)
    return octet + get_md5_digest(octet + proof + secret) + Pack.get_unsigned_char_data(VERSION_2_0)


def serve(connection, secret):
    ids = 0
    for command, sequence, message in frames(connection):
        if command == CMPP_CONNECT_REQ:
            answer(connection, command, sequence, login(message, secret))
        elif command == CMPP_SUBMIT_REQ:
            submit = SubmitRequestInstance().resolve(message)
            texts = {key: value.rstrip("\0") for key, value in submit.items() if isinstance(value, str)}
            header = (submit["msg_head"] or "").encode("latin-1").hex()
            tell(heard="submit", **{**submit, **texts, "msg_head": header})
            ids += 1
            answer(connection, command, sequence, ids.to_bytes(8, "big") + b"\0")
        elif command == CMPP_ACTIVE_TEST_REQ:
            tell(heard="active_test")
            answer(connection, command, sequence, b"\0")
        elif command == CMPP_TERMINATE_REQ:
            tell(heard="terminate")
            answer(connection, command, sequence, b"")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--secret", required=True)
    secret = options.parse_args().secret.encode()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    tell(listening=f"127.0.0.1:{port}", pretend=True, library=f"PyPI pycmpp {version('pycmpp')}")
    while True:
        connection, _ = listener.accept()
        with connection:
            serve(connection, secret)


if __name__ == "__main__":
    main()
