"""用 PyPI 的 cmppy 库作 CMPP 3.0 客户端。 A CMPP 3.0 client made of the PyPI library `cmppy`, which submits one part a
connection: the library logs in, submits and reads what the gateway answers; this script tells in JSON lines. The library
takes no header for long text, so the header is handed over as the three UCS-2 units that have its octets.

    python cmpp_cmppy.py --gateway 127.0.0.1:PORT --secret TEXT --to NUMBER PART...
"""

import argparse
import contextlib
import io
import json
from importlib.metadata import version

from cmppy import Cmppy, SubmitReq


def tell(**line):
    print(json.dumps(line), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--gateway", required=True, metavar="ADDRESS")
    options.add_argument("--secret", required=True)
    options.add_argument("--to", required=True, metavar="NUMBER")
    options.add_argument("parts", nargs="+", metavar="PART")
    options = options.parse_args()
    host, port = options.gateway.split(":")
    tell(ready=True, library=f"PyPI cmppy {version('cmppy')}")
    total = len(options.parts)
    for number, part in enumerate(options.parts, 1):
        header = (b"\5\0\3\7" + bytes([total, number])).decode("utf-16-be")
        submit = SubmitReq(
            "900001", header + part, src_id="10690001", dest_terminal_id=[options.to], pk_total=total, pk_number=number,
            tp_udhi=1,
        )
        # The library prints what it writes and reads.
        with contextlib.redirect_stdout(io.StringIO()):
            answer = Cmppy(host, int(port), "900001", options.secret).request(submit)
        if answer is None:
            return tell(heard="nothing")
        tell(heard="submit_resp", sequence=answer.sequence, id=f"{answer.msg_id:016x}", result=answer.result)


if __name__ == "__main__":
    main()
