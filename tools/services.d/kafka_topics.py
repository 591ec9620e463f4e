"""Creates Kafka topics by the wire protocol: in milliseconds, where Kafka's own command needs seconds of Java."""
import re
import socket
import struct
import time

from server import Failure, say

CREATE_TOPICS, METADATA = (19, 2), (3, 4)
SECONDS = 120  # time for what a quiet broker does in one
ALREADY_EXISTS, NOT_CONTROLLER = 36, 41


def parse(text):
    """(name, partitions, replicas) of NAME[:PARTITIONS[:REPLICATION]]; None where the server's default holds."""
    found = re.fullmatch(r"([A-Za-z0-9._-]{1,249})(?::([1-9]\d{0,4}))?(?::([1-9]\d?))?", text)
    if not found or found[1] in (".", ".."):
        raise Failure(f"--topic {text!r}: expected NAME, NAME:PARTITIONS or NAME:PARTITIONS:REPLICATION; a name has up to "
                      "249 letters, digits, '.', '_' and '-'", 2)
    return found[1], found[2] and int(found[2]), found[3] and int(found[3])


def _text(s):
    raw = s.encode()
    return struct.pack(">h", len(raw)) + raw


class _Reader:
    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.raw, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    def text(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.raw[self.at - size:self.at].decode()

    def list(self, item):
        return [item() for _ in range(max(0, self.take("i")))]


def _ask(port, request, body):
    key, version = request
    message = struct.pack(">hhi", key, version, 1) + _text("tools-services") + body
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as s:
        s.sendall(struct.pack(">i", len(message)) + message)
        answer = b""
        while len(answer) < 4 or len(answer) < 4 + struct.unpack(">i", answer[:4])[0]:
            part = s.recv(65536)
            if not part:
                raise Failure("kafka closed the connection")
            answer += part
    return _Reader(answer[8:])  # after size and correlation id


def _partitions(port, names):
    """Counts the partitions with a leader, for each topic that is there."""
    r = _ask(port, METADATA, struct.pack(">i", len(names)) + b"".join(map(_text, names)) + b"\0")
    r.take("i")
    r.list(lambda: (r.take("i"), r.text(), r.take("i"), r.text()))
    r.text(), r.take("i")

    def partition():
        _error, _index, leader = r.take("hii")
        r.list(lambda: r.take("i")), r.list(lambda: r.take("i"))
        return leader >= 0

    def topic():
        error, name = r.take("h"), r.text()
        r.take("b")
        led = r.list(partition)
        return name, sum(led) if error == 0 and all(led) else 0
    return dict(r.list(topic))


def create(port, topics, **settings):
    """`topics`: (name, partitions, replicas) each; those that are there stay as they are. `settings`: retention_ms="-1" and so on."""
    configured = struct.pack(">i", len(settings)) + b"".join(_text(name.replace("_", ".")) + _text(value) for name, value in settings.items())
    body = struct.pack(">i", len(topics)) + b"".join(
        _text(name) + struct.pack(">ihi", count, replicas, 0) + configured
        for name, count, replicas in topics) + struct.pack(">ib", 20000, 0)
    until, ready = time.monotonic() + SECONDS, {}
    while True:
        try:
            r = _ask(port, CREATE_TOPICS, body)
            r.take("i")
            failed = [f"topic {name}: {why or ''} (Kafka's error {code})"
                      for name, code, why in r.list(lambda: (r.text(), r.take("h"), r.text()))
                      if code not in (0, ALREADY_EXISTS)]
            ready = {} if failed else _partitions(port, [name for name, *_ in topics])
        except (OSError, Failure) as e:
            failed = [f"kafka on 127.0.0.1:{port}: {e}"]
        if not failed and all(ready.get(name) for name, *_ in topics):
            break
        if time.monotonic() > until:
            raise Failure("; ".join(failed) or f"the topics have no leader after {SECONDS} s")
        time.sleep(0.1)
    for name, count, _ in topics:
        if ready[name] != count:
            say(f"kafka: topic {name} was there before, with {ready[name]} partition(s)")
