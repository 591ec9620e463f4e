"""Requests while the server is stopped, killed and resumed with other threads: those that were answered are there, each once"""
import http.client
import socket

from golden.millrace import Wrong, same


def run(place):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    a = place.attempt("served")
    env = {"PORT": str(port)}
    answered, maybe = [], []
    n = 0

    def ask(path, number, reply):
        """Returns what a client knows: answered; or, if the connection broke first, no answer."""
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            # Headers named as members of the event do not replace them, however they are spelt.
            c.request("GET", path, headers={"X-Number": str(number), "Event-Type": "forged", "TIMESTAMP": "forged"})
            response = c.getresponse()
            found = response.status, response.read().decode()
            c.close()
        except (OSError, http.client.HTTPException):
            return False
        same(found, (200, reply))
        return True

    def listens():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    rng = place.random
    for life in range(6):
        p = a.start(["--threads", rng.choice([1, 2, 4])], env=env)
        a.wait(listens, p, timeout=60)
        for _ in range(rng.randrange(20, 60)):
            join = rng.random() < 0.5
            if ask("/join" if join else "/", n, "joined\n" if join else "hello\n"):
                answered.append((n, join))
            else:
                maybe.append((n, join))
            n += 1
        if life == 3:
            # Killed with a request under way: nobody knows whether it was taken.
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.sendall(b"GET /join HTTP/1.1\r\nHost: h\r\nX-Number: %d\r\n\r\n" % n)
                a.kill(p)
            maybe.append((n, True))
            n += 1
        elif rng.random() < 0.5:
            a.kill(p)
        else:
            a.stop(p)
    p = a.start(env=env)
    rows = lambda: [(dict(r)["n"], dict(r)["kind"] == "join") for r in a.table("rows")]
    a.wait(lambda: set(answered) <= set(rows()) and a.lines_so_far("joins.txt") >= sum(j for _, j in answered), p)
    a.stop(p)
    found = rows()
    if len(found) != len(set(found)):
        raise Wrong(f"a request is there twice: {sorted(found)}")
    more = set(found) - set(answered)
    if not more <= set(maybe):
        raise Wrong(f"nobody asked for {more - set(maybe)}")
    # The log's order is the requests'.
    same(found, sorted(found))
    same(a.lines("joins.txt"), [f"{number} " for number, join in found if join])
