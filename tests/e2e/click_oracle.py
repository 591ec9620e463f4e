"""The rows that the job of pipelines/active_users must give for a topic of clicks, computed afresh in a few lines of Python.

It shares no code with millrace: clicks are parsed by Python's json, lateness is decided record by record against the
watermark of the record's partition, windows fire at the least watermark of all partitions.
"""
import calendar
import collections
import datetime
import functools
import json
import re

SIZE, DELAY = 300, 300
Row = collections.namedtuple("Row", "start end userid click_number")
PREFIX = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")


class Dead(Exception):
    pass


def text_of(value):
    if value is None or (isinstance(value, str) and "\0" not in value):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise Dead("userid is not text")


def click_of(value):
    """(userid, event time in seconds) of a message's value."""
    if value is None:
        raise Dead("null value")
    try:
        record = json.loads(value.decode("utf-8"))
    except ValueError as e:
        raise Dead(str(e)) from None
    if not isinstance(record, dict):
        raise Dead("no object")
    user = text_of(record.get("userid"))
    stamp = record.get("timestamp")
    match = PREFIX.match(stamp) if isinstance(stamp, str) else None
    if not match:
        raise Dead("no timestamp")
    try:
        at = calendar.timegm(datetime.datetime(*map(int, match.groups())).timetuple())
    except ValueError as e:
        raise Dead(str(e)) from None
    if at > datetime.datetime.now().timestamp() + 3600:
        raise Dead("beyond future_skew")
    return user, at


class Result:
    def __init__(self, messages, partitions):
        self.late, self.dead, self.records = 0, [], len(messages)
        counts, watermarks = collections.Counter(), [float("-inf")] * partitions
        for m in messages:
            try:
                user, at = click_of(m.value)
            except Dead:
                self.dead.append((m.partition, m.offset))
                continue
            start = at // SIZE * SIZE
            if start + SIZE <= watermarks[m.partition]:
                self.late += 1
            else:
                counts[start, user] += 1
            watermarks[m.partition] = max(watermarks[m.partition], at - DELAY)
        mark = min(watermarks)
        self.taken = sum(counts.values())
        self.rows = [Row(start, start + SIZE, user, n) for (start, user), n in counts.items() if start + SIZE <= mark]


@functools.lru_cache(maxsize=100_000)
def seconds(stamp):
    """Epoch seconds of a timestamp as millrace writes it, which has no fraction here."""
    return calendar.timegm(datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").timetuple())


def row_of_json(line):
    columns = json.loads(line)
    if list(columns) != ["start", "end", "userid", "click_number"]:
        raise ValueError(f"other columns, or in another order: {line!r}")
    return Row(seconds(columns["start"]), seconds(columns["end"]), columns["userid"], columns["click_number"])


def rows_of_maria(mariadb, table):
    """The rows of a table in MariaDB, whose client prints some signs of a text otherwise than they are."""
    asked = mariadb.ask("select date_format(start, '%Y-%m-%dT%H:%i:%sZ'), date_format(`end`, '%Y-%m-%dT%H:%i:%sZ'), hex(userid), click_number "
                        f"from `{table}`")
    return [Row(seconds(a), seconds(b), None if c == "NULL" else bytes.fromhex(c).decode(), int(d)) for a, b, c, d in asked]
