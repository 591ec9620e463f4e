"""A proxy in front of a real schema registry that misbehaves as told: speaks TLS, wants a password, sends on, is busy, or says something else."""
import base64
import contextlib
import http.client
import http.server
import ssl
import threading


class Front:
    """`server`: HOST:PORT. `tls`: (certificate, key), files. `user`: "name:password", which requests have to carry. `port`: 0 is any."""

    def __init__(self, server, tls=None, user=None, port=0):
        self.server, self.user, self.asked = server, user, []
        self.next = []  # answers to give before any other is passed on: (status, headers, body) or a function of the handler
        self.always = None  # such an answer to each request
        self.held = threading.Event()
        self.held.set()
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                front.asked.append((self.command, self.path))
                front.held.wait()
                if front.closed:  # a connection that was open is over, too
                    self.close_connection = True
                    return None
                if front.user and self.headers.get("Authorization") != "Basic " + base64.b64encode(front.user.encode()).decode():
                    return self.answer(401, {"WWW-Authenticate": "Basic"}, b'{"error_code":40101,"message":"Unauthorized"}')
                if given := front.always or (front.next.pop(0) if front.next else None):
                    return given(self) if callable(given) else self.answer(*given)
                connection = http.client.HTTPConnection(front.server, timeout=30)
                connection.request(self.command, self.path, body or None,
                                   {k: v for k, v in self.headers.items() if k in ("Accept", "Content-Type")})
                got = connection.getresponse()
                self.answer(got.status, {"Content-Type": got.getheader("Content-Type") or ""}, got.read())
                connection.close()

            def handle(self):
                with contextlib.suppress(OSError):  # the client has gone, or does not trust the certificate
                    super().handle()

            def do_GET(self):
                self.serve()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.closed = False
        self.address = f"127.0.0.1:{self.http.server_address[1]}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def hang(self):
        """Requests are taken and not answered until go_on()."""
        self.held.clear()

    def go_on(self):
        self.held.set()

    def close(self):
        self.closed = True
        self.held.set()
        self.http.shutdown()
        self.http.server_close()
