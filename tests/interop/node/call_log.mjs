// The messages of each call in their order, by which a call is judged whatever the library makes of it.
import { listen } from './browser.mjs';

const calls = new Map();
let changed = () => {};

function header(message, name) {
  return new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'mi').exec(message)?.[1] ?? '';
}

listen((direction, message) => {
  const start = message.split('\r\n', 1)[0];
  const method = header(message, 'CSeq').split(' ')[1];
  const what = start.startsWith('SIP/2.0') ? `${start.split(' ')[1]} ${method}` : method;
  if (!['INVITE', 'ACK', 'BYE', 'CANCEL'].includes(method) || what === '100 INVITE') return;
  const id = header(message, 'Call-ID');
  calls.set(id, [...(calls.get(id) ?? []), `${direction} ${what}`]);
  changed();
});

/// What a whole call looks like to the side `self` when the side `ends` ends it; each is 'caller' or 'callee'.
function whole(self, ends) {
  const [request, response] = self === 'caller' ? ['sent', 'received'] : ['received', 'sent'];
  const [bye, answer] = self === ends ? ['sent', 'received'] : ['received', 'sent'];
  return [`${request} INVITE`, `${response} 180 INVITE`, `${response} 200 INVITE`, `${request} ACK`, `${bye} BYE`,
    `${answer} 200 BYE`];
}

/// Waits until as many messages of the call have gone by as a whole one has, ten seconds at most. *Errors:* where it is no whole
/// call, with the messages there were.
export async function check_call(id, self, ends) {
  const wanted = whole(self, ends);
  const last = Date.now() + 10000;
  while ((calls.get(id) ?? []).length < wanted.length && Date.now() < last) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, last - Date.now());
      changed = () => { clearTimeout(timer); resolve(); };
    });
  }
  const seen = calls.get(id) ?? [];
  if (seen.join() !== wanted.join()) throw new Error(`${self} of a call that the ${ends} ends: ${seen.join(', ')}`);
}
