"""The page while it is looked at: what a reader has selected, typed or opened survives its looks; it follows server-sent events, and asks
where it gets none. page.py runs these cases."""
import contextlib
import json
import sqlite3
import urllib.error
import urllib.request

from cluster_under_test import Cluster
from counts_under_test import Counts
from real_systems import PATIENCE, check, http_status, wait_until

# Resolves after so many looks.
LOOKS = "(async () => { for (let i = 0; i < %d; i++) await new Promise(r => addEventListener('shown', r, { once: true })); })()"
# Questions for figures and the graph that have been answered, beside events.
ASKED = r"performance.getEntriesByType('resource').filter(r => /\/(graph|figures)$/.test(r.name)).length"


def looks(b, times=3):
    b.run(LOOKS % times)


def records_of(b, stage):
    """In the table of stages; None where it is not there."""
    text = b.run(f"[...document.querySelectorAll('main tbody tr')].find(r => r.cells[0].textContent === {json.dumps(stage)})?.cells[3].textContent ?? null")
    return None if text is None or not text.replace(",", "").isdigit() else int(text.replace(",", ""))


def what_a_reader_did_stays(c):
    """A selection, the focus, what was typed and how far was scrolled survive refreshes that change the figures around them"""
    c.start()
    c.post({"user": "u", "at": "2026-11-01T12:01:00Z"})
    c.open("t", c.name)
    b = c.browser
    wait_until("the record is shown", lambda: records_of(b, "parsed") == 1)
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
    """What is shown becomes what is to be shown: rows come at the top and go, kept elements and open details stay, and buttons do what they say"""
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
      return wrong;
    })()""")
    check(wrong == [], f"{wrong}")
    c.nothing_complained()
    c.run.stop()


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
        c.start()
        wait_until("the table is there", lambda: db.execute("select 1 from sqlite_master where name = 'counts'").fetchone(), 30)
        c.open()
        b = c.browser

        def cell(number):
            return b.run(f"document.querySelector('main tbody tr')?.cells[{number}].textContent ?? ''")
        def runs():
            return cell(1) == "running" and cell(2).endswith("/s") and float(cell(2)[:-2].replace(",", "")) > 1000 and cell(3) != "" and cell(4) == ""
        wait_until("it runs, its rate and lag are shown, and nobody holds it up", runs)
        db.execute("begin exclusive")
        wait_until("the sink is named", lambda: cell(4) == "table")
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
    (c.folder / "cluster").mkdir()
    cluster = Cluster(c.binary, c.folder / "cluster", f"dir:{c.folder}/store", leading=("a",), following=(), patient=True)
    cluster.start()
    node = cluster.nodes["a"]
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


CASES = (what_a_reader_did_stays, elements_are_kept, follows_events, many_pages, who_holds_it_up, removed_from_a_cluster)
