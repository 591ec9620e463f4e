"""The page while it is looked at: what a reader has selected, typed or opened survives its looks; it follows server-sent events, and asks
where it gets none. page.py runs these cases."""
import contextlib
import json
import sqlite3
import urllib.error
import urllib.request

from cluster_under_test import Cluster
from counts_under_test import Counts
from real_systems import PATIENCE, check, http_status, topology_file, wait_until

# Resolves after so many looks.
LOOKS = "(async () => { for (let i = 0; i < %d; i++) await new Promise(r => addEventListener('shown', r, { once: true })); })()"
# Questions for figures and the graph that have been answered, beside events.
ASKED = r"performance.getEntriesByType('resource').filter(r => /\/(graph|figures)$/.test(r.name)).length"


def looks(b, times=3):
    b.run(LOOKS % times)


def records_of(b, stage):
    """Finds a row in the table of stages; None where it is not there."""
    text = b.run(f"[...document.querySelectorAll('main tbody tr')].find(r => r.cells[0].textContent === {json.dumps(stage)})?.cells[3].textContent ?? null")
    return None if text is None or not text.replace(",", "").isdigit() else int(text.replace(",", ""))


def with_a_record(c):
    """The page of a topology that has read one."""
    c.start()
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"})
    c.open("t", c.name)
    wait_until("the record is shown", lambda: records_of(c.browser, "parsed") == 1)
    return c.browser


def what_a_reader_did_stays(c):
    """A selection, the focus, what was typed and how far was scrolled survive refreshes that change the figures around them"""
    b = with_a_record(c)
    b.run("getSelection().selectAllChildren([...document.querySelectorAll('main td')].find(e => e.textContent === 'window (tumbling)'))")
    b.run("document.querySelector('main tbody a').focus()")
    b.run("document.querySelector('main tbody a').isMine = true")
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"})
    wait_until("the next one is shown", lambda: records_of(b, "parsed") == 2)
    looks(b)
    check(b.run("getSelection().toString()") == "window (tumbling)", "the selection is lost")
    check(b.run("document.activeElement.isMine === true"), "the focus is lost")
    # A question stays, with what was typed and what was answered.
    c.open_with_token("silent")
    b.wait_for("One key of a window")
    b.fill("#field-key", "u")
    b.click("main form button", "Ask")
    b.wait_for("1 open window has records of this key")
    b.wait_for("the window that ends at 2026-11-01T12:05:00Z fires")
    b.run("scrollTo(0, 50)")
    c.post({"user": "u", "at": "2026-11-01T12:02:00Z"})
    looks(b)
    check(b.run("document.querySelector('#field-key').value") == "u", "what was typed is lost")
    check("1 open window has records of this key" in b.text(), "the answer is lost")
    check(b.run("scrollY") == 50 or b.run("document.documentElement.scrollHeight <= innerHeight"), "it has scrolled by itself")
    c.screenshot("why_silent_with_key")
    c.nothing_complained()
    c.run.stop()


def elements_are_kept(c):
    """The shown picture becomes the new one: rows come at the top and go, kept elements and open details stay, and buttons do what they say"""
    c.start()
    c.open()
    b = c.browser
    b.wait_for(c.name)
    wrong = b.run(r"""(async () => {
      const { show, keeping } = await import('/patching.js'), { el, table } = await import('/elements.js');
      const root = document.body.appendChild(document.createElement('div')), wrong = [], pressed = [];
      const must = (is, what) => { if (!is) wrong.push(what); };
      const rows = names => table('Rows', [{ name: 'Name' }, { name: 'Length' }], names.map(n => [n, n.length]), 'none');
      const names = () => [...root.querySelectorAll('tbody tr')].map(r => r.cells[0].textContent).join();
      const canvas = el('canvas');
      const look = (all, label, more = []) => show(root, [...more, rows(all), el('details', {}, el('summary', {}, 'More'), label), keeping(canvas),
        el('button', { onclick: () => pressed.push(label) }, label), el('input', { value: label })]);
      look(['a', 'bb', 'ccc'], 'Pause');
      const kept = [...root.querySelectorAll('tbody tr')], button = root.querySelector('button'), details = root.querySelector('details'), input = root.querySelector('input');
      details.open = true;
      input.value = 'typed';
      look(['new', 'a', 'bb'], 'Resume', [el('p', {}, 'A box that comes')]);
      must(names() === 'new,a,bb', `rows are ${names()}`);
      must(root.querySelectorAll('tbody tr')[1] === kept[0] && root.querySelectorAll('tbody tr')[2] === kept[1], 'rows that were there are new ones');
      must(!kept[2].isConnected, 'a row that went is there');
      must(root.querySelector('p') === root.firstChild, 'the box is elsewhere');
      must(details.isConnected && details.open && details.textContent === 'MoreResume', 'the details are closed, or old');
      must(canvas.parentNode === root, 'a kept element is lost');
      must(input.isConnected && input.value === 'typed', 'what was typed is lost');
      button.click();
      must(button.isConnected && button.textContent === 'Resume' && pressed.join() === 'Resume', `a button has done ${pressed}`);
      for (const all of [[], ['z'], ['y', 'z'], ['z', 'y'], ['x', 'x', 'x'], ['x'], ['q', 'x', 'r'], ['r'], []]) {
        look(all, 'Pause');
        const fresh = document.createElement('div');
        fresh.append(rows(all));
        must(root.firstChild.outerHTML === fresh.firstChild.outerHTML, `${all} are shown as ${root.firstChild.outerHTML}`);
      }
      must(canvas.parentNode === root, 'a kept element is lost later');
      const stages = all => show(root, [table('Stages', [{ name: 'Stage' }, { name: 'Rows' }, { name: '' }],
        all.map(([n, rows]) => [el('a', { href: `#/${n}` }, n), rows, el('button', { onclick: () => pressed.push(n) }, 'Restart')]), 'none')]);
      stages([['a', 1], ['b', 2], ['c', 3]]);
      const row = [...root.querySelectorAll('tbody tr')], restart = row.map(r => r.querySelector('button'));
      stages([['b', 20], ['c', 30], ['d', 40]]);
      must([...root.querySelectorAll('tbody tr')].slice(0, 2).every((r, i) => r === row[i + 1]), 'the row of a stage has become that of another one');
      must(row[1].cells[1].textContent === '20' && restart[1].isConnected && !row[0].isConnected, 'a row is not as it is to be');
      restart[0].click(); restart[1].click();
      must(pressed.join() === 'Resume,a,b', `buttons have done ${pressed}`);
      show(root, [el('a', { href: '#/a' }, 'a'), el('a', { href: '#/b' }, 'b')]);
      const led = root.firstChild;
      show(root, [el('a', { href: '#/b' }, 'b'), el('a', { href: '#/c' }, 'c')]);
      must(!led.isConnected && root.textContent === 'bc', 'a link leads elsewhere');
      stages([['a', 1], ['b', 2], ['c', 3]]);
      for (const order of ['cab', 'bca', 'acb', 'b']) {
        const row = root.querySelectorAll('tbody tr')[order.length === 1 ? 2 : 0], name = row.cells[0].textContent, focused = row.querySelector('button');
        focused.focus();
        stages([...order].map((n, i) => [n, i]));
        must(document.activeElement === focused || !order.includes(name), `the button of ${name} has lost the focus`);
        must(names() === [...order].join(), `rows are ${names()}, not ${order}`);
      }
      const region = (name, text) => el('div', { role: 'region', 'aria-label': name }, el('a', { href: '#/x' }, 'x'), text);
      show(root, [region('Graph', '1'), region('Stages', '2')]);
      const link = root.querySelector('a');
      link.focus();
      show(root, [el('div', {}, 'Held up'), region('Graph', '3'), region('Stages', '4')]);
      must(document.activeElement === link && root.textContent === 'Held upx3x4', 'a box that comes takes the focus away');
      return wrong;
    })()""")
    check(wrong == [], f"{wrong}")
    c.nothing_complained()
    c.run.stop()


def pure_parts(c):
    """Events are read from whatever pieces a stream comes in, and an address that encodes nothing stands for itself"""
    c.start()
    c.open()
    b = c.browser
    b.wait_for(c.name)
    wrong = b.run(r"""(async () => {
      const { eventReader, pauseAfter } = await import('/events.js'), { partsOf } = await import('/address.js'), wrong = [];
      const must = (is, what) => { if (!is) wrong.push(what); };
      const text = ': waiting\n\nevent: graph\ndata: {"a": "ä: b"}\n\n: no answer\n\nevent: end\ndata: 1\ndata: 2\n\ndata: last\n\n'
        + 'event: cut\ndata: of';
      for (let size = 1; size <= text.length; size++) {
        const found = [], read = eventReader((name, data) => found.push(`${name}=${data}`));
        for (let i = 0; i < text.length; i += size) read(text.slice(i, i + size));
        must(found.join() === 'graph={"a": "ä: b"},end=1\n2,message=last', `in pieces of ${size}: ${found}`);
      }
      const pauses = [1, 2, 3, 6, 100].map(pauseAfter);
      must(pauses.join() === '1000,2000,4000,30000,30000', `pauses are ${pauses}`);
      for (const [hash, parts] of [['', ['']], ['#/', ['']], ['#/t/a%20b/ledger', ['t', 'a b', 'ledger']], ['#/t/%', ['t', '%']],
        ['#/t/%zz/%41', ['t', '%zz', 'A']]])
        must(JSON.stringify(partsOf(hash)) === JSON.stringify(parts), `${hash} is ${JSON.stringify(partsOf(hash))}`);
      return wrong;
    })()""")
    check(wrong == [], f"{wrong}")
    b.open(c.url("t", "%"))
    b.wait_for("no topology % runs here")
    b.click("a.home")
    b.wait_for(c.name)
    b.open(c.url("t", c.name))
    b.wait_for("tumbling")
    c.nothing_complained("status of 404")
    c.run.stop()


def a_click_takes_its_time(c):
    """The element under the pressed pointer stays as it is until it is released, also if news come meanwhile; then it is clicked, and the rest is
    shown"""
    b = with_a_record(c)
    at = b.run("""(() => { const e = [...document.querySelectorAll('main tbody a')].find(e => e.textContent === 'parsed');
      e.scrollIntoView({block: 'center'});
      const r = e.getBoundingClientRect();
      return [r.x + r.width / 2, r.y + r.height / 2]; })()""")

    def pointer(kind):
        b.tell("Input.dispatchMouseEvent", {"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1})
    pointer("mousePressed")
    c.post({"user": "u", "at": "2026-11-01T12:02:00Z"})

    told = f"import('/live.js').then(l => l.graphOf('{c.name}')).then(g => g.stages.find(s => s.stage === 'parsed').records)"
    wait_until("the page is told of the next one", lambda: b.run(told) == 2)
    # Looks that are asked for would be over by then.
    b.run("(async () => { for (let i = 0; i < 30; i++) { dispatchEvent(new Event('acted')); await fetch('/api/v1/topologies').then(a => a.text());"
          " } })()")
    check(records_of(b, "parsed") == 1, "the view has changed under the pointer")
    pointer("mouseReleased")
    wait_until("the link was clicked", lambda: b.run("location.hash").endswith("/stage/parsed"))
    b.open(c.url("t", c.name))
    wait_until("what came is shown", lambda: records_of(b, "parsed") == 2)
    c.nothing_complained()
    c.run.stop()


def the_newest_letters(c):
    """The newest 200 of many dead letters are asked for and shown, with a word about the others"""
    c.topology["dead_letters"] = {"roll": {"rows": 120}}
    c.start()
    for part in range(4):
        c.post(*({"user": f"letter {100 * part + i}", "at": "never"} for i in range(100)))
    c.open_with_token("letters")
    b = c.browser
    b.wait_for("By stage and error")

    def newest():
        return b.run("[...document.querySelectorAll('main table')].at(-1).querySelectorAll('tbody tr').length"), \
            b.run("[...document.querySelectorAll('main table')].at(-1).querySelector('tbody tr').innerText")

    def are_shown():
        b.run("dispatchEvent(new Event('acted'))")
        looks(b, 1)
        rows, first = newest()
        return rows == 200 and "letter 399" in first
    wait_until("the newest are shown", are_shown)
    b.wait_for("Older ones are kept, too")
    check("letter 100" not in b.text(), "an old one is shown")
    c.nothing_complained()
    c.run.stop()


def cluster_of_one(c):
    """A cluster that has begun, and its node."""
    cluster = Cluster(c.binary, c.folder / "cluster", leading=("a",), following=(), patient=True)
    cluster.start()
    return cluster, cluster.nodes["a"]


def why_it_has_failed(c):
    """The stream of a page that has the token tells why a topology has failed, with the record; that of another one does not"""
    cluster, node = cluster_of_one(c)
    lines = c.folder / "lines.jsonl"
    lines.write_text('{"n": 1}\n')
    path = topology_file(c.folder / "strict.json", "strict", {
        "lines": {"source": "file", "path": str(lines), "follow": True, "node": "a"},
        "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}, "on_error": "fail"},
        "rows": {"sink": "file", "from": "parsed", "path": str(c.folder / "rows.jsonl"), "columns": {"n": "n"}, "node": "a"}})
    cluster.ask("apply", path)
    address = (node.state / "http").read_text().strip()
    c.open_empty()
    b = c.browser
    b.open(f"{address}/#token={(node.state / 'token').read_text().strip()}")
    b.wait_for("strict")
    b.open(f"{address}/#/t/strict")
    wait_until("it reads", lambda: records_of(b, "parsed") == 1)
    with open(lines, "a", encoding="utf-8") as f:
        f.write('{"n": "SECRET"}\n')
    b.wait_for("it has failed at parsed")
    b.wait_for("SECRET")
    check(records_of(b, "parsed") is not None and records_of(b, "parsed") >= 1, "a topology that is over shows no records")
    c.screenshot("failed")
    b.open_tab(is_apart=True)
    b.open(f"{address}/#/t/strict")
    b.wait_for("it has failed at parsed")
    b.wait_for("requests with the token see why")
    check("SECRET" not in b.text(), "without the token it tells the record")
    c.nothing_complained()
    cluster.stop()


def streams_of(c):
    """One more stream than there are: its status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{c.http}/api/v1/topologies/{c.name}/events", timeout=20 * PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code


def follows_events(c):
    """It takes events and asks for nothing that they have; a killed process that is started again is shown again, by events in the end"""
    c.start()
    c.open("t", c.name)
    b = c.browser
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"})
    wait_until("the record is shown", lambda: records_of(b, "parsed") == 1)

    def follows():
        before = b.run(ASKED)
        looks(b)
        return b.run(ASKED) == before
    wait_until("it takes events", follows)
    c.run.kill()
    b.wait_for("millrace does not answer; trying again")
    c.start()
    b.wait_for("as of ")
    c.post({"user": "u", "at": "2026-11-01T12:02:00Z"})
    wait_until("what came since is shown", lambda: records_of(b, "parsed") == 1)
    wait_until("it takes events again", follows)
    c.nothing_complained("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED_ENCODING")
    c.run.stop()


def many_pages(c):
    """Nine pages of nine people, one more than there are streams, and nine of one browser: all show what comes; a hidden one gives its stream back"""
    c.start()
    c.open("t", c.name)
    b = c.browser
    pages = [b.session, *(b.open_tab(is_apart=True) for _ in range(8))]
    posted = 0

    def all_show():
        nonlocal posted
        posted += 1
        c.post({"user": "u", "at": "2026-11-01T12:01:00Z"})
        for number, page in enumerate(pages):
            b.session = page
            wait_until(f"page {number} shows {posted} records", lambda: records_of(b, "parsed") == posted)
    for page in pages[1:]:
        b.session = page
        b.open(c.url("t", c.name))
    all_show()
    wait_until("eight of them have streams", lambda: streams_of(c) == 503)
    all_show()
    for page in pages:
        b.session = page
        b.run("Object.defineProperty(document, 'hidden', { value: true, configurable: true }), document.dispatchEvent(new Event('visibilitychange'))")
    wait_until("hidden pages have none", lambda: streams_of(c) == 200)
    pages[1:] = [b.open_tab() for _ in range(8)]
    b.session = pages[0]
    b.run("Object.defineProperty(document, 'hidden', { value: false }), document.dispatchEvent(new Event('visibilitychange'))")
    for page in pages[1:]:
        b.session = page
        b.open(c.url("t", c.name))
    all_show()
    c.nothing_complained("status of 503")
    c.run.stop()


def who_holds_it_up(c):
    """The overview has rate and lag of a topology, and names the sink that holds the others up; so does the graph"""
    table = c.folder / "table.db"
    stages = c.topology["stages"]
    stages["table"] = {"sink": "sql", "from": "counts", "connection": f"sqlite3://{table}", "table": "counts", "create": True}
    stages["posted"] = {"source": "generator", "kind": "clicks", "seed": 1, "rate": "5000/s", "spacing": "10 ms"}
    stages["parsed"].update({"schema": {"user_id": "text", "timestamp": "timestamp"}, "event_time": "timestamp"})
    stages["counts"].update({"key": ["user_id"], "size": "1 s", "retain": "200 kB", "retain_memory": "100 kB"})
    stages["rows"]["columns"] = {"user": "user_id", "n": "n"}
    with contextlib.closing(sqlite3.connect(table, isolation_level=None, timeout=60 * PATIENCE)) as db:
        c.is_there = lambda: c.run.alive() and http_status(f"127.0.0.1:{c.http}", "/livez")[0] == 200  # it is not always ready
        c.start("--degraded-by", "late=100%")
        wait_until("the table is there", lambda: db.execute("select 1 from sqlite_master where name = 'counts'").fetchone(), 30)
        c.open()
        b = c.browser

        def cell(number):
            return b.run(f"document.querySelector('main tbody tr')?.cells[{number}].textContent ?? ''")
        def runs():
            return cell(1) == "running" and cell(3).endswith("/s") and float(cell(3)[:-2].replace(",", "")) > 1000 and cell(4) != "" and cell(5) == ""
        wait_until("it runs, its rate and lag are shown, and nobody holds it up", runs)
        db.execute("begin exclusive")
        wait_until("the sink is named", lambda: cell(5) == "table")
        c.screenshot("overview_held_up")
        b.click("main td a", "table")
        wait_until("its link leads to it", lambda: b.run("location.hash").endswith("/stage/table"))
        b.open(c.url("t", c.name))
        b.wait_for("Held up by table")
        db.execute("commit")
        b.open(c.url())
        wait_until("it goes on", runs)
    c.nothing_complained()
    c.run.stop()


def removed_from_a_cluster(c):
    """A topology of a cluster that was stopped is removed by its button and its name; one that runs, and one of `run`, has no such button"""
    cluster, node = cluster_of_one(c)
    counts = Counts(c.folder / "job", "counted", 1, 60 * PATIENCE, 30)  # it does not end before it is stopped
    cluster.ask("apply", counts.topology)
    address = (node.state / "http").read_text().strip()
    c.http = int(address.rsplit(":", 1)[1])
    c.open()
    b = c.browser
    b.open("about:blank")
    b.open(f"{address}/#token={(node.state / 'token').read_text().strip()}")
    b.wait_for("counted")
    wait_until("it runs", lambda: cluster.state_of("counted")[0] == "running")
    cluster.ask("stop", "counted")
    wait_until("it is over", lambda: cluster.state_of("counted")[0] == "stopped")
    b.click("main button", "Remove")
    b.wait_for("do not come back")
    b.click("dialog input[name=confirm]")
    b.type("count")
    b.click("dialog button", "Remove")
    b.wait_for("nothing was done")
    check(json.loads(cluster.ask("list", "--json")), "it was removed by half its name")
    c.screenshot("remove")
    b.click("dialog input[name=confirm]")
    b.type("ed")
    b.click("dialog button", "Remove")
    b.wait_for("No topology is there.")
    check(json.loads(cluster.ask("list", "--json")) == [], "it is still there")
    c.nothing_complained()
    cluster.stop()


CASES = (what_a_reader_did_stays, elements_are_kept, pure_parts, a_click_takes_its_time, the_newest_letters, why_it_has_failed, follows_events,
         many_pages, who_holds_it_up, removed_from_a_cluster)
