"""Requests by minute and status are in PostgreSQL once, and an alert is in Kafka for just the minutes in which too many failed: over a kill, and a
rotation of the log while the process is down."""
import collections
import datetime
import json
import random

from real_systems import check, difference
from recipes_under_test import Recipe, make_empty, start

MINUTES = 40
BEGIN = datetime.datetime(2021, 4, 24, 19, 55, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


def run(r):
    page(r)
    killed(r)


def page(r):
    make_empty(r.kafka, "alerts")
    p = Recipe(r, "access_log")
    p.shows("millrace test")
    job = p.start("millrace run")
    p.shows_at_last("psql")
    p.shows_at_last("kcat")
    p.killed_and_again(job).interrupt()
    p.finish()


def request(rng, at, fails):
    """A line, its status and its bytes."""
    status = rng.choice((500, 502, 503)) if rng.random() < fails else rng.choice((200, 200, 200, 301, 304, 404))
    size = None if status == 304 else rng.randrange(10_000)
    agent = rng.choice(("curl/8.5.0", "a \\\"quoted\\\" [agent]", "-"))
    called = rng.choice(("GET / HTTP/1.1", "POST /cart?x=[1] HTTP/2.0", "\\x16\\x03", "-"))
    line = f'192.0.2.{rng.randrange(9)} - {rng.choice("-u")} [{at:%d/%b/%Y:%H:%M:%S %z}] "{called}" {status} {"-" if size is None else size} "-" "{agent}"'
    return line, status, size or 0


def killed(r):
    rng = random.Random(r.name)
    lines, rows, failed, bad = [], collections.defaultdict(lambda: [0, 0]), {}, 0
    for minute in range(MINUTES):
        begin = BEGIN + datetime.timedelta(minutes=minute)
        fails, count = rng.choice((0, 0.02, 0.2)), rng.choice((5, 60, 300))
        failed[begin] = [count, 0]
        for second in sorted(rng.uniform(0, 60) for _ in range(count)):
            line, status, size = request(rng, begin + datetime.timedelta(seconds=second), fails)
            lines.append(line)
            rows[begin, status][0] += 1
            rows[begin, status][1] += size
            failed[begin][1] += status >= 500
            if rng.random() < 0.01:
                lines.append("no request")
                bad += 1
    # It closes the last minute, and stays open itself.
    lines.append(request(rng, BEGIN + datetime.timedelta(minutes=MINUTES, seconds=30), 0)[0])
    log, alerts = r.folder / "access.log", r.name + "_alerts"
    env = {"ACCESS_LOG": str(log), "ALERTS": alerts}
    third = len(lines) // 3

    def write(part, how="a"):
        with log.open(how) as out:
            out.write("".join(line + "\n" for line in part))

    def table():
        if not r.postgres.has("requests_by_minute"):
            return []
        return [(int(row["at"]), row["status"], row["requests"], row["bytes"])
                for row in r.postgres.ask("select extract(epoch from minute) as at, status, requests, bytes from requests_by_minute")]

    write(lines[:third])
    life = start(r, "access_log", **env)
    life.wait_until("minutes of the first third are in the table", table)
    write(lines[third:2 * third])
    life.kill()
    log.rename(r.folder / "access.log.1")
    write(lines[2 * third:], "w")
    life = start(r, "access_log", **env)
    expected = [(int(at.timestamp()), status, *counts) for (at, status), counts in rows.items()]
    life.wait_until("all minutes are in the table", lambda: len(table()) >= len(expected))
    too_many = [(f"{at.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}", of, n) for at, (of, n) in failed.items() if of >= 20 and n > 0.05 * of]
    check(too_many, "no minute with an alert")
    life.wait_until("all alerts are in the topic", lambda: len(r.kafka.read(alerts)) >= len(too_many))
    life.stop()
    wrong = difference(expected, table())
    check(not wrong, f"the table: {wrong}")
    found = [json.loads(m.value) for m in r.kafka.read(alerts)]
    wrong = difference(too_many, [(a["minute"], a["requests"], a["failed"]) for a in found])
    check(not wrong, f"the alerts: {wrong}")
    check(len(life.dead_letters()) == bad, f"{len(life.dead_letters())} dead letters, expected {bad}")
    life.ledger()
    print(f"{len(lines)} lines: {len(expected)} rows, {len(found)} alerts, {bad} dead letters, as the oracle's", flush=True)
