"""Between a client and an object store: counts what passes, and spoils chosen exchanges.

FaultyProxy(target).fail(kind, method, part): the next request of that method whose path contains `part` meets
  throttled  a 503 in place of the answer; the store never sees the request
  busy       the same with a 429
  lost       the store does its work, and the connection ends without an answer
  torn       the first half of the answer's body
"""

import http.client
import http.server
import threading
import urllib.parse

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


class FaultyProxy:
    def __init__(self, target: str):
        self.target = urllib.parse.urlsplit(target)
        self.lock = threading.Lock()
        self.faults = []  # [kind, method, part]
        self.met = []
        self.seen = []  # (method, path, bytes of the answer's body)
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                proxy._answer(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{self.target.path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, kind: str, method: str, part: str, times: int = 1):
        with self.lock:
            self.faults += [(kind, method, part)] * times

    def forget(self):
        with self.lock:
            self.faults, self.met, self.seen = [], [], []

    def _fault(self, method: str, path: str):
        with self.lock:
            for fault in self.faults:
                if fault[1] == method and fault[2] in path:
                    self.faults.remove(fault)
                    self.met.append(fault)
                    return fault[0]
        return None

    def _answer(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        fault = self._fault(handler.command, handler.path)
        if fault in ("throttled", "busy"):
            handler.send_response(503 if fault == "throttled" else 429)
            handler.send_header("Retry-After", "0")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        upstream = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream.request(handler.command, handler.path, body=body, headers=headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        with self.lock:
            self.seen.append((handler.command, handler.path, len(content)))
        if fault == "lost":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                handler.send_header(name, value)
        whole = answer.getheader("Content-Length") if handler.command == "HEAD" else str(len(content))
        handler.send_header("Content-Length", whole or "0")
        handler.end_headers()
        if fault == "torn":
            content = content[: len(content) // 2]
            handler.close_connection = True
        if handler.command != "HEAD":
            handler.wfile.write(content)
        if fault == "torn":
            handler.wfile.flush()
            handler.connection.close()
