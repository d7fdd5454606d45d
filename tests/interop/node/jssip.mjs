// A user agent on JsSIP, for run.mjs.
import './browser.mjs';
import { once, run } from './run.mjs';
import JsSIP from 'jssip';

// Without media there is nothing to ask a user for.
const silent = { mediaConstraints: { audio: false, video: false } };

class Agent {
  constructor({ server, uri, password }) {
    this.ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(server)], uri, password, register: false });
  }

  async register() {
    this.ua.start();
    await once(this.ua, 'connected', 'disconnected');
    this.ua.register();
    await once(this.ua, 'registered', 'registrationFailed');
  }

  async unregister() {
    this.ua.unregister();
    await once(this.ua, 'unregistered');
    this.ua.stop();
  }

  call(target, subject) {
    const session = this.ua.call(target, { ...silent, extraHeaders: [`Subject: ${subject}`] });
    return dialog(session, session._request.call_id);
  }

  answer(arrived) {
    this.ua.on('newRTCSession', ({ originator, session, request }) => {
      if (originator !== 'remote') return;
      arrived(request.getHeader('Subject'), dialog(session, request.call_id));
      session.answer(silent);
    });
  }
}

function dialog(session, id) {
  return {
    id,
    confirmed: once(session, 'confirmed', 'failed'),
    ended: once(session, 'ended'),
    hang_up: () => session.terminate(),
  };
}

await run(Agent);
