"""Answers to invitations as the streaming API gave them, with everything odd about them, and what the job of pipelines/meetup
must hold for a topic of them. Shares no code with millrace; records are read by Python's json.
"""
import collections
import json

TEXTS = ("event_name", "event_url", "event_time", "group_name", "group_country", "group_state", "group_city")
PLACES = ("group_lat", "group_lon", "lat", "lon")
KEY = (*TEXTS, *PLACES, "response")
Group = collections.namedtuple("Group", KEY)

CITIES = [("São Paulo", "br", "", "-23.53", "-46.63"), ("London", "gb", "17", "51.52", "-0.1"),
          ("New York", "us", "NY", "40.75", "-73.98"), ("Kansas City", "us", "MO", "39", "-94.6"),
          ("Montréal", "ca", "QC", "45.53", "-73.55"), ("Kraków", "pl", None, "50", "2.0e1"),
          (" Nuuk ", "gl", None, "64.18", "-51.74"), ("Null Island", "xx", "", "0", "-0.0")]
NAMES = ["Sunday walk ", " leading blank", "Pub quiz \"Special\"", "Ünïcode night", "🎉 Party 🏳️‍🌈", "日本語", "back\\slash",
         "tab\there", "line\nbreak", "O'Brien's; drop table meetup_table;--", "", "null", "\\N", "a" * 240, "Â Outdoor",
         "e\u0301 not \u00e9", "\u00e9 not e\u0301"]
UNREADABLE = [b"", b"{", b'{"event":{"event_name":"cut of', b"[]", b'"text"', b"null", b"\xff\xfe{}",
              b'{"response":{"a":1}}', b'{"event":[1],"response":"yes"}', b'{"group":{"group_lat":"north"},"response":"yes"}', b'{"venue":{"lat":"","lon":1}}']
REPEATED = 0.2  # answers that change an earlier one


class Answers:
    """Makes them, one after the other; events are few, so that groups get many answers."""

    def __init__(self, rng, events=60):
        self.rng, self.events, self.sent = rng, events, []

    def some(self, n):
        return [self.record() for _ in range(n)]

    def record(self):
        rng = self.rng
        if rng.random() < 0.004:
            return rng.choice(UNREADABLE)
        again = self.sent and rng.random() < REPEATED
        rsvp = json.loads(rng.choice(self.sent[-50:])) if again else self.answer()
        rsvp["response"] = rng.choices(["yes", "no", "waitlist", "", None], [60, 30, 5, 2, 3])[0]
        rsvp["guests"] = rng.choice([0, 0, 0, 1, 2, 4])
        if rng.random() < 0.01:
            del rsvp["response"]
        self.sent.append(json.dumps(rsvp))
        return self.written(rsvp)

    def written(self, rsvp):
        """Writes JSON as producers do, each in its own way."""
        rng = self.rng
        text = json.dumps(rsvp, ensure_ascii=rng.random() < 0.5, separators=rng.choice([(",", ":"), (", ", ": ")]))
        if rng.random() < 0.5:
            text = text.replace("/", "\\/")
        # Coordinates and times are numbers on the wire, digits and all.
        for digits in {c for city in CITIES for c in city[3:]}:
            text = text.replace(f'"#{digits}"', digits)
        return b" " * rng.choice([0, 0, 0, 2, 5]) + text.encode()

    def answer(self):
        rng = self.rng
        n = int(rng.expovariate(1 / (self.events / 5))) % self.events  # some events are far better known than others
        name, country, state, lat, lon = CITIES[n % len(CITIES)]
        event = {"event_name": NAMES[n % len(NAMES)], "event_id": f"e{n}",
                 "event_url": f"https://meetings.example/g{n}/events/e{n}/"}
        if n % 20:
            event["time"] = 1_640_000_000_000 + n * 3_600_000
        if n % 31 == 30:
            event["event_name"] = "zero\0byte"  # no text holds it
        group = {"group_topics": rng.choice([[], [{"urlkey": "hiking", "topic_name": "Hiking"}, None]]), "group_city": name,
                 "group_country": country, "group_id": 20_000_000 + n,
                 "group_name": rng.choice(["Board/Games", "Café"]) if n % 7 == 0 else f"g {n} ",
                 "group_lon": f"#{lon}", "group_urlname": f"g{n}", "group_lat": f"#{lat}"}
        if n % 2 and state is not None:
            group["group_state"] = state
        elif n % 6 == 0:
            group["group_state"] = None
        rsvp = {"visibility": "public", "rsvp_id": 1_800_000_000 + len(self.sent), "mtime": 1_640_000_000_000 + len(self.sent),
                "member": {"member_id": rng.randrange(10**6), "member_name": " Jörg ", "other_services": {"x": {"y": 1}}},
                "event": event, "group": group}
        if rng.random() < 0.6:
            rsvp["member"]["photo"] = "http://photos.example/1.jpeg"
        if n % 5:  # a fifth has no venue
            rsvp["venue"] = {"venue_name": f"{name} Hall", "lon": "#0" if n % 4 == 0 else f"#{lon}", "lat": f"#{lat}",
                             "venue_id": n}
        return rsvp


def text_of(value):
    if value is None or (isinstance(value, str) and "\0" not in value):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Digits):
        return value.text
    raise ValueError("this is not text")


class Digits:
    """A number as it was written."""

    def __init__(self, text):
        self.text = text


def group_of(value):
    """The group that a message counts for; ValueError where it is no row."""
    if value is None:
        raise ValueError("a null value")
    record = json.loads(value.decode("utf-8"), parse_float=Digits, parse_int=Digits)
    if not isinstance(record, dict):
        raise ValueError("no object")
    event, group, venue = (record.get(name) for name in ("event", "group", "venue"))
    for nested in (event, group, venue):
        if nested is not None and not isinstance(nested, dict):
            raise ValueError("no object where one belongs")
    event, group, venue = event or {}, group or {}, venue or {}
    texts = [event.get("event_name"), event.get("event_url"), event.get("time"), *(group.get(name) for name in TEXTS[3:])]
    places = [group.get("group_lat"), group.get("group_lon"), venue.get("lat"), venue.get("lon")]
    return Group(*map(text_of, texts), *(None if p is None else float(text_of(p)) for p in places), text_of(record.get("response")))


class Counts:
    """Returns, over all messages, count(response) of each group, and where records are that are no rows."""

    def __init__(self, messages):
        self.totals, self.dead, self.records = collections.Counter(), [], len(messages)
        for m in messages:
            try:
                group = group_of(m.value)
            except ValueError:
                self.dead.append((m.partition, m.offset))
                continue
            self.totals[group] += group.response is not None
