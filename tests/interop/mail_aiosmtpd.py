"""用 PyPI 的 aiosmtpd 扮演收信方的邮件服务器，用 dkimpy 核对签名。 A receiving mail server made of the PyPI library
`aiosmtpd`, which checks signatures with `dkimpy`: the libraries speak SMTP and verify, this script only decides and tells,
one JSON line for each mail. It delivers nothing to anybody and listens on this machine only.

    python mail_aiosmtpd.py [--records FILE] [--die-in-data N] [--certificate FILE --key FILE]

Mailboxes whose name begins with `gone` do not exist (550), those with `later` are full for now (452), all others are good.
`--records` names the name server's texts, a JSON object by name. With a certificate nothing is taken before STARTTLS.
"""

import argparse
import asyncio
import json
import ssl
import sys
from email import message_from_bytes
from email.header import decode_header, make_header

import dkim
from aiosmtpd.smtp import SMTP


def tell(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


class Receiver:
    def __init__(self, options):
        self.records = json.load(open(options.records)) if options.records else {}
        self.die_in_data = options.die_in_data
        self.taken = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        if self.taken == self.die_in_data:
            tell(heard="death", to=envelope.rcpt_tos)
            server.transport.abort()
            return "451 4.3.0 not reached"
        mail = envelope.content
        parsed = message_from_bytes(mail)
        text = next(part for part in parsed.walk() if part.get_content_type() == "text/plain")
        tell(
            heard="mail",
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            subject=str(make_header(decode_header(parsed["Subject"]))),
            text=text.get_payload(decode=True).decode(),
            kinds=[part.get_content_type() for part in parsed.walk()],
            verified=[self.verified(mail, number) for number in range(len(parsed.get_all("DKIM-Signature", [])))],
            encrypted=session.ssl is not None,
        )
        return "250 2.0.0 taken"

    def verified(self, mail, number):
        def dns(name, timeout=5):
            return self.records.get(name.decode(), "").encode()

        return dkim.DKIM(mail).verify(idx=number, dnsfunc=dns)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records")
    parser.add_argument("--die-in-data", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    options = parser.parse_args()
    receiver, context = Receiver(options), None
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)

    def session():
        return SMTP(receiver, tls_context=context, require_starttls=context is not None)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    tell(listening=f"{address[0]}:{address[1]}")
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
