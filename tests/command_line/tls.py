#!/usr/bin/env python3
"""`millrace tls`: what it makes, as openssl and TLS see it, and what it refuses: one line on standard error, exit status 2, nothing written."""
import argparse
import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading

WRONG = []


def check(good, text):
    if not good:
        WRONG.append(text)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class Program:
    def __init__(self, binary):
        self.binary = binary

    def run(self, *arguments, **more):
        return subprocess.run([self.binary, "tls", *map(str, arguments)], capture_output=True, text=True, timeout=120, **more)

    def makes(self, *arguments, **more):
        done = self.run(*arguments, **more)
        check(done.returncode == 0 and not done.stderr, f"tls {arguments}: {done.returncode}: {done.stderr}")
        return done.stdout

    def refuses(self, expected, *arguments, **more):
        done = self.run(*arguments, **more)
        check(done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1 and re.search(expected, done.stderr),
              f"tls {arguments}: status {done.returncode}, expected 2 and one line with {expected!r}: {done.stderr!r} {done.stdout!r}")


def context(purpose, tls, name):
    out = ssl.SSLContext(purpose)
    out.load_verify_locations(tls / "authority.crt")
    out.load_cert_chain(tls / f"{name}.crt", tls / f"{name}.key")
    out.verify_mode = ssl.CERT_REQUIRED
    return out


def handshake(tls, server_name, client_name, host):
    """The common name that the server sees; an ssl.SSLError where either side refuses."""
    listening = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        try:
            with context(ssl.PROTOCOL_TLS_SERVER, tls, server_name).wrap_socket(listening.accept()[0], server_side=True) as s:
                seen.append(dict(pair[0] for pair in s.getpeercert()["subject"])["commonName"])
                s.sendall(b"x")
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with socket.create_connection(listening.getsockname()) as plain:
            with context(ssl.PROTOCOL_TLS_CLIENT, tls, client_name).wrap_socket(plain, server_hostname=host) as s:
                s.recv(1)
    finally:
        thread.join()
        listening.close()
    return seen[0] if seen else None


def what_it_makes(millrace, folder):
    tls = folder / "tls"
    check("authority.key stays" in millrace.makes("init", tls), "init says nothing of the key")
    out = millrace.makes("node", "a", "--dir", tls, "--host", "node1.example.com", "--host", "192.0.2.1")
    check(out.splitlines() == [str(tls / "node-a.crt"), str(tls / "node-a.key")], f"tls node prints {out!r}")
    millrace.makes("client", "alice", "--dir", tls)
    check(mode(tls) == 0o700, "the folder is open to others")
    check(all(mode(tls / f"{n}.key") == 0o600 for n in ("authority", "node-a", "client-alice")), "a key is open to others")
    check(sorted(p.name for p in tls.iterdir()) == sorted(f"{n}.{e}" for n in ("authority", "node-a", "client-alice") for e in ("crt", "key")),
          f"other files are there: {list(tls.iterdir())}")
    check(handshake(tls, "node-a", "client-alice", "localhost") == "alice", "a client cannot ask a node")
    check(handshake(tls, "node-a", "node-a", "node1.example.com") == "a", "a node cannot ask a node")
    for server, client, host in (("node-a", "client-alice", "node2.example.com"), ("client-alice", "node-a", "localhost")):
        try:
            handshake(tls, server, client, host)
            check(False, f"{client} has taken {server} for {host}")
        except (ssl.SSLError, ConnectionError):
            pass
    if shutil.which("openssl"):
        text = subprocess.run(["openssl", "x509", "-in", tls / "node-a.crt", "-noout", "-text"], capture_output=True, text=True, check=True).stdout
        check(re.search(r"DNS:node1.example.com", text) and "IP Address:192.0.2.1" in text and "CN = a" in text, text)
    else:
        print("SKIPPED: certificates as openssl sees them; it is not installed")
    return tls


def what_it_refuses(millrace, folder, tls):
    before = {p: p.read_bytes() for p in tls.iterdir()}
    millrace.refuses(r"authority.key is there: .* would be worthless", "init", tls)
    (folder / "mine").mkdir()
    (folder / "mine" / "file").write_text("x")
    millrace.refuses(r"mine is there and is not empty", "init", folder / "mine")
    millrace.refuses(r"a part of the path is a file", "init", folder / "mine" / "file" / "tls")
    millrace.refuses(r"node-a.crt is there; --replace", "node", "a", "--dir", tls)
    millrace.refuses(r"client-alice.crt is there; --replace", "client", "alice", "--dir", tls)
    for name in ("", ".", "a/b", "../x", "a b", "-x", "ä", "a" * 65, "a\nb"):
        millrace.refuses(r"is not a name of a node; expected 1 to 64", "node", "--dir", tls, "--", name)
    millrace.refuses(r'"a:80" is not a host; expected', "node", "b", "--dir", tls, "--host", "a:80")
    millrace.refuses(r"there is no authority in .*millrace tls init", "node", "b", "--dir", folder / "nowhere")
    millrace.refuses(r"--dir", "node", "b")
    millrace.refuses(r"--days", "node", "b", "--dir", tls, "--days", "0")
    check({p: p.read_bytes() for p in tls.iterdir()} == before, "what was refused has written something")
    check(not (folder / "nowhere").exists(), "a folder was made for nothing")
    millrace.makes("node", "a", "--dir", tls, "--replace")
    check((tls / "node-a.key").read_bytes() != before[tls / "node-a.key"], "--replace has not replaced the key")
    (tls / "authority.key").chmod(0o644)
    millrace.refuses(r"can be read by others than its owner \(mode 644\)", "node", "b", "--dir", tls)
    (tls / "authority.key").unlink()
    millrace.refuses(r"authority.key is missing; certificates are made where", "node", "b", "--dir", tls)


def without_rights(millrace, folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o755)
    other = {}
    if os.geteuid() == 0:
        other = {"user": 65534, "group": 65534}
        folder.chmod(0o755)
    else:
        closed.chmod(0o555)
    millrace.refuses(r"Permission denied; give this user the right to it", "init", closed / "tls", cwd="/", **other)
    check(not list(closed.iterdir()), "a folder without rights was written to")
    closed.chmod(0o755)


def one_of_many(millrace, folder):
    """The first one has made it; the others are told."""
    tls = folder / "raced"
    all_of_them = [subprocess.Popen([millrace.binary, "tls", "init", tls], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    done = [(p.communicate(timeout=120), p.returncode) for p in all_of_them]
    check(sorted(status for _, status in done) == [0] + [2] * 7, f"of eight at once: {done}")
    millrace.makes("node", "a", "--dir", tls)
    check(handshake(tls, "node-a", "node-a", "localhost") == "a", "eight at once have left an authority that does not work")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    with tempfile.TemporaryDirectory(prefix="millrace-tls-") as name:
        folder = pathlib.Path(name)
        shutil.copy(binary, folder / "millrace")  # another user can execute it there
        millrace = Program(str(folder / "millrace"))
        what_it_refuses(millrace, folder, what_it_makes(millrace, folder))
        without_rights(millrace, folder)
        one_of_many(millrace, folder)
    for line in WRONG:
        print(f"FAILED: {line}")
    if not WRONG:
        print("ok      certificates work in TLS; what is wrong is one line, and nothing is written")
    return 1 if WRONG else 0


if __name__ == "__main__":
    sys.exit(main())
