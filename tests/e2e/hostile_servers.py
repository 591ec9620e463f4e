#!/usr/bin/env -S python3 -B
"""Servers that mean harm, or are not who they should be: certificates for other names, bytes that drip, a database that asks its client for a
file, a broker that refuses a password while its client logs all it does. A stranger gets no data, no secret shows, and SIGTERM
ends a run in time. Every server here is the test's own.

    hostile_servers.py --millrace BINARY [--only NAME]      each case is a function below
"""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

from real_systems import PATIENCE, OwnFolder, Run, Wrong, check, free_port, main, run_cases, topology_file, wait_until
from relay import certificate

SECRET = "hush-hush-hush"
RUN_ENDS = 50  # seconds: docs/operations.md names 45
START = f"{PATIENCE:.0f} s"  # a start waits so long for a server; only a run that ends at once has more
ROWS = 20


class Listener:
    """Gives each connection to `serve`, in a thread of its own; `seen` is what it has kept of them."""

    def __init__(self, serve, tls=None, port=0):
        self.serve, self.tls, self.seen, self.dripped = serve, tls, [], 0
        self.stopped = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with contextlib.suppress(OSError, EOFError), contextlib.closing(connection):
            if self.tls:
                with contextlib.closing(self.tls.wrap_socket(connection, server_side=True)) as inner:
                    self.serve(self, inner)
            else:
                self.serve(self, connection)

    def close(self):
        self.stopped.set()
        self.socket.close()


def exactly(connection, count):
    got = b""
    while len(got) < count:
        more = connection.recv(count - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def request_of(connection):
    """The head of an HTTP request, and its body if it says how long that is."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            raise EOFError
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            body += exactly(connection, max(0, int(value) - len(body)))
    return head.decode("latin-1")


class Case(OwnFolder):
    def __init__(self, options, folder, name):
        super().__init__(options, folder, name)
        self.input = self.folder / "in.jsonl"
        self.input.write_text("".join(f'{{"n":{i}}}\n' for i in range(ROWS)))

    def listener(self, serve, tls=None):
        return self.at_the_end.enter_context(contextlib.closing(Listener(serve, tls)))

    def run(self, name, source=None, sink=None, *options, env=None):
        topology = topology_file(self.folder / f"{name}.json", name, {
            "in": source or {"source": "file", "path": str(self.input)},
            "parsed": {"parser": "json", "from": "in", "schema": {"n": "bigint"}},
            "out": {**(sink or {"sink": "file", "path": str(self.folder / f"{name}.jsonl")}), "from": "parsed"}})
        return Run(self.binary, topology, self.folder / f"{name}.state", *options, env=env)


def stranger(folder):
    """A context with a certificate of a known authority for another name, and the authority's."""
    authority, own, key = certificate(folder)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    (folder / "names").write_text("subjectAltName=DNS:other.example\n")
    openssl("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", own.name, "-extfile", "names")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(own), str(key))
    return context, str(authority)


def keeps_what_comes(server, connection):
    server.seen.append(connection.recv(65536))


def certificate_for_another_name(c):
    """A certificate of a trusted authority, for another name: nothing is asked, and the name is what is told."""
    context, authority = stranger(c.folder)
    server = c.listener(keeps_what_comes, context)
    at = f"localhost:{server.port}"
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET}
    cases = {
        "stream": ({"source": "http_stream", "url": f"https://{at}/", "ca_file": authority, "headers": {"X-Api-Key": SECRET}}, None),
        "kafka": ({"source": "kafka", "brokers": at, "topic": "t", "properties": {
            "security.protocol": "sasl_ssl", "ssl.ca.pem": pathlib.Path(authority).read_text(), "sasl.mechanisms": "PLAIN", "sasl.username": "u",
            "sasl.password": SECRET}}, None),
    }
    cases["s3"] = (None, {"sink": "parquet", "path": "lake/t", "ca_file": authority,
                          "connection": f"s3://bucket?region=us-east-1&endpoint=https://{at}"})
    cases["webhdfs"] = (None, {"sink": "parquet", "path": "/lake/t", "ca_file": authority, "connection": f"swebhdfs://user@{at}"})
    for name, (source, sink) in cases.items():
        running = c.run(name, source, sink, "--start-timeout", START, env=keys)
        found = running.wait(60)
        said = running.errors()
        if "built without" in said:
            print(f"        {name}: not tried, this millrace has no parquet sink")
            continue
        check(found in (1, 2), f"{name}: exit status {found}: {said[-1500:]}")
        check(any(word in said.lower() for word in ("certificate", "alternative", "hostname")), f"{name}: the reason is missing: {said[-1500:]}")
        check(SECRET not in said, f"{name}: the secret shows: {said[-1500:]}")
    check(not any(server.seen), f"a stranger was sent {server.seen}")


def drips(*parts):
    """The parts of each answer: whole ones, and ones (bytes in a tuple) of which a byte comes a second."""
    def serve(server, connection):
        server.seen.append(request_of(connection))
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
                continue
            for i in range(len(part[0])):
                connection.sendall(part[0][i:i + 1])
                server.dripped += 1
                if server.stopped.wait(1):
                    return
        server.stopped.wait()
    return serve


def drip(c):
    """A byte a second, of headers and of a body: a run says what it waits for, and SIGTERM ends it in time."""
    head = b"HTTP/1.1 200 OK\r\n"
    body = b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    kinds = {"headers": drips(head, (b"X-Drip: " + b"y" * 900,)), "body": drips(head + body, (b'{"' + b"y" * 890,))}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET}
    for kind, serve in kinds.items():
        server, streams = c.listener(serve), c.listener(serve)
        at = f"127.0.0.1:{server.port}"
        running = {
            "stream": c.run(f"stream_{kind}", {"source": "http_stream", "url": f"http://127.0.0.1:{streams.port}/", "silence": "2 s"}),
            "s3": c.run(f"s3_{kind}", None, {"sink": "parquet", "path": "lake/t", "connection": f"s3://bucket?region=us-east-1&endpoint=http://{at}"},
                        env=keys),
            "webhdfs": c.run(f"webhdfs_{kind}", None, {"sink": "parquet", "path": "/lake/t", "connection": f"webhdfs://user@{at}"}),
        }
        wait_until("each has asked", lambda: len(server.seen) >= len([r for r in running.values() if r.alive()]) - 1)
        # A byte a second in a stream is a record under way; in its head it is not.
        wait_until("a dripping head is given up", lambda: len(streams.seen) > (1 if kind == "headers" else 0))
        before = server.dripped, streams.dripped
        wait_until("some more has dripped", lambda: streams.dripped > before[1] + 2 and (server.dripped > before[0] + 2 or not server.seen))
        alive = {name: r for name, r in running.items() if r.alive()}
        for name, r in running.items():
            check(r in alive.values() or "built without" in r.errors(), f"{name}, {kind}: it ended: {r.errors()[-1500:]}")
        began = time.monotonic()
        for r in alive.values():
            r.process.send_signal(signal.SIGTERM)
        for name, r in alive.items():
            status = r.wait(RUN_ENDS)
            print(f"        {name}, {kind} drip: SIGTERM ends it with {status} after {time.monotonic() - began:.1f} s", flush=True)
            check(status == 0, f"{name}, {kind}: SIGTERM ends it with {status}: {r.errors()[-1500:]}")
            check(SECRET not in r.errors(), f"{name}: the secret shows")


def clients_that_drip(c):
    """A client's byte a second, to a server of events and to the server of --http: ended by the time-out, others are answered."""
    port, status = free_port(), free_port()
    running = c.run("api", {"source": "http_server", "listen": f"127.0.0.1:{port}", "timeout": "2 s", "routes": {
        "/": {"event": {"n": 1}}, "/posted": {"body": "json"}}}, None, "--http", f"127.0.0.1:{status}")
    for at in (port, status):
        wait_until("it listens", lambda at=at: socket.create_connection(("127.0.0.1", at), 1).close() or True, 30)
    heads = ((port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "), (status, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "),
             (port, b"POST /posted HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"))
    for at, head in heads:
        with contextlib.closing(socket.create_connection(("127.0.0.1", at), 5 * PATIENCE)) as s:
            s.sendall(head)
            until = time.monotonic() + 20 * PATIENCE
            s.settimeout(0.25)
            ended = False
            while not ended and time.monotonic() < until:
                try:
                    s.sendall(b" ")
                    ended = s.recv(4096) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
            check(ended, lambda head=head: f"a dripping client of {head[:20]} is still there: {running.errors()[-1500:]}")
    running.stop()


def broker_that_refuses(server, connection):
    """Speaks as much of Kafka's protocol as it takes to be given a password, and to refuse it."""
    def text(t):
        return struct.pack(">h", len(t)) + t
    while True:
        size, = struct.unpack(">i", exactly(connection, 4))
        request = exactly(connection, size)
        server.seen.append(request)
        api, version, correlation = struct.unpack(">hhi", request[:8])
        if api == 18:  # ApiVersions
            answer = struct.pack(">hihhh", 35, 1, 18, 0, 0) if version > 0 else \
                struct.pack(">hi", 0, 6) + b"".join(struct.pack(">hhh", *v) for v in ((0, 3, 7), (1, 4, 11), (3, 0, 7), (17, 0, 1), (18, 0, 0), (36, 0, 0)))
        elif api == 17:  # SaslHandshake
            answer = struct.pack(">hi", 0, 1) + text(b"PLAIN")
        elif api == 36:  # SaslAuthenticate
            answer = struct.pack(">h", 58) + text(b"refused: " + request[-40:].replace(b"\0", b" ")) + struct.pack(">i", 0)
        else:
            return
        connection.sendall(struct.pack(">ii", 4 + len(answer), correlation) + answer)


def kafka_debug_log(c):
    """All that librdkafka can say of itself, at the level that shows it, and a broker that repeats the password in its refusal."""
    server = c.listener(broker_that_refuses)
    properties = {"debug": "all", "security.protocol": "sasl_plaintext", "sasl.mechanisms": "PLAIN", "sasl.username": "u", "sasl.password": SECRET}
    running = c.run("debug", {"source": "kafka", "brokers": f"127.0.0.1:{server.port}", "topic": "t", "properties": properties}, None,
                    "--log-level", "debug", "--start-timeout", f"{300 * PATIENCE:.0f} s")
    running.wait(60)
    said = running.errors()
    check(any(SECRET.encode() in r for r in server.seen), f"the broker was not given the password: {said[-1500:]}")
    check("sasl" in said.lower() and " kafka CONF" in said, f"librdkafka's own log is not there: {said[-1500:]}")
    check(SECRET not in said, f"the password shows: {said[max(0, said.find(SECRET) - 300):][:600]}")


def mysql_packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def database_that_asks_for(path):
    """A MySQL that lets anybody in, and answers each statement by asking for a file of its client's."""
    def serve(server, connection):
        connection.sendall(mysql_packet(0, b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0" + struct.pack("<H", 0xF7FF) + b"\x2d"
                                        + struct.pack("<HH", 2, 0x000F) + b"\x15" + b"\0" * 10 + b"b" * 12 + b"\0" + b"mysql_native_password\0"))
        exactly(connection, struct.unpack("<I", exactly(connection, 4)[:3] + b"\0")[0])
        connection.sendall(mysql_packet(2, b"\0\0\0\x02\0\0\0"))
        while True:
            size = struct.unpack("<I", exactly(connection, 4)[:3] + b"\0")[0]
            asked = exactly(connection, size)
            if asked[:1] != b"\x03":
                connection.sendall(mysql_packet(1, b"\0\0\0\x02\0\0\0"))
                continue
            connection.sendall(mysql_packet(1, b"\xfb" + path.encode()))
            while size:
                size = struct.unpack("<I", exactly(connection, 4)[:3] + b"\0")[0]
                server.seen.append(exactly(connection, size))
            connection.sendall(mysql_packet(3, b"\0\0\0\x02\0\0\0"))
    return serve


def database_that_asks_for_a_file(c):
    """LOAD DATA LOCAL INFILE, which nobody has asked for: a database gets no file of its client's."""
    precious = c.folder / "precious"
    precious.write_text(SECRET)
    server = c.listener(database_that_asks_for(str(precious)))
    running = c.run("infile", None, {"sink": "sql", "connection": f"mysql://u:p@127.0.0.1:{server.port}/d", "table": "t"}, "--start-timeout", f"{300 * PATIENCE:.0f} s")
    wait_until("it was asked", lambda: server.seen or not running.alive(), 30)
    said = running.errors()
    if running.alive():
        running.kill()
    check(server.seen, f"nothing was tried: {said[-1500:]}")
    check(not any(SECRET.encode() in s for s in server.seen), f"the database was given the file: {server.seen}")


def files_of_a_connection(c):
    """Files that a PostgreSQL connection names (sslkey, sslcert, sslrootcert) are libpq's to read, and service and passfile are refused; no byte of
    these files shows, at any mistake in them, and a named pipe among them holds up nobody."""
    (c.folder / "tls").mkdir()
    authority, *own = certificate(c.folder / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, own))

    def speaks_tls(server, connection):
        exactly(connection, 8)  # SSLRequest
        connection.sendall(b"S")
        with contextlib.closing(context.wrap_socket(connection, server_side=True)) as inner:
            server.seen.append(inner.recv(4096))
    port = c.listener(speaks_tls).port
    for name in ("service", "passfile", "sslkey"):
        (c.folder / name).write_text({"service": f"[mine]\nhost=127.0.0.1\nport={port}\npassword={SECRET}\n{SECRET} is no setting\n",
                                      "passfile": f"*:*:*:*:{SECRET}\n"}.get(name, f"{SECRET}\n"))
        (c.folder / name).chmod(0o600)
    os.mkfifo(c.folder / "pipe", 0o600)
    connections = {
        "service": f"postgresql://service='mine' dbname='d' user='u' host='127.0.0.1' port='{port}'",
        "passfile": f"postgresql://u@127.0.0.1:{port}/d?passfile={c.folder}/passfile",
        "key": f"postgresql://u@127.0.0.1:{port}/d?sslmode=require&sslcert={c.folder}/sslkey&sslkey={c.folder}/sslkey&sslpassword={SECRET}",
        "root": f"postgresql://u@127.0.0.1:{port}/d?sslmode=verify-full&sslrootcert={c.folder}/sslkey",
        "pipe": f"postgresql://u@127.0.0.1:{port}/d?passfile={c.folder}/pipe",
        "pipe_key": f"postgresql://u@127.0.0.1:{port}/d?sslmode=require&sslcert={c.folder}/tls/own.pem&sslkey={c.folder}/pipe",
        "pipe_root": f"postgresql://u@127.0.0.1:{port}/d?sslmode=verify-full&sslrootcert={c.folder}/pipe",
    }
    for name, connection in connections.items():
        running = c.run(name, None, {"sink": "sql", "connection": connection, "table": "t"}, "--start-timeout", START,
                        env={"PGSERVICEFILE": str(c.folder / "service")})
        status = running.wait(60)
        said = running.errors() + running.out.read_text()
        check(status in (1, 2), f"{name}: exit status {status}: {said[-1500:]}")
        check(not name.startswith("pipe_") or "is not a regular file" in said, f"{name}: {said[-1500:]}")
        check(SECRET not in said, f"{name}: a secret shows: {said[-1500:]}")
        checked = subprocess.run([c.binary, "check", str(c.folder / f"{name}.json")], capture_output=True, text=True,
                                 env={**os.environ, "PGSERVICEFILE": str(c.folder / "service")})
        check(SECRET not in checked.stdout + checked.stderr, f"{name}: `check` shows a secret: {checked.stdout}")


def packet_of(connection):
    return exactly(connection, struct.unpack("<I", exactly(connection, 4)[:3] + b"\0")[0])


def greeting(tls=False):
    """The first packet of a MySQL."""
    return mysql_packet(0, b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0" + struct.pack("<H", 0xFFFF if tls else 0xF7FF) + b"\x2d"
                        + struct.pack("<HH", 2, 0x000F) + b"\x15" + b"\0" * 10 + b"b" * 12 + b"\0mysql_native_password\0")


def database_that_wants(plugin):
    """Asks who has logged in to prove it once more, by another plug-in; then it refuses, and repeats what it was told."""
    def serve(server, connection):
        connection.sendall(greeting())
        server.seen.append(packet_of(connection))
        connection.sendall(mysql_packet(2, b"\xfe" + plugin + b"\0" + b"a" * 20 + b"\0"))
        server.seen.append(packet_of(connection))
        if plugin == b"dialog":
            connection.sendall(mysql_packet(4, b"\x02Password: "))
            server.seen.append(packet_of(connection))
        connection.sendall(mysql_packet(4, b"\xff\x15\x04#28000refused: " + server.seen[-1][-60:]))
    return serve


def database_that_wants_the_password(c):
    """Plug-ins that would send the password as it is (mysql_clear_password, dialog), weakly (mysql_old_password) or that are no file of the
    library's: refused, nothing is sent."""
    tried = {name: name.encode() for name in ("mysql_clear_password", "dialog", "mysql_old_password", "auth_gssapi_client")}
    tried.update(a_path=b"../../../../../tmp/evil")
    running = {}
    for name, plugin in tried.items():
        server = c.listener(database_that_wants(plugin))
        running[name] = server, c.run(name, None, {"sink": "sql", "connection": f"mysql://u:{SECRET}@127.0.0.1:{server.port}/d", "table": "t"},
                                      "--start-timeout", "3 s")
    for name, (server, run) in running.items():
        status, said = run.wait(60), run.errors()
        check(status == 1, f"{name}: exit status {status}: {said[-1500:]}")
        check(not any(SECRET.encode() in s for s in server.seen), f"{name}: the database was told the password: {server.seen}")
        check(name != "mysql_clear_password" or "remedy: an account that logs in by" in said, f"{name}: no remedy: {said[-1500:]}")
        check(SECRET not in said, f"{name}: the password shows: {said[-1500:]}")
        login = b"mysql_native_password\0"  # the end of each
        check(server.seen, f"{name}: nothing was tried: {said[-1500:]}")
        check(all(s.endswith(login) for s in server.seen), f"{name}: it was told more than a login: {server.seen[:3]}")


def database_over_tls(context):
    """Keeps logins, and refuses them: over TLS with this context, or plainly where there is none."""
    def serve(server, connection):
        connection.sendall(greeting(tls=context is not None))
        if context is None:
            server.seen.append(packet_of(connection))
            connection.sendall(mysql_packet(2, b"\xff\x15\x04#28000refused"))
            return
        packet_of(connection)  # asks for TLS, and holds no name
        with contextlib.closing(context.wrap_socket(connection, server_side=True)) as inner:
            server.seen.append(packet_of(inner))
            inner.sendall(mysql_packet(3, b"\xff\x15\x04#28000refused"))
    return serve


def database_without_tls(c):
    """MySQL with `sslca`: a server without TLS, one of another authority and one of another name get no login, and the right one does."""
    folders = {name: c.folder / name for name in ("own", "other_authority", "other_name")}
    contexts = {}
    for name, folder in folders.items():
        folder.mkdir()
        authority, *own = certificate(folder)
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(*map(str, own))
        if name == "other_name":
            contexts[name], _ = stranger(folder)
    trusted = {"other_name": folders["other_name"] / "ca.pem"}
    running = {}
    for name, context in {"plain": None, **contexts}.items():
        server = c.listener(database_over_tls(context))
        authority = trusted.get(name, folders["own"] / "ca.pem")
        running[name] = server, c.run(name, None, {
            "sink": "sql", "connection": f"mysql://u:{SECRET}@127.0.0.1:{server.port}/d?sslca={authority}", "table": "t"}, "--start-timeout", "3 s")
    for name, (server, run) in running.items():
        status, said = run.wait(60), run.errors()
        check(status == 1, f"{name}: exit status {status}: {said[-1500:]}")
        check(bool(server.seen) == (name == "own"), f"{name}: the logins it got: {server.seen[:3]}; {said[-1500:]}")
        check(name == "own" or "remedy: a server that speaks TLS" in said, f"{name}: no remedy: {said[-1500:]}")


class TlsMariaDB:
    """A real MariaDB of this case, which speaks TLS with the certificate and the key in its folder, and logs who logs in."""

    def __init__(self, folder, programs):
        self.folder, self.port, self.log, (server, installer, self.client) = folder, free_port(), folder / "logins", programs
        user, data = pwd.getpwuid(os.geteuid()).pw_name, folder / "data"
        subprocess.run([installer, "--no-defaults", f"--datadir={data}", f"--user={user}", "--auth-root-authentication-method=normal", "--skip-test-db"],
                       check=True, capture_output=True)
        with open(folder / "mariadb.err", "wb") as said:
            self.process = subprocess.Popen(
                [server, "--no-defaults", f"--datadir={data}", f"--user={user}", "--bind-address=127.0.0.1", f"--port={self.port}", "--socket=s.sock",
                 f"--pid-file={data}/pid", "--skip-name-resolve", "--innodb-buffer-pool-size=64M", f"--ssl-cert={folder}/own.pem", f"--ssl-key={folder}/own.key",
                 "--general-log", f"--general-log-file={self.log}"], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        Run.started.append(self.process)
        wait_until("MariaDB answers", lambda: self.ask("select 1"))

    def ask(self, statement):
        done = subprocess.run([self.client, "--no-defaults", "--skip-ssl", "-h127.0.0.1", f"-P{self.port}", "-uroot", "-N", "-B", "-e", statement],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"mariadb: {done.stderr}; the server said: {(self.folder / 'mariadb.err').read_text()[-1500:]}")
        return done.stdout.split()

    def logins(self):
        """Lines of logins that were tried, refused ones too, of others than root."""
        return [line for line in self.log.read_text().splitlines() if re.search(r"\d Connect\t", line) and "root@" not in line]


def mariadb_over_tls(c):
    """A real MariaDB with `sslca`: rows go over TLS where authority and host are right. A certificate of another authority, or for another name, is
    refused with a message before a login."""
    programs = [shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("mariadbd", "mariadb-install-db", "mariadb")]
    if not all(programs):
        print("        not tried: there is no mariadb-server")
        return
    others = c.folder / "others"
    others.mkdir()
    authority, own, key = certificate(c.folder)
    stranger(others)
    server = TlsMariaDB(c.folder, programs)
    server.ask(f"create database d; create user u identified by '{SECRET}' require ssl; grant all on d.* to u")

    def run(name, trusted=authority):
        connection = f"mysql://u:{SECRET}@127.0.0.1:{server.port}/d?sslca={trusted}"
        return c.run(name, None, {"sink": "sql", "connection": connection, "table": name, "create": True}, "--start-timeout", START)

    def refused(name, *says, **how):
        before, logins = int(server.ask("show global status like 'Connections'")[1]), server.logins()
        said = run(name, **how).expect(1, "remedy: a server that speaks TLS", *says)
        check(int(server.ask("show global status like 'Connections'")[1]) > before + 1, f"{name}: nobody has connected")
        check(server.logins() == logins, f"{name}: it got a login: {server.logins()}")
        check(SECRET not in said, f"{name}: the password shows: {said[-1500:]}")

    run("trusted").expect(0)
    check(sorted(map(int, server.ask("select n from d.trusted"))) == list(range(ROWS)), "rows are missing")
    check(server.logins() and all("u@127.0.0.1 on d using SSL/TLS" in line for line in server.logins()), f"logins: {server.logins()}")
    refused("other_authority", "issuer certificate", trusted=others / "ca.pem")
    for file in (own, key):
        shutil.copy(others / file.name, file)
    server.ask("flush ssl")
    refused("other_name", "Validation of SSL server certificate failed", trusted=others / "ca.pem")


def database_that_repeats(words):
    def serve(server, connection):
        connection.sendall(greeting())
        server.seen.append(packet_of(connection))
        connection.sendall(mysql_packet(2, b"\xff\x15\x04#28000refused: " + words.encode()))
    return serve


def database_that_repeats_the_password(c):
    """A password in the topology itself, in each of its spellings, which the server repeats: it shows nowhere."""
    host, pairs = "127.0.0.1:{}", "mysql://host=127.0.0.1 port={} user=u dbname=d "
    connections = {"uri": f"mysql://u:{SECRET}@{host}/d", "encoded": f"mysql://u:{SECRET.replace('-', '%2d')}@{host}/d",
                   "query": f"mysql://u@{host}/d?password={SECRET}", "plain": f"{pairs}password={SECRET}", "quoted": f"{pairs}pass = '{SECRET}'",
                   "escaped": pairs + "password=" + SECRET.replace("-", "\\-"), "escaped_quote": pairs + "password='\\" + SECRET + "'"}
    for name, connection in connections.items():
        server = c.listener(database_that_repeats(SECRET))
        running = c.run(name, None, {"sink": "sql", "connection": connection.format(server.port), "table": "t"}, "--start-timeout", "3 s")
        status, said = running.wait(60), running.errors() + running.out.read_text()
        check(status == 1 and server.seen and "refused: ***" in said, f"{name}: exit status {status}: {said[-1500:]}")
        check(SECRET not in said, f"{name}: the password shows: {said[-1500:]}")


def database_of_garbage(c):
    """A greeting of random bytes, one that drips, packets without an end: one message, or a wait that SIGTERM ends, and bounded memory."""
    def endless(_, connection):
        while True:
            connection.sendall(b"\xff\xff\xff\0" + b"\x0a" * 65536)

    def endless_rows(_, connection):
        connection.sendall(greeting())
        packet_of(connection)
        connection.sendall(mysql_packet(2, b"\0\0\0\x02\0\0\0"))
        packet_of(connection)
        while True:
            connection.sendall(b"\xff\xff\xff\x01" + b"\xfe" * 65536)

    def dripping(server, connection):
        for byte in greeting():
            connection.sendall(bytes([byte]))
            if server.stopped.wait(1):
                return
    kinds = {"garbage": lambda _, connection: connection.sendall(os.urandom(65536)), "endless": endless, "endless_rows": endless_rows,
             "dripping": dripping}
    running = {name: c.run(name, None, {"sink": "sql", "connection": f"mysql://u:p@127.0.0.1:{c.listener(serve).port}/d", "table": "t"},
                           "--start-timeout", "5 s") for name, serve in kinds.items()}
    most, until = 0, time.monotonic() + 8
    while time.monotonic() < until:
        for run in running.values():
            with contextlib.suppress(Wrong):
                most = max(most, run.memory_mb())
        time.sleep(0.1)
    check(most < 500, f"a run took {most:.0f} MB")
    for name, run in running.items():
        if run.alive():
            run.process.send_signal(signal.SIGTERM)
        status = run.wait(RUN_ENDS)
        check(status in (0, 1), f"{name}: exit status {status}: {run.errors()[-1500:]}")


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MOST_ANSWER_MB = 600  # an answer of 64 MiB, and the values in it
ANSWER_ENDS = 75      # seconds: 5 to connect and 60 for the answer


def says(*parts, endless=b"", dripping=b""):
    """Answers with these parts, then with something for ever, as fast as it is taken or once a second."""
    def serve(server, connection):
        server.seen.append(request_of(connection))
        connection.sendall(b"".join(parts))
        while endless:
            connection.sendall(endless * (65536 // len(endless)))
        while dripping and not server.stopped.wait(1):
            connection.sendall(dripping)
    return serve


def whole(body):
    return says(JSON_HEAD + b"Content-Length: %d\r\n\r\n" % len(body), body)


def redirects_to_itself(server, connection):
    server.seen.append(request_of(connection))
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % server.port)


class Asking:
    """A command of ours that asks this server, and what it took."""

    def __init__(self, c, name, serve, words):
        self.server, self.name, self.began = c.listener(serve), name, time.monotonic()
        self.out, self.err = c.folder / f"{name}.out", c.folder / f"{name}.err"
        with open(self.out, "wb") as o, open(self.err, "wb") as e:
            self.process = subprocess.Popen(["prlimit", f"--as={4 << 30}", c.binary, *words, "--connect", f"http://127.0.0.1:{self.server.port}"],
                                            stdin=subprocess.DEVNULL, stdout=o, stderr=e,
                                            env={**os.environ, "XDG_STATE_HOME": str(c.folder / "none"), "MILLRACE_TOKEN": "a" * 32})
        Run.started.append(self.process)

    def ends(self, seconds):
        """It ends with status 1 and one message; returns the message."""
        most, until = 0, self.began + seconds * PATIENCE
        while self.process.poll() is None:
            check(time.monotonic() < until, f"{self.name} is still there after {seconds} s")
            with contextlib.suppress(OSError, IndexError):
                status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
                most = max(most, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
            time.sleep(0.02)
        # On a busy machine a command tells first that it waits.
        said = re.sub(rb"^millrace: \S+ has not answered yet; waiting\n", b"", self.err.read_bytes())
        check(self.process.returncode == 1, f"{self.name}: exit status {self.process.returncode}: {said[:1500]}")
        check(said.count(b"\n") == 1 and len(said) < 2000, f"{self.name}: {len(said)} bytes of messages: {said[:1500]}")
        check(most < MOST_ANSWER_MB, f"{self.name} took {most} MB")
        return said


def api_that_floods(c):
    """Heads, chunks and bodies without an end or with a length that lies, values that take more memory than their text, a redirect to itself, pages
    without an end: one message each, at once, and bounded memory."""
    kinds = {
        "head": says(JSON_HEAD, endless=b"X-A: y\r\n"),
        "line": says(JSON_HEAD + b"X: ", endless=b"y"),
        "body": says(JSON_HEAD + b"\r\n[", endless=b'{"topology":"a"},'),
        "chunks": says(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", endless=b'5\r\n"abc,\r\n'),
        "chunk_line": says(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", endless=b"a"),
        "trailer": says(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", endless=b"X-A: y\r\n"),
        "length_of_10^17": says(JSON_HEAD + b"Content-Length: 100000000000000000\r\n\r\n[]", dripping=b" "),
        "length_that_is_short": says(JSON_HEAD + b"Content-Length: 1\r\n\r\n[]"),
        "length_that_is_long": says(JSON_HEAD + b"Content-Length: 60000000\r\n\r\n[]"),
        "redirect": redirects_to_itself,
        "continue": says(endless=b"HTTP/1.1 100 Continue\r\n\r\n"),
        "nested": whole(b"[" * (60 << 20)),
        "arrays": whole(b"[" + b"[]," * (20 << 20) + b"[]]"),
        "numbers": whole(b"[" + b"0," * (30 << 20) + b"0]"),
    }
    for name, serve in kinds.items():
        said = Asking(c, name, serve, ["list"]).ends(30)
        check(b"give the address of a node" in said or b"expected the address of a node" in said, f"{name}: {said}")
    topology_file(c.folder / "t.json", "t", {
        "in": {"source": "generator", "kind": "clicks", "rate": "1/s"}, "parsed": {"parser": "json", "from": "in", "schema": {"userid": "text"}},
        "out": {"sink": "console", "from": "parsed"}})
    for words in (["nodes"], ["wait", "t"], ["apply", str(c.folder / "t.json")], ["letters", "t"], ["console", "-e", "stages", "--topology", "t"]):
        Asking(c, f"{words[0]}_numbers", kinds["numbers"], words).ends(30)
    pages = whole(b'{"letters":[],"next":0}'), whole(b'{"letters":[],"next":7}')
    for number, serve in enumerate(pages):
        for words in (["letters", "t"], ["console", "-e", "dead-letters", "--topology", "t"]):
            said = Asking(c, f"{words[0]}_pages_{number}", serve, words).ends(30)
            check(b"have no end" in said, said)


def api_that_is_never_over(c):
    """A replay that is under way for ever is given up."""
    going_on = whole(b'{"over":false,"letters":0,"replayed":0,"before":0,"unknown":0,"left":[],"elsewhere":[],"taken_now":false}')
    said = Asking(c, "replay", going_on, ["console", "-e", "replay in", "--topology", "t"]).ends(30)
    check(b"makes no progress" in said, said)


def api_that_drips(c):
    """A byte a second, of a head, a body and chunks, or none: each command ends in time."""
    kinds = {
        "head": says(JSON_HEAD + b"X: ", dripping=b"y"),
        "body": says(JSON_HEAD + b"\r\n[", dripping=b" "),
        "chunk": says(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", dripping=b"1\r\n \r\n"),
        "silent": lambda server, _: server.stopped.wait(),
    }
    commands = (["list"], ["wait", "t"], ["letters", "t"], ["console", "-e", "stages", "--topology", "t"])
    asked = [Asking(c, f"{words[0]}_{name}", serve, words) for name, serve in kinds.items() for words in commands]
    for one in asked:
        said = one.ends(ANSWER_ENDS)
        check(b"has not answered" in said or b"does not answer in time" in said, f"{one.name}: {said}")


CASES = (certificate_for_another_name, drip, clients_that_drip, kafka_debug_log, database_that_asks_for_a_file, database_that_wants_the_password,
         database_without_tls, database_that_repeats_the_password, database_of_garbage, files_of_a_connection, api_that_floods, api_that_is_never_over, api_that_drips,
         mariadb_over_tls)


def test(options, folder):
    check(shutil.which("openssl"), "openssl is missing; remedy: tools/packages")
    run_cases(CASES, Case, options, folder)


if __name__ == "__main__":
    main(test, __doc__, cases=CASES)
