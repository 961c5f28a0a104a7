"""A provider in OpenAI's dialect that says what a test has put under the words it is asked with."""

import http.server
import json
import threading

# Characters of a piece of a reply: marks are cut at every place.
PIECE = 7
MANY_PIECES = 400


class ScriptedProvider:
    """`replies[words]`: a text; or {"tool": name, "input": text} as a call; or {"status": 400, "message": text} as a failure."""

    def __init__(self):
        self.replies = {}
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                last = body["messages"][-1]
                reply = "Done." if last["role"] == "tool" else provider.replies.get(words(last), "I am here.")
                if isinstance(reply, dict) and "status" in reply:
                    self.say(reply["status"], "application/json", json.dumps({"error": {"message": reply["message"]}}))
                else:
                    self.say(200, "text/event-stream", events(reply))

            def say(self, status, kind, text):
                data = text.encode()
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def words(message):
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def events(reply):
    def chunk(delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return f"data: {json.dumps({'id': 'c', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'm', 'choices': [choice]})}\n\n"

    if isinstance(reply, str):
        size = max(PIECE, len(reply) // MANY_PIECES)
        parts = [chunk({"content": reply[at : at + size]}) for at in range(0, len(reply), size)] + [chunk({}, "stop")]
    else:
        function = {"name": reply["tool"], "arguments": reply["input"]}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        parts = [chunk({"tool_calls": [call]}), chunk({}, "tool_calls")]
    return "".join(parts) + "data: [DONE]\n\n"
