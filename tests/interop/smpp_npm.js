// 用 npm 的 smpp 库扮演短信中心。 A message centre made of the npm library `smpp`: the library reads and writes all PDUs,
// this script only decides and tells, one JSON line for each thing heard. It delivers nothing to anybody and listens on
// this machine only.
//
//   node smpp_npm.js [--password TEXT] [--turn-away NUMBER=STATUS]... [--ids hex] [--receipts text]
//
// Its standard input takes orders, a JSON line each: {"say":"enquire_link"}, {"say":"unbind"},
// {"say":"word","from":NUMBER,"to":NUMBER,"text":TEXT}.
'use strict';

const smpp = require('smpp');

const options = { password: 'secret', ids: 'same', receipts: 'parameters', away: {} };
for (let i = 2; i + 1 < process.argv.length; i += 2) {
  const [key, value] = [process.argv[i].slice(2), process.argv[i + 1]];
  if (key === 'turn-away') {
    const [number, status] = value.split('=');
    options.away[number] = Number(status);
  } else {
    options[key] = value;
  }
}

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
let ids = 0xabc000;
let current = null;

function receipt(session, submit, id) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:`;
  const deliver = {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: submit.destination_addr,
    destination_addr: submit.source_addr, esm_class: 4, short_message: text,
  };
  if (options.receipts === 'parameters') {
    Object.assign(deliver, { receipted_message_id: id, message_state: smpp.MESSAGE_STATE.DELIVERED });
  }
  session.deliver_sm(deliver, (pdu) => tell({ heard: 'deliver_sm_resp', id, status: pdu.command_status }));
}

function submitted(session, pdu) {
  const { message, udh } = pdu.short_message;
  tell({
    heard: 'submit_sm', from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, text: message,
    header: udh ? Buffer.concat(udh).toString('hex') : '', registered: pdu.registered_delivery,
    valid_until: pdu.validity_period.toISOString(),
  });
  const status = options.away[pdu.destination_addr];
  if (status !== undefined) {
    session.send(pdu.response({ command_status: status }));
    return;
  }
  ids += 1;
  const hex = options.ids === 'hex';
  session.send(pdu.response({ message_id: hex ? '00' + ids.toString(16).toUpperCase() : String(ids) }));
  if (pdu.registered_delivery === 1) receipt(session, pdu, String(ids));
}

const server = smpp.createServer((session) => {
  current = session;
  session.on('error', (error) => tell({ error: String(error) }));
  session.on('close', () => tell({ heard: 'close' }));
  session.on('bind_transceiver', (pdu) => {
    tell({ heard: 'bind_transceiver', system_id: pdu.system_id, version: pdu.interface_version });
    const good = pdu.password === options.password;
    session.send(pdu.response(good ? { system_id: 'npm' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('enquire_link', (pdu) => {
    tell({ heard: 'enquire_link' });
    session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    tell({ heard: 'unbind' });
    session.send(pdu.response());
  });
});

function obey({ say, from, to, text }) {
  const answered = (pdu) => tell({ heard: pdu.command, status: pdu.command_status });
  if (say === 'word') {
    current.deliver_sm({ source_addr: from, destination_addr: to, short_message: text, data_coding: 8 }, answered);
  } else {
    current[say](answered);
  }
}

require('readline').createInterface({ input: process.stdin }).on('line', (line) => obey(JSON.parse(line)));
server.listen(0, '127.0.0.1', () => {
  const { version } = require('smpp/package.json');
  tell({ listening: `127.0.0.1:${server.address().port}`, pretend: true, library: `npm smpp ${version}` });
});
