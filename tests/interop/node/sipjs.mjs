// A user agent on SIP.js, for run.mjs.
import { describe } from './browser.mjs';
import { once, run } from './run.mjs';
import { EventEmitter } from 'node:events';
import { Inviter, Registerer, RegistererState, SessionState, UserAgent } from 'sip.js';

// The part of SIP.js that would use a peer connection, which its users may replace.
class Descriptions {
  offered = false;

  async getDescription() {
    return { body: describe(this.offered ? 'answer' : 'offer').sdp, contentType: 'application/sdp' };
  }
  async setDescription() { this.offered = true; }
  hasDescription(type) { return type === 'application/sdp'; }
  sendDtmf() { return false; }
  close() {}
}

class Agent {
  constructor({ server, uri, password }) {
    this.ua = new UserAgent({
      uri: UserAgent.makeURI(uri),
      transportOptions: { server },
      authorizationUsername: UserAgent.makeURI(uri).user,
      authorizationPassword: password,
      sessionDescriptionHandlerFactory: () => new Descriptions(),
      logLevel: 'error',
    });
    this.registerer = new Registerer(this.ua);
  }

  async register() {
    await this.ua.start();
    await this.ask('register', RegistererState.Registered);
  }

  async unregister() {
    await this.ask('unregister', RegistererState.Unregistered);
    await this.ua.stop();
  }

  async ask(method, wanted) {
    const emitter = new EventEmitter();
    this.registerer.stateChange.addListener((state) => emitter.emit(state));
    const answered = once(emitter, wanted, 'rejected');
    await this.registerer[method]({
      requestDelegate: { onReject: ({ message }) => emitter.emit('rejected', { cause: message.statusCode }) },
    });
    await answered;
  }

  call(target, subject) {
    const inviter = new Inviter(this.ua, UserAgent.makeURI(target), { extraHeaders: [`Subject: ${subject}`] });
    const made = dialog(inviter, inviter.request.callId);
    inviter.invite();
    return made;
  }

  answer(arrived) {
    this.ua.delegate = {
      onInvite(invitation) {
        arrived(invitation.request.getHeader('Subject'), dialog(invitation, invitation.request.callId));
        invitation.accept();
      },
    };
  }
}

function dialog(session, id) {
  const emitter = new EventEmitter();
  let established = false;
  session.stateChange.addListener((now) => {
    if (now === SessionState.Established) established = true;
    emitter.emit(now === SessionState.Terminated && !established ? 'failed' : now);
  });
  return {
    id,
    confirmed: once(emitter, SessionState.Established, 'failed'),
    ended: once(emitter, SessionState.Terminated),
    hang_up: () => session.bye(),
  };
}

await run(Agent);
