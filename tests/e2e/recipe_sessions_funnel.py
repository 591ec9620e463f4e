"""Sessions with the step that each reached, and the funnel of each day, are in PostgreSQL once: over a kill while events come."""
import collections
import datetime
import json
import random

from real_systems import check, difference
from recipes_under_test import play_with_a_kill, start

USERS = 60
VISITS = 12  # of each user, over three days
GAP = 1800  # seconds
BEGIN = datetime.datetime(2021, 4, 24, tzinfo=datetime.timezone.utc)
STEPS = ("visit", "cart", "buy")


def run(r):
    play_with_a_kill(r, "sessions_funnel", "events", tables=2)
    killed(r)


def reached(events):
    """How many steps come one behind the other, from the first event on."""
    step = 0
    for event in events:
        step += step < len(STEPS) and event == STEPS[step]
    return step


def of_seconds(seconds):
    return (BEGIN + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def killed(r):
    rng = random.Random(r.name)
    records, sessions = [], []
    for user in range(USERS):
        times = set()
        for _ in range(VISITS):
            begin = rng.randrange(3 * 86_400)
            times |= {begin + rng.randrange(3000) for _ in range(rng.randrange(1, 8))}
        session = []
        for at in sorted(times):
            event = rng.choice((*STEPS, "visit", "scroll"))
            records.append((at, {"userid": f"u{user}", "event": event, "page": "/", "at": of_seconds(at)}))
            if session and at - session[-1][0] >= GAP:
                sessions.append((f"u{user}", session))
                session = []
            session.append((at, event))
        sessions.append((f"u{user}", session))
    records.sort(key=lambda record: record[0] + rng.randrange(60))  # out of order by less than watermark_delay
    records.append((0, {"userid": "last", "event": "visit", "page": "/", "at": of_seconds(5 * 86_400)}))
    rows, funnel = [], collections.defaultdict(lambda: [0] * 4)
    for user, session in sessions:
        step = reached(event for _, event in session)
        begin, end = session[0][0], session[-1][0]
        rows.append((user, begin, end, len(session), step))
        day = (BEGIN + datetime.timedelta(seconds=end + GAP, microseconds=-1)).date().isoformat()
        for least in range(4):
            funnel[day][least] += step >= least
    topic = r.name + "_events"
    r.kafka.create(topic, 1)

    def send(share, of):
        part = records[len(records) * share // of:len(records) * (share + 1) // of]
        r.kafka.produce(topic, [json.dumps(record).encode() for _, record in part])

    def table(name, query):
        return [tuple(row.values()) for row in r.postgres.ask(query)] if r.postgres.has(name) else []

    def sessions_there():
        return table("sessions", f"""select userid, extract(epoch from began)::bigint - {int(BEGIN.timestamp())} as began,
            extract(epoch from last_event)::bigint - {int(BEGIN.timestamp())} as last_event, events, reached from sessions""")

    def funnel_there():
        return table("funnel", "select day, sessions, visited, put_into_the_cart, bought from funnel")

    send(0, 3)
    life = start(r, "sessions_funnel", "topology.sql", EVENTS=topic)
    life.wait_until("sessions of the first third", sessions_there)
    send(1, 3)
    life.kill()
    send(2, 3)
    life = start(r, "sessions_funnel", "topology.sql", EVENTS=topic)
    life.wait_until("all sessions and days are there", lambda: len(sessions_there()) >= len(rows) and len(funnel_there()) >= len(funnel))
    life.stop()
    wrong = difference(rows, sessions_there())
    check(not wrong, f"the sessions: {wrong}")
    wrong = difference([(day, *counts) for day, counts in funnel.items()], funnel_there())
    check(not wrong, f"the funnel: {wrong}")
    ledger = life.ledger()
    check(not ledger["sessions"]["late"] and not life.dead_letters(), f"late events or dead letters: {ledger['sessions']}")
    print(f"{len(records)} events: {len(rows)} sessions, {len(funnel)} days as the oracle's", flush=True)
