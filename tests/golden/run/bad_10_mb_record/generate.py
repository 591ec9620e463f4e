"""Records of 10 MB among small ones: none is lost, cut or doubled."""


def make(folder):
    letters = "abcdefghij" * 1_000_000
    rows = ['{"i":1,"s":"small"}', '{"i":2,"s":"%s"}' % letters, '{"i":3,"s":"small"}', '{"s":"ignored","x":"%s","i":4}' % letters, '{"i":5,"s":"%s' % letters[:9_000_000]]
    (folder / "input.jsonl").write_text("\n".join(rows))
    return {"out.jsonl": '{"i":1,"n":5}\n{"i":2,"n":10000000}\n{"i":3,"n":5}\n{"i":4,"n":7}\n', "whole.jsonl": '{"s":"small"}\n{"s":"%s"}\n{"s":"small"}\n{"s":"ignored"}\n' % letters,
            "dead_letters.jsonl": '{"stage":"parsed","partition":"0","position":%d,"error":"not JSON","record":"%s"}\n' % (sum(len(r) + 1 for r in rows[:4]), rows[4].replace("\\", "\\\\").replace('"', '\\"'))}
