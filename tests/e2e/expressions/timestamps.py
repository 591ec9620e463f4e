#!/usr/bin/env -S python3 -B
"""Draws texts of timestamps from a seed, most of them well-formed, some with a character too many, and compares
what millrace and a real PostgreSQL 15 read: the same moment, or both refuse. millrace may refuse what
docs/functions.md names (READ_BY_POSTGRES_ALONE). Then the other direction, of a parser's "format" with
"trailing": "ignore": where the whole text is a timestamp to PostgreSQL, the pattern reads the same moment, cut to the
parts that it names, or nothing. At last the same with a "zone", which PostgreSQL has as the zone of the session, around
changes of its clocks, also without a "format".

Prints each difference, then a count; exit status 1 where something differs, 77 where there is no PostgreSQL.

    tests/e2e/expressions/timestamps.py --cases-program build/release/tests/e2e/expressions/expression_cases --count 100000
"""

import datetime
import json
import random
import re
import subprocess
import sys
import tempfile

from against_postgres import COUNTED, Postgres, options_of, our_results

MONTHS = ["Jan", "January", "feb", "MAR", "april", "Apr", "May", "june", "Jul", "AUGUST", "sep", "Sept", "Oct", "november", "Dec"]
DAYS = ["Sat", "sunday", "MON", "Tues", "Weds", "Thur", "Friday"]
ZONES = ["Z", "z", "UTC", "utc", "GMT", "Zulu", "UT", "CET", "cest", "EST", "PDT", "MSK", "SGT", "IST", "NOVST", "Volt", "ART",
         "America/New_York", "asia/ho_chi_minh", "Europe/Berlin", "Etc/GMT+2", "GMT+0", "GMT0", "EST5EDT", "Japan", "FOO",
         "Asia/Kathmandu", "America/Argentina/Buenos_Aires", "UTC+02:00", "GMT+0200", "GMT-3"]
# forms that millrace refuses on purpose; docs/functions.md
WORDS = r"now|today|tomorrow|yesterday|[-+]?\s*infinity|epoch|allballs|j|jd|julian|y|m|d|h|mm|s|dow|doy|isodow|isoyear|dst"
READ_BY_POSTGRES_ALONE = [
    re.compile(rf"(?<![a-z])({WORDS})(?![a-z])", re.I),
    re.compile(r"(?<![a-z])(?!t[0-9])[a-z][a-z_./]*[-+]*[0-9]", re.I),  # a zone as POSIX writes it
    re.compile(r"^[^0-9]*(?<![a-z])[a-z]{1,6}[^a-z0-9]+[0-9]+[-./]", re.I),  # a zone's abbreviation in front of the date
    re.compile(r":-"),  # a sign within an offset
    re.compile(r"[0-9]\.[0-9]{3}.*BC", re.I),  # a day of a year before PostgreSQL's first, which it takes for another
    re.compile(r"(?<![0-9])366(?![0-9])"),  # a day that the year does not have
    re.compile(r"(?<![0-9])[0-9]{7,}[-./ ]"),  # a year beyond PostgreSQL's integers
]


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    def number(self, low, high, width=2):
        n = self.random.randint(low, high)
        return f"{n:0{width}}" if self.random.random() < 0.8 else str(n)

    def year(self):
        return self.one_of(lambda: str(self.random.randint(1900, 2100)), lambda: str(self.random.randint(1900, 2100)),
                           lambda: f"{self.random.randint(0, 99):02}", lambda: f"{self.random.randint(0, 12000):04}")

    def date(self):
        y, m, d = self.year(), self.number(1, 13 if self.random.random() < 0.05 else 12), self.number(1, 29)
        if self.random.random() < 0.1:
            d = self.number(0, 32)
        name = self.random.choice(MONTHS)
        sep = self.random.choice("---/.")
        return self.one_of(f"{y}{sep}{m}{sep}{d}", f"{y}-{m}-{d}", f"{y}-{m}-{d}", f"{m}/{d}/{y}", f"{d}{sep}{name}{sep}{y}",
                           f"{y}{sep}{name}{sep}{d}", f"{name} {d}, {y}", f"{d} {name} {y}", f"{name} {d} {y}", f"{y} {name} {d}",
                           f"{y:0>4}{m:0>2}{d:0>2}", f"{y}{m}{d}", f"{y}.{self.random.randint(1, 366):03}",
                           f"{y} {self.random.randint(1, 366):03}", f"{m} {d} {y}", f"{name}-{d}-{y}", f"{y}{sep}{m}", name)

    def fraction(self):
        r = self.random
        digits = "".join(r.choice("0123456789") for _ in range(r.randint(0, 10)))
        if r.random() < 0.2:
            digits = digits[:6].ljust(6, "1") + "5"
        return r.choice("....,") + digits

    def time(self):
        h, m, s = self.number(0, 25 if self.random.random() < 0.1 else 23), self.number(0, 60), self.number(0, 60)
        text = self.one_of(f"{h}:{m}:{s}", f"{h}:{m}:{s}", f"{h}:{m}", f"{h:0>2}{m:0>2}{s:0>2}", f"{h:0>2}{m:0>2}", h, f"{h}:",
                           f"{h}:{m}:")
        if self.random.random() < 0.4:
            text += self.fraction()
        if self.random.random() < 0.15:
            text += self.one_of(" ", "") + self.one_of("AM", "pm", "Pm", "a.m.")
        return text

    def zone(self):
        offset = self.one_of("+", "-", "+", "-", "+ ") + self.one_of(
            lambda: f"{self.random.randint(0, 16):02}", lambda: f"{self.random.randint(0, 15):02}:{self.random.randint(0, 60):02}",
            lambda: f"{self.random.randint(0, 15):02}{self.random.randint(0, 60):02}", lambda: str(self.random.randint(0, 999)),
            lambda: f"{self.random.randint(0, 15):02}:{self.random.randint(0, 59):02}:{self.random.randint(0, 60):02}")
        return self.one_of("", " ") + self.one_of(offset, offset, self.random.choice(ZONES))

    def text(self):
        r = self.random
        parts = [self.date()]
        if r.random() < 0.85:
            parts.append(self.one_of(" ", "T", " ", "t", "  ", ", ", "") + self.time())
        if r.random() < 0.6:
            parts.append(self.zone())
        if r.random() < 0.1:
            parts.insert(r.randint(0, len(parts)), " " + self.one_of(*DAYS, "BC", "AD", "at", "on", "(", ")", ",", "BC") + " ")
        if r.random() < 0.05:
            r.shuffle(parts)
        text = "".join(parts)
        if r.random() < 0.25:
            for _ in range(r.randint(1, 2)):
                at = r.randrange(len(text) + 1)
                text = text[:at] + r.choice("0123456789:-+./ ,TZamp_()[]é") + text[at + r.randint(0, 1):]
        return self.one_of("", "", "", " ") + text + self.one_of("", "", "", " ", "\f" if r.random() < 0.1 else "")


READ = """set client_min_messages = error;
create or replace function read_timestamps(t text) returns text language plpgsql as $$
declare zoned text; wall text;
begin
  begin zoned := (t::timestamptz)::text; exception when others then zoned := null; end;
  begin wall := (t::timestamp)::text; exception when others then wall := null; end;
  return json_build_array(zoned, wall)::text;
end $$;
drop table if exists texts;
create table texts (n int, t text);
copy texts from stdin;
"""


def read_by_postgres(server, texts):
    rows = "".join(f"{n}\t{t}\n" for n, t in enumerate(texts))
    found = server.psql(READ + rows + "\\.\nselect read_timestamps(t) from texts order by n;\n")
    return [json.loads(line) for line in found.split("\n") if line]


def read_by_us(program, texts):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("column s text\n" + "".join(f"row {t}\n" for t in texts) + "s::timestamptz\ns::timestamp\n")
        file.flush()
        zoned, wall = our_results(program, file.name)
    return [[None if isinstance(v, dict) else v for v in pair] for pair in zip(zoned["values"], wall["values"])]


def is_no_time(digits):
    """A run-together time out of range: more than 24 hours, 59 minutes or 60 seconds, which PostgreSQL adds up."""
    return digits[:2] > "23" or digits[2:4] > "59" or digits[4:] > "59"


# pattern, and how PostgreSQL calls the finest part that it reads
PATTERNS = [("%Y-%m-%d %H:%M:%S", "second"), ("%Y-%m-%d %H:%M:%S", "second"), ("%Y-%m-%dT%H:%M:%S", "second"),
            ("%Y-%m-%d %H:%M", "minute"), ("%m/%d/%Y %H:%M", "minute"), ("%b %d %Y %H:%M", "minute"), ("%m/%d/%y", "day"),
            ("%Y-%m-%d", "day"), ("%Y-%m-%d %I:%M %p", "minute"), ("%Y-%m-%d %H:%M:%S %z", "second"), ("%d %b %Y %H", "hour"),
            ("%Y-%m-%d %H:%M:%S %Z", "second"), ("%Y%m%d", "day")]


def tailed_text(source, pattern):
    """A text that the pattern reads, often with a tail that may say another moment."""
    r = source.random
    moment = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=r.randrange(50 * 365 * 86400))
    text = moment.strftime(pattern.replace("%z", r.choice(["+0000", "+0530", "-03:30", "Z", "+00:19:32"])).replace(
        "%Z", r.choice(["UTC", "GMT", "Z"])))
    for _ in range(r.randint(0, 2)):
        text += r.choice(["", " ", " ", ", "]) + r.choice([
            ":30", ".796", ",5", ":30.796", ":30.796+0000", "19:55", "T19:55", "T19:55:30Z", "7", "+0200", "+02:00", "-7", "+00",
            "+00:00", "+00:19:32", "PM", "am", "a.m.", "BC", "AD", "Z", "Sat", "sunday", "at", "(", ")", "[", "UTC", "GMT",
            *ZONES[:26], "note", "+", "-", "/", "|", "5 rows"])
    return text


def compare_patterns(server, program, source, count):
    """Differences of texts that the pattern reads and PostgreSQL, too; and how many those are."""
    drawn = [source.random.choice(PATTERNS) for _ in range(count)]
    texts = [tailed_text(source, pattern) for pattern, _ in drawn]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"{pattern}\t{text}\n" for (pattern, _), text in zip(drawn, texts)))
        file.flush()
        done = subprocess.run([program, "--patterns", file.name], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    ours = [json.loads(line) for line in done.stdout.split("\n") if line]
    rows = "".join(f"{n}\t{t}\t{unit}\n" for n, (t, (_, unit)) in enumerate(zip(texts, drawn)))
    script = READ.replace("n int, t text)", "n int, t text, unit text)") + rows + """\\.
        select coalesce(to_json(date_trunc(unit, (read_timestamps(t)::json ->> 0)::timestamptz)::text)::text, 'null')
        from texts order by n;"""
    theirs = [json.loads(line) for line in server.psql(script).split("\n") if line]
    pairs = [(p, t, a, b.replace("+00", "")) for (p, _), t, a, b in zip(drawn, texts, ours, theirs) if a and b]
    return [f"DIFFERENT {p!r} of {t!r}: {a}, in PostgreSQL {b}" for p, t, a, b in pairs if a != b], len(pairs)


# zones, and times of their clocks that come twice, are skipped, or lie beside
LOCAL = [("Europe/Paris", "2021-03-28 02"), ("Europe/Paris", "2021-10-31 02"), ("Europe/Paris", "1940-06-14 23"),
         ("America/New_York", "2021-03-14 02"), ("America/New_York", "2021-11-07 01"), ("America/New_York", "2045-11-05 01"),
         ("Asia/Ho_Chi_Minh", "1959-12-31 23"), ("Asia/Ho_Chi_Minh", "1975-06-12 23"), ("Asia/Ho_Chi_Minh", "2021-04-24 19"),
         ("Australia/Lord_Howe", "2021-04-04 01"), ("Australia/Lord_Howe", "2021-10-03 02"), ("America/Sao_Paulo", "2017-10-15 00"),
         ("Pacific/Apia", "2011-12-30 12"), ("Asia/Kathmandu", "1986-01-01 00"), ("Etc/UTC", "2021-04-24 19")]
LOCAL_TAILS = ["", "", "", "+0100", "+02:00", " +01", "-0400", "-5", "+11", "+1030", "+07:00", "-02", "Z", " UTC", " CET", " CEST", " EST",
               " EDT", ".5", " Europe/Paris", " america/new_york", ":30", " 12:30", " note", " Sun"]
LOCAL_PATTERNS = [(p, unit) for p, unit in PATTERNS if not any(d in p for d in ("%z", "%Z", "%y"))]
IN_ZONE = """set client_min_messages = error;
create or replace function read_in_zone(t text, z text, unit text) returns text language plpgsql as $$
begin
  perform set_config('timezone', z, false);
  if unit = '' then return t::timestamptz at time zone 'UTC'; end if;
  return date_trunc(unit, t::timestamp with time zone at time zone z) at time zone z at time zone 'UTC';
exception when others then return null;
end $$;
drop table if exists local_texts;
create table local_texts (n int, t text, z text, unit text);
copy local_texts from stdin;
"""


def local_text(source):
    """Pattern, text, zone, and the finest part that is read; of a time near a change of clocks."""
    r = source.random
    zone, hour = r.choice(LOCAL)
    moment = datetime.datetime.strptime(hour, "%Y-%m-%d %H") + datetime.timedelta(seconds=r.randrange(-7200, 10800))
    if r.random() < 0.3:
        moment += datetime.timedelta(days=r.randrange(-20000, 10000))
    pattern, unit = r.choice(LOCAL_PATTERNS)
    more = [tail for tail in LOCAL_TAILS if tail.startswith(" ")]
    text = moment.strftime(pattern) + r.choice(LOCAL_TAILS) + r.choice(["", "", r.choice(more)])
    return r.choice([(pattern, text, zone, unit), ("", text, zone, "")])


def compare_zones(server, program, source, count):
    """Differences of texts that show the clocks of a zone; how many both read, and how many of these by a pattern."""
    drawn = [local_text(source) for _ in range(count)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"{pattern}\t{text}\t{zone}\n" for pattern, text, zone, _ in drawn))
        file.flush()
        done = subprocess.run([program, "--patterns", file.name], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    ours = [json.loads(line) for line in done.stdout.split("\n") if line]
    rows = "".join(f"{n}\t{text}\t{zone}\t{unit}\n" for n, (_, text, zone, unit) in enumerate(drawn))
    found = server.psql(IN_ZONE + rows + "\\.\nselect coalesce(to_json(read_in_zone(t, z, unit))::text, 'null') from local_texts "
                        "order by n;\n")
    theirs = [json.loads(line) for line in found.split("\n") if line]
    wrong = [f"DIFFERENT {d}: {a}, in PostgreSQL {b}" for d, a, b in zip(drawn, ours, theirs) if a != b and a and b]
    wrong += [f"DIFFERENT {d}: none, in PostgreSQL {b}" for d, a, b in zip(drawn, ours, theirs)
              if not d[0] and b and not a and not may_be_refused(d[1], b)]
    both = [d[0] for d, a, b in zip(drawn, ours, theirs) if a and b]
    return wrong, len(both), sum(pattern != "" for pattern in both)


def may_be_refused(text, moment):
    year = int(re.match(r"\d+", moment).group())
    return (year > 9999 or moment.endswith("BC") or any(known.search(text) for known in READ_BY_POSTGRES_ALONE)
            or any(map(is_no_time, re.findall(r"(?<=[^0-9])([0-9]{6}|[0-9]{4})(?![0-9])", text.strip()))))


def difference(text, ours, theirs):
    for mine, other in zip(ours, theirs):
        other = other.replace("+00", "") if other else other
        if mine != other and not (mine is None and may_be_refused(text, other)):
            return f"DIFFERENT {text!r}: {mine}, in PostgreSQL {other}"
    return None


def main():
    options = options_of(__doc__, **COUNTED)
    source = Texts(options.seed)
    texts = [source.text() for _ in range(options.count)]
    ours = read_by_us(options.cases_program, texts)
    with Postgres() as server:
        theirs = read_by_postgres(server, texts)
        wrong, compared = compare_patterns(server, options.cases_program, source, options.count)
        wrong_local, local, by_pattern = compare_zones(server, options.cases_program, source, options.count)
    wrong += wrong_local
    wrong += [w for w in map(difference, texts, ours, theirs) if w]
    for line in wrong[:40]:
        print(line)
    both = sum(mine[0] is not None for mine in ours)
    refused = sum(mine[0] is None and other[0] is not None for mine, other in zip(ours, theirs))
    print(f"{len(texts)} texts: {both} read, {refused} read by PostgreSQL alone; {compared} of as many read by a pattern and by "
          f"PostgreSQL; {local} of as many in a zone, {by_pattern} of them by a pattern; {len(wrong)} different")
    fourth = len(texts) // 4
    return 1 if wrong or both < fourth or compared < fourth or local < fourth or by_pattern < fourth // 5 else 0


if __name__ == "__main__":
    sys.exit(main())
