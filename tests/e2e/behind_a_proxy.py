#!/usr/bin/env -S python3 -B
"""http_server behind nginx with the configuration that docs/webhooks.md shows, taken from that page; only its port, certificate and the
source's address are put in. Events posted over TLS are in the sink once, with the address of the client that nginx saw, and not the one
that the client made up.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys

from real_systems import PATIENCE, ROOT, SKIPPED, Run, check, difference, free_port, main, topology_file, whole_rows
from relay import certificate

EVENTS = 200


def replaced(text, pattern, by):
    check(len(re.findall(pattern, text)) == 1, f"docs/webhooks.md's configuration has {pattern!r} not once: {text}")
    return re.sub(pattern, lambda _: by, text)


def configuration(folder, port, source_port, chain, key):
    page = (ROOT / "docs/webhooks.md").read_text()
    server = re.search(r"```nginx\n(.*?)```", page, re.S)[1]
    for pattern, by in ((r"listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), (r"/etc/ssl/hooks\.crt", str(chain)),
                        (r"/etc/ssl/hooks\.key", str(key)), (r"127\.0\.0\.1:8080", f"127.0.0.1:{source_port}")):
        server = replaced(server, pattern, by)
    file = folder / "nginx.conf"
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file.write_text(f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
                    f"http {{\n  access_log off;\n{temporary}{server}}}\n")
    return file


def listens(port):
    with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", port), PATIENCE)):
        return True
    return False


def behind_nginx(options, folder):
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not nginx:
        print("SKIPPED: nginx is not installed; remedy: apt-get install nginx-light")
        sys.exit(SKIPPED)
    source_port, port, rows = free_port(), free_port(), folder / "rows.jsonl"
    authority, chain, key = certificate(folder)
    topology = topology_file(folder / "hooks.json", "hooks", {
        "api": {"source": "http_server", "listen": f"127.0.0.1:{source_port}", "routes": {"/orders": {"body": "json"}}},
        "orders": {"parser": "json", "from": "api", "schema": {"id": "bigint", "X-Forwarded-For": "text"}},
        "rows": {"sink": "file", "path": str(rows), "from": "orders", "columns": {"id": "id", "client": '"X-Forwarded-For"'}}})
    run = Run(options.millrace, topology, folder / "state")
    run.wait_until("the source listens", lambda: listens(source_port))
    said = folder / "nginx.log"
    with open(said, "wb") as log:
        proxy = subprocess.Popen([nginx, "-c", str(configuration(folder, port, source_port, chain, key)), "-e", "stderr"],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    Run.started.append(proxy)
    run.wait_until("nginx listens", lambda: proxy.poll() is None and listens(port))
    trusted = ssl.create_default_context(cafile=str(authority))
    with contextlib.closing(http.client.HTTPSConnection("localhost", port, context=trusted, timeout=60 * PATIENCE)) as client:
        for number in range(EVENTS):
            client.request("POST", "/orders", json.dumps({"id": number}), {"X-Forwarded-For": "203.0.113.9"})
            answer = client.getresponse()
            body = answer.read()
            check(answer.status == 200, lambda: f"event {number} has the answer {answer.status} {body[:200]!r}; nginx: {said.read_text()[-1000:]}")
        client.request("POST", "/orders", '{"id":')
        answer = client.getresponse()
        check((answer.status, b"not JSON" in answer.read()) == (400, True), f"half a body has the answer {answer.status}")
    run.wait_until("all rows", lambda: len(whole_rows(rows)) >= EVENTS)
    run.stop()
    found = sorted((row["id"], row["client"]) for row in whole_rows(rows))
    wanted = [(number, "127.0.0.1") for number in range(EVENTS)]
    check(found == wanted, lambda: f"rows behind the proxy: {difference(wanted, found)}")
    print(f"ok      {EVENTS} events through {subprocess.run([nginx, '-v'], stderr=subprocess.PIPE, text=True, check=True).stderr.strip()}")


if __name__ == "__main__":
    main(behind_nginx, __doc__)
