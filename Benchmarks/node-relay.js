// What Whinchat is compared with: the same relay as a Node developer would write it, with `ws`.
//
//   node node-relay.js --upstream http://127.0.0.1:PORT --model NAME
//
// One WebSocket a chat, one streaming request to the provider for each `send`, one `delta` frame for each token. No sessions,
// no history, no resuming, no tools: it does less than what it is compared with, in the frames of the same protocol.
'use strict';

const http = require('node:http');
const { parseArgs } = require('node:util');
// Debian's node-ws is under /usr/share/nodejs, where Debian's Node finds it; another Node may not.
const { WebSocketServer } = (() => {
  try {
    return require('ws');
  } catch {
    return require('/usr/share/nodejs/ws');
  }
})();

const { values: settings } = parseArgs({
  options: { upstream: { type: 'string' }, model: { type: 'string' } },
});
const upstream = new URL('/v1/messages', settings.upstream);
// The default agent allows any number of sockets too; said here because a pool of few would starve the streams.
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/** Bytes that wait for a slow browser before the provider is made to wait; 1 MiB. */
const HIGH_WATER_BYTES = 1 << 20;

/** Splits a response into server-sent events and hands on their data. */
function readEvents(response, onData) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk) => {
    rest += chunk;
    let start = 0;
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n', start)) {
      for (const line of rest.slice(start, end).split('\n')) {
        if (line.startsWith('data:')) onData(line.slice(5));
      }
      start = end + 2;
    }
    rest = rest.slice(start);
  });
}

class Chat {
  constructor(socket) {
    this.socket = socket;
    this.seq = 0;
    this.messages = [];
    this.turns = 0;
    socket.on('message', (data) => this.receive(JSON.parse(data)));
    socket.on('close', () => this.request?.destroy());
    socket.on('error', () => socket.terminate());
  }

  /** An event of the chat. */
  send(type, fields, whenSent) {
    this.socket.send(JSON.stringify({ type, seq: ++this.seq, ...fields }), whenSent);
  }

  receive(frame) {
    switch (frame.type) {
      case 'open':
        this.socket.send(JSON.stringify({ type: 'welcome', protocol: 'whinchat.v1', seq: 0, resume: 'new' }));
        break;
      case 'send':
        this.ask(frame);
        break;
      case 'cancel':
        this.request?.destroy();
        break;
      default:
        this.socket.send(JSON.stringify({ type: 'error', code: 'unknown_type', message: frame.type }));
    }
  }

  ask(frame) {
    const turn = `t_${++this.turns}`;
    this.messages.push({ role: 'user', content: frame.text });
    this.send('message', { ref: frame.id, message: { role: 'user', content: [{ kind: 'text', text: frame.text }] } });
    this.send('turn.started', { ref: frame.id, turn, model: settings.model });

    const body = JSON.stringify({
      model: settings.model, max_tokens: 8192, stream: true, messages: this.messages,
    });
    const headers = {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
      'x-api-key': process.env.ANTHROPIC_API_KEY ?? '', 'anthropic-version': '2023-06-01',
    };
    let reply = '';
    let status = 'failed';
    this.request = http.request(upstream, { method: 'POST', agent, headers }, (response) => {
      readEvents(response, (data) => {
        const event = JSON.parse(data);
        switch (event.type) {
          case 'content_block_start':
            this.send('block.started', { turn, index: event.index, kind: 'text' });
            break;
          case 'content_block_delta':
            reply += event.delta.text;
            this.delta(response, turn, event);
            break;
          case 'content_block_stop':
            this.send('block.done', { turn, index: event.index });
            break;
          case 'message_stop':
            status = 'completed';
        }
      });
      response.on('error', () => {});
      response.on('close', () => {
        this.messages.push({ role: 'assistant', content: reply });
        this.send('turn.done', { turn, status });
      });
    });
    this.request.on('error', (error) => {
      if (!this.request.res) this.send('turn.done', { turn, status, error: { message: error.message } });
    });
    this.request.end(body);
  }

  delta(response, turn, event) {
    const fields = { turn, index: event.index, text: event.delta.text };
    if (this.socket.bufferedAmount < HIGH_WATER_BYTES) {
      this.send('delta', fields);
    } else {
      response.pause();
      this.send('delta', fields, () => response.resume());
    }
  }
}

const server = new WebSocketServer({
  host: '127.0.0.1', port: 0, path: '/v1/chat', perMessageDeflate: false,
  handleProtocols: (protocols) => (protocols.has('whinchat.v1') ? 'whinchat.v1' : false),
});
server.on('connection', (socket) => new Chat(socket));
server.on('listening', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
