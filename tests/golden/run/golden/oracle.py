"""The rows that windows must give, by the definitions and slowly: every record against every window, in the order of its partition."""
import datetime
import json

SECOND = 1_000_000
MINUTE = 60 * SECOND
EPOCH = datetime.datetime(1970, 1, 1)


def iso(micros):
    text = (EPOCH + datetime.timedelta(microseconds=micros)).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def micros(text):
    t = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
    return (t - EPOCH) // datetime.timedelta(microseconds=1)


def windows_of(time, size, slide):
    """Starts of the windows that hold this time: the multiples of the slide in (time - size, time]."""
    last = time - time % slide
    return [s for s in range(last - size + slide, last + 1, slide) if s <= time < s + size]


def fold(partitions, size, slide=None, delay=0, lateness=0, windows_at=None):
    """partitions: lists of (event time, row). Gives {(start, end): [rows]} and the late rows. windows_at(time): (start, end) of others than multiples."""
    slide = slide or size
    windows_at = windows_at or (lambda time: [(s, s + size) for s in windows_of(time, size, slide)])
    windows, late = {}, []
    for partition in partitions:
        watermark = None
        for time, row in partition:
            open_ones = [w for w in windows_at(time) if watermark is None or w[1] + lateness > watermark]
            for w in open_ones:
                windows.setdefault(w, []).append(row)
            if not open_ones:
                late.append(row)
            watermark = time - delay if watermark is None else max(watermark, time - delay)
    return windows, late


def groups(windows, key, aggregate):
    """Rows of all windows by window end and key (nulls last), each aggregate(rows of the group) between key and window."""
    out = []
    for (start, end), rows in sorted(windows.items(), key=lambda w: w[0][1]):
        by_key = {}
        for row in rows:
            by_key.setdefault(tuple(row.get(k) for k in key), []).append(row)
        for values, members in sorted(by_key.items(), key=lambda g: [(v is None, v) for v in g[0]]):
            out.append({**dict(zip(key, values)), **aggregate(members), "window_start": iso(start), "window_end": iso(end)})
    return out


def lines(rows):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def sessions(partitions, gap, delay=0, lateness=0):
    """Works like fold(): {(start, end, user): [rows]} by row["u"], and the late rows, whose time and gap are below the watermark."""
    taken, late = {}, []
    for partition in partitions:
        watermark = None
        for time, row in partition:
            over = time if watermark is None else watermark - lateness
            if time + gap <= over:
                late.append(row)
            else:
                taken.setdefault(row.get("u"), []).append((max(time, over), time, row))
            watermark = time - delay if watermark is None else max(watermark, time - delay)
    out = {}
    for user, spans in taken.items():
        for of in unions(spans, gap):
            out[of[0][1], of[-1][1] + gap, user] = [row for _, _, row in of]
    return out, late


def unions(spans, gap):
    """Lists of (begin, time, row) whose spans [begin, time + gap) overlap, each in order of time."""
    out, end = [], None
    for span in sorted(spans, key=lambda s: s[0]):
        if end is None or span[0] >= end:
            out.append([])
            end = span[1] + gap
        out[-1].append(span)
        end = max(end, span[1] + gap)
    return [sorted(of, key=lambda s: s[1]) for of in out]
