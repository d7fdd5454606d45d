// node jssip.mjs|sipjs.mjs --server ws[s]://HOST:PORT --uri sip:USER@DOMAIN [--password P] [--ca FILE] [--call URI]…
//
// Registers, then calls each URI twice, the first call ended by the caller, the second by the callee; without a URI answers
// calls until SIGTERM. The Subject of a call says who ends it. Unregisters at the end. A line of output for each thing done;
// the status is 0 where all went well.
import { believe } from './browser.mjs';
import { check_call } from './call_log.mjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/// Resolves with the event `good` of `emitter`, and rejects with `bad`.
export function once(emitter, good, bad) {
  return new Promise((resolve, reject) => {
    emitter.once(good, resolve);
    if (bad) emitter.once(bad, (why) => reject(new Error(`${bad}: ${why?.cause ?? why?.reason ?? 'no reason is told'}`)));
  });
}

async function carry_through(dialog, self, ends) {
  await dialog.confirmed;
  if (self === ends) {
    // Beyond the proxy there may be UDP, where a BYE that follows at once can overtake the ACK.
    await sleep(50);
    dialog.hang_up();
  }
  await dialog.ended;
  await check_call(dialog.id, self, ends);
}

async function call_each(agent, targets) {
  for (const target of targets) {
    for (const ends of ['caller', 'callee']) {
      await carry_through(agent.call(target, `${ends} ends`), 'caller', ends);
      console.log(`called ${target}, the ${ends} ended`);
    }
  }
}

async function answer_until_told(agent) {
  const calls = [];
  agent.answer((subject, dialog) => {
    const ends = subject.split(' ')[0];
    calls.push(carry_through(dialog, 'callee', ends).then(() => console.log(`was called, the ${ends} ended`), report));
  });
  // timeout(1) passes it on twice: without a handler the second would be the end.
  await new Promise((resolve) => { process.on('SIGTERM', resolve); });
  await Promise.all(calls);
}

function report(error) {
  console.error(error.message);
  process.exitCode = 1;
}

/// Does with an `Agent` of one of the libraries what the command line says. It has
///  - register() and unregister();
///  - call(target, subject), which gives a dialog;
///  - answer(arrived), which from then on answers each call and gives its Subject and its dialog to `arrived`;
/// and a dialog has the Call-ID `id`, the promises `confirmed` and `ended`, and hang_up().
export async function run(Agent) {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: { server: text, uri: text, password: text, ca: text, call: { type: 'string', multiple: true } },
  });
  if (values.ca) believe(values.ca);
  try {
    const agent = new Agent(values);
    await agent.register();
    console.log('registered');
    if (values.call) await call_each(agent, values.call);
    else await answer_until_told(agent);
    await agent.unregister();
    console.log('unregistered');
  } catch (error) {
    report(error);
  }
  // The libraries leave timers behind.
  process.exit();
}
