"""A relay in front of a real server: cuts all connections or passes nothing on when it is told to, or speaks TLS to its clients."""
import contextlib
import select
import socket
import ssl
import subprocess
import threading

CHUNK = 16384


class Relay:
    """`target`: HOST:PORT. `tls`: (certificate, key), files. `port`: 0 is any."""

    def __init__(self, target, tls=None, port=0):
        host, _, target_port = target.rpartition(":")
        self.target, self.cuts, self.open, self.lock = (host, int(target_port)), 0, set(), threading.Lock()
        self.passes = threading.Event()
        self.passes.set()
        self.tls = None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*map(str, tls))
        self.socket = socket.create_server(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Connections that are open break off, wherever they are."""
        with self.lock:
            self.cuts += len(self.open) // 2
            for s in self.open:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)

    def hang(self):
        """Connections stay open, and nothing passes on them, until go_on()."""
        self.passes.clear()

    def go_on(self):
        self.passes.set()

    def close(self):
        with contextlib.suppress(OSError):  # a thread that waits in accept() would take one more
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.go_on()
        self.cut()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError):
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            with socket.create_connection(self.target) as server:
                with self.lock:
                    self.open |= {client, server}
                self._copy(client, server)
                with self.lock:
                    self.open -= {client, server}
        client.close()

    def _copy(self, client, server):
        """Both ways in one thread: a TLS connection is no affair of two."""
        other = {client: server, server: client}
        while True:
            ready = [client] if isinstance(client, ssl.SSLSocket) and client.pending() else select.select(list(other), [], [])[0]
            for source in ready:
                data = source.recv(CHUNK)
                if not data:
                    return
                self.passes.wait()
                other[source].sendall(data)


def certificate(folder):
    """(an authority's certificate, a certificate of it for this machine, its key), made new; files."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test ca",
            "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "own.pem",
            "-extfile", "names")
    return folder / "ca.pem", folder / "own.pem", folder / "own.key"
