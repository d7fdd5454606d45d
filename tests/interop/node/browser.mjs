// What JsSIP and SIP.js find in a browser and not in Node: a WebSocket, which here believes the authority of the test and tells
// a listener what goes by, and a peer connection. The latter carries no media: parley is asked to carry the signalling, which
// is all the libraries' own, so its descriptions are fixed; they are what a browser would offer and answer for one audio line.
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

let authority;
let listener = () => {};

/// Verification stays on; with `file`, in PEM, for the authority that wss servers have to be certified by.
export function believe(file) {
  authority = readFileSync(file);
}

/// `heard(direction, message)` is called with 'sent' or 'received' for each SIP message.
export function listen(heard) {
  listener = heard;
}

class WatchedWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { ca: authority, origin: 'https://client.example' });
    this.on('message', (data) => listener('received', data.toString()));
  }

  send(data) {
    listener('sent', data.toString());
    super.send(data);
  }
}

const lines = [
  'v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8', 'c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0', 'a=ice-ufrag:Oyef',
  'a=ice-pwd:T5jSVEVTmZcXpLYcYFVPzOQ1', `a=fingerprint:sha-256 ${Array(32).fill('5A').join(':')}`, 'a=mid:0', 'a=sendrecv',
  'a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000',
];

/// A description of `type`, 'offer' or 'answer', as an RTCSessionDescription has it.
export function describe(type) {
  const setup = `a=setup:${type === 'offer' ? 'actpass' : 'active'}`;
  return { type, sdp: [...lines, setup, 'a=candidate:1 1 udp 2113937151 127.0.0.1 9 typ host', ''].join('\r\n') };
}

class PeerConnection extends EventTarget {
  iceConnectionState = 'new';
  iceGatheringState = 'complete';
  signalingState = 'stable';
  localDescription = null;

  async createOffer() { return describe('offer'); }
  async createAnswer() { return describe('answer'); }
  async setLocalDescription(description) { this.localDescription = description; }
  async setRemoteDescription({ sdp }) {
    if (!sdp.startsWith('v=0')) throw new Error('no session description');
  }
  getSenders() { return []; }
  close() { this.signalingState = 'closed'; }
}

globalThis.window = globalThis;
globalThis.WebSocket = WatchedWebSocket;
globalThis.RTCPeerConnection = PeerConnection;
globalThis.RTCSessionDescription = class {
  constructor({ type, sdp }) { Object.assign(this, { type, sdp }); }
};
