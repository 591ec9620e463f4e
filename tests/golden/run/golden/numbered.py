"""Input that can be any length, and its counts: one record a second from 10:00 on, three users in turn, windows of five minutes."""


def records(n):
    return "".join('{"u":"u%d","t":"2021-04-24T10:%02d:%02dZ"}\n' % (i % 3, i // 60, i % 60) for i in range(n))


def expected(n):
    rows = []
    for w in range((n + 299) // 300):
        for u in range(3):
            count = sum(i % 3 == u for i in range(w * 300, min(n, w * 300 + 300)))
            rows.append('{"u":"u%d","n":%d,"window_start":"2021-04-24T10:%02d:00Z","window_end":"2021-04-24T10:%02d:00Z"}' % (u, count, w * 5, w * 5 + 5))
    return rows
