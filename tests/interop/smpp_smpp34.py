"""用 PyPI 的 smpp34 库扮演短信中心。 A message centre made of the PyPI library `smpp34`: the library reads and writes all
PDUs and lets everybody bind, this script only decides and tells, one JSON line for each thing heard. It delivers nothing
to anybody and listens on this machine only.

    python smpp_smpp34.py [--turn-away NUMBER=STATUS]...

Its standard input takes orders, a JSON line each: {"say":"unbind"}, {"say":"word","from":NUMBER,"to":NUMBER,"text":TEXT}.
"""

import argparse
import asyncio
import json
import os
import sys

import smpp34


def tell(**line):
    print(json.dumps(line), flush=True)


def listening_port():
    """The port that this process listens on: the library takes port 0 and does not tell which it got (proc(5))."""
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    ours = {os.readlink(link) for link in links if os.path.lexists(link)}
    for line in open("/proc/self/net/tcp").readlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in ours:
            return int(fields[1].split(":")[1], 16)
    raise RuntimeError("the library does not listen")


class Centre:
    def __init__(self, away):
        self.away = away
        self.bound = {}
        self.ids = 0
        self.errands = set()

    def later(self, errand):
        """Runs beside what is heard; the set keeps it from being forgotten half done."""
        task = asyncio.ensure_future(errand)
        self.errands.add(task)
        task.add_done_callback(self.errands.discard)

    def hear(self, event):
        if isinstance(event, smpp34.Esme):
            self.bound[event.session_id] = event
            tell(heard="bind_transceiver", system_id=event.system_id)
        elif isinstance(event, smpp34.SubmitSmEvent):
            self.submitted(event)
        elif isinstance(event, smpp34.Unbound):
            self.bound.pop(event.session_id, None)
            tell(heard="unbind")

    def submitted(self, event):
        octets = bytes(event.short_message)
        split = octets[0] + 1 if event.esm_class & 0x40 else 0
        tell(
            heard="submit_sm", to=event.destination_addr, coding=event.data_coding, registered=event.registered_delivery,
            header=octets[:split].hex(), text=octets[split:].decode("utf-16-be"), **{"from": event.source_addr},
        )
        status = self.away.get(event.destination_addr)
        if status is not None:
            return event.reject(status)
        self.ids += 1
        event.accept(f"s{self.ids}")
        if event.registered_delivery == 1:
            self.later(self.receipt(event, f"s{self.ids}"))

    async def receipt(self, event, id):
        text = f"id:{id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:"
        answer = await self.bound[event.session_id].deliver_sm(
            event.source_addr, text.encode(), source_addr=event.destination_addr, source_addr_ton=1, source_addr_npi=1,
            esm_class=4, tlvs=[
                smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, id.encode() + b"\0"),
                smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\2"),
            ],
        )
        tell(heard="deliver_sm_resp", id=id, status=answer.command_status)

    async def obey(self, order):
        esme = list(self.bound.values())[-1]
        if order["say"] == "unbind":
            return await esme.unbind()
        answer = await esme.deliver_sm(
            order["to"], order["text"].encode("utf-16-be"), source_addr=order["from"], data_coding=8
        )
        tell(heard="deliver_sm_resp", status=answer.command_status)


async def main(away):
    centre = Centre(away)
    server = smpp34.Server(host="127.0.0.1", port=0, system_id="smpp34")
    await server.start()
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)

    async def take_orders():
        while line := await orders.readline():
            centre.later(centre.obey(json.loads(line)))

    centre.later(take_orders())
    tell(listening=f"127.0.0.1:{listening_port()}", pretend=True, library=f"PyPI smpp34 {smpp34.__version__}")
    while True:
        centre.hear(await server.next())


def turn_away(text):
    number, status = text.split("=")
    return number, int(status, 0)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--turn-away", type=turn_away, action="append", default=[], metavar="NUMBER=STATUS")
    asyncio.run(main(dict(options.parse_args().turn_away)))
