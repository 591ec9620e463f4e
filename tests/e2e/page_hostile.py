"""The page with markup in all that others can name: files, columns, keys, records, errors, addresses. page.py runs these cases."""
import json
import urllib.parse

from page_live import cluster_of_one, looks
from real_systems import check, told_address, topology_file, wait_until

IMG, SVG, LINK = "<img src=x onerror=alert(1)>", "\"><svg onload=alert(2)>", "javascript:alert(3)"
SCRIPT = "</script><script>alert(4)</script>"

# Elements, attributes that run something, and links out of the page, none of which the page makes of a text; its own ones are left out.
MADE = """[...document.querySelectorAll('*')].filter(e =>
  ['img', 'image', 'iframe', 'object', 'embed', 'base', 'style', 'foreignObject'].includes(e.localName)
  || (e.localName === 'svg' && e.closest('.graph, .figure') === null)
  || (e.localName === 'script' && e !== document.scripts[0])
  || [...e.attributes].some(a => a.name.startsWith('on') || ['action', 'formaction', 'srcdoc', 'xlink:href'].includes(a.name)
    || (a.name === 'src' && e.localName !== 'script') || (a.name === 'href' && e.localName !== 'link' && !/^#(main$|[/])/.test(a.value)))
).map(e => e.outerHTML.slice(0, 300))"""


def nothing_made(b, where):
    made = b.run(MADE)
    check(made == [], f"{where}: of a text was made {made}")


def shown(c, view, *texts):
    """The view shows each of these texts, and nothing is made of them."""
    b = c.browser
    if view is not None:
        b.open("about:blank")
        b.open(c.url(*(urllib.parse.quote(part, safe="") for part in view)))
    for text in texts or ("as of ",):
        b.wait_for(text)
    nothing_made(b, view)


def markup_in_every_view(c):
    """Files, columns, keys, rows and errors whose names are markup: each view shows them as text, and makes no element, link or script of one"""
    names = (IMG, SVG, LINK)
    (c.folder / "in").mkdir()
    good = {IMG: IMG, SVG: SCRIPT, LINK: LINK, "at": "2026-11-01T12:01:00Z"}
    for name in names:
        (c.folder / "in" / f"{name}.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(good | {'at': name})}\n")
    c.topology["title"] = IMG
    stages = c.topology["stages"] = {
        "files": {"source": "file", "path": f"{c.folder}/in/*.jsonl", "follow": True, "parallel": True},
        "parsed": {"parser": "json", "from": "files", "schema": dict.fromkeys(names, "text") | {"at": "timestamp"}, "event_time": "at", "watermark_delay": "10 s"},
        "counts": {"window": "tumbling", "size": "5 minutes", "from": "parsed", "key": [*names], "aggregates": {SCRIPT: "count(*)"}},
        "rows": {"sink": "file", "from": "counts", "path": str(c.folder / "rows.jsonl")}}
    c.start()
    c.open_with_token()
    b = c.browser
    t = ["t", c.name]
    shown(c, [], c.name)
    for view in ([], ["streaming"], ["ledger"]):
        shown(c, t + view, "files" if view != ["streaming"] else "Streaming Input Rate")
        looks(b)
        nothing_made(b, view)
    for stage in stages:
        shown(c, [*t, "stage", stage], *(names if stage in ("files", "parsed") else ()))
        looks(b)
        nothing_made(b, stage)
    shown(c, [*t, "silent"], *names)
    shown(c, [*t, "letters"], "By stage and error", *names)
    shown(c, [*t, "record", "parsed"], "Source or parser")
    for record, *texts in ((json.dumps(good), "it counts in the window", SCRIPT), (json.dumps(good | {"at": SVG}), "dead letter", "expected a timestamp"),
                           (SCRIPT, "dead letter", "expected a JSON object")):
        b.fill("textarea", record)
        b.click("main button", "Ask")
        shown(c, None, *texts)
    shown(c, [*t, "key", "counts"], "Window")
    for key, *texts in ((json.dumps({IMG: IMG, SVG: SCRIPT, LINK: LINK}), "1 open window has", IMG, SCRIPT), (SVG, "expected")):
        b.fill("#field-key", key)
        b.click("main button", "Look up")
        shown(c, None, *texts)
    for edge in ("files->parsed", "parsed->counts"):
        shown(c, [*t, "tap", edge], "rows have passed")
        for name in names:
            with open(c.folder / "in" / f"{name}.jsonl", "a", encoding="utf-8") as f:
                f.write(json.dumps(good) + "\n")
        shown(c, None, *names, SCRIPT)
    # Addresses, to which a page of somebody else can link.
    for view, *texts in ((["t", IMG], f"no topology {IMG} runs here"), (["t", SCRIPT], f"no topology {SCRIPT} runs here"), ([*t, "stage", IMG], IMG),
                         ([*t, "tap", SVG], "has no edge " + SVG.replace(" ", "")), ([*t, "key", SVG], "Look up"), ([*t, "record", IMG], "Ask"), ([*t, IMG], "files")):
        shown(c, view, *texts)
    c.nothing_complained("status of 400", "status of 404")
    # Both would see it.
    b.run(f"document.querySelector('main').innerHTML = {json.dumps(f'{IMG}<a href={LINK}>')}")
    check(len(b.run(MADE)) == 2, f"markup that is made is not seen: {b.run(MADE)}")
    wait_until("the browser complains of it", lambda: any("Content Security Policy" in one for one in b.complaints))
    c.run.stop()


def markup_in_a_failure(c):
    """The reason why a topology has failed, which quotes a record of markup, in the overview and the graph of a node"""
    cluster, node = cluster_of_one(c)
    lines, path = c.folder / f"{IMG}.jsonl", c.folder / "strict.json"
    lines.write_text(json.dumps({"n": SCRIPT}) + "\n")
    topology_file(path, "strict", {
        "lines": {"source": "file", "path": str(lines), "node": "a"},
        "parsed": {"parser": "json", "from": "lines", "schema": {"n": "bigint"}, "on_error": "fail"},
        "rows": {"sink": "file", "from": "parsed", "path": str(c.folder / "rows.jsonl"), "node": "a"}}, title=IMG)
    cluster.ask("apply", path)
    wait_until("it has failed", lambda: cluster.state_of("strict")[0] == "failed")
    c.http = int(told_address(node.state).rsplit(":", 1)[1])
    c.open_empty()
    b = c.browser
    b.open(f"http://127.0.0.1:{c.http}/#token={(node.state / 'token').read_text().strip()}")
    b.wait_for("strict")
    for view in ([], ["t", "strict"]):
        shown(c, view, "(on_error is \"fail\")", IMG, SCRIPT)
        looks(b)
        nothing_made(b, view)
    c.nothing_complained()
    cluster.stop()


CASES = (markup_in_every_view, markup_in_a_failure)
