"""pipelines/recipes/webhook_to_kafka as its README has it; then senders that send until they are answered, some with a wrong key, over a kill -9: an event that was
answered is in topic and table, once, and no forged one is."""
import contextlib
import hashlib
import hmac
import http.client
import json
import threading

from parquet_tables import table_rows
from real_systems import PATIENCE, check, free_port, wait_until, whole_rows
from recipes_under_test import Recipe

KEY = "try-me"
EVENTS, SENDERS = 600, 4


class Sender(threading.Thread):
    """Sends its events in their order, each until it is answered, the last one behind the kill; each seventh one with a wrong key."""
    killed = threading.Event()

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port, self.number, self.answered, self.ending = port, number, [], threading.Event()

    def run(self):
        for i in range(self.number, EVENTS, SENDERS):
            if i >= EVENTS - SENDERS:
                self.killed.wait()
            while not self.ending.is_set():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    if self.send(i) == 200:
                        self.answered.append(i)
                        break
                self.ending.wait(0.05)

    def send(self, i):
        body = text(i).encode()
        signature = hmac.new(b"guessed" if is_forged(i) else KEY.encode(), body, hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/hooks", body, {"Content-Type": "application/json", "X-Signature": f"sha256={signature}"})
            return connection.getresponse().status


def text(i):
    return json.dumps({"id": f"e{i}", "kind": "paid", "amount": i / 4, "note": 'a "quoted" \\ ä'}, ensure_ascii=False)


def is_forged(i):
    return i % 7 == 0


def run(r):
    """Signed webhooks to Kafka and Parquet."""
    kafka, topic, port = r.kafka, r.name, free_port()
    readme = Recipe(r, "webhook_to_kafka", TOPIC=topic, LISTEN=f"127.0.0.1:{port}")
    check("refused: 1 row" in readme.run("millrace check"), "one request of the sample is refused")
    check("0 failed" in readme.run("millrace test"), "the unit tests hold")
    job = readme.start("millrace run")
    readme.shows_at_last("pipelines/recipes/webhook_to_kafka/send.sh")
    readme.shows("WEBHOOK_SECRET=guessed")
    readme.shows_at_last("kcat")
    readme.shows_at_last("cat refused.jsonl")
    readme.shows_at_last("millrace sql")
    readme.finish()

    senders = [Sender(port, n) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        job.wait_until("a third is answered", lambda: sum(len(s.answered) for s in senders) > EVENTS // 3)
        job.kill()
        Sender.killed.set()
        job = readme.again(job)
        job.wait_until("all is answered", lambda: sum(len(s.answered) for s in senders) == EVENTS)
    finally:
        Sender.killed.set()
        for sender in senders:
            sender.ending.set()
            sender.join()

    genuine = {f"e{i}": text(i) for i in range(EVENTS) if not is_forged(i)} | {"inv-1": '{"id":"inv-1","kind":"paid","amount":12.50}'}
    forged = {text(i) for i in range(EVENTS) if is_forged(i)} | {'{"id":"inv-2","kind":"paid","amount":9999}'}

    def in_topic():
        return [(m.key.decode(), m.value.decode()) for m in kafka.read(topic)]

    def refused():
        return [row["body"] for row in whole_rows(readme.top / "refused.jsonl")]

    job.wait_until("all events are in the topic", lambda: set(in_topic()) >= set(genuine.items()) and set(refused()) >= forged)
    job.interrupt()  # the end makes the table's last file visible
    # A request whose answer was lost by the kill was sent again: at most one of each sender may be there twice.
    for name, found, expected in (("topic", in_topic(), set(genuine.items())), ("refused", refused(), forged)):
        check(set(found) == expected, f"{name}: {len(set(found))} of {len(expected)}; too many: {list(set(found) - expected)[:3]}")
    twice = len(in_topic()) - len(genuine) + len(refused()) - len(forged)
    check(twice <= SENDERS, f"{twice} are there twice, and {SENDERS} were under way at the kill")
    rows = table_rows(r.options, readme.top / "webhooks")
    check(sorted(row["id"] for row in rows) == sorted(key for key, _ in in_topic()), f"{len(rows)} rows of the table, {len(in_topic())} records of the topic")
    wrong = [row for row in rows if float(row["amount"]) != json.loads(genuine[row["id"]])["amount"]]
    check(not wrong, f"amounts: {wrong[:3]}")
    wait_until("no request is under way", lambda: not any(sender.is_alive() for sender in senders))
    print(f"        {EVENTS} requests, {len(forged)} of them forged; {twice} twice, by the sender", flush=True)
