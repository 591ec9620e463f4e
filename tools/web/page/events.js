// Reads server-sent events from the text that a stream gives piece by piece, as EventSource would, which cannot send a token.
// Gives a function that takes the next piece; `then` is called with the name and the data of each event. Comments are passed over.
export function eventReader(then) {
  let rest = "";
  return piece => {
    const events = (rest + piece).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const lines = event.split("\n");
      const of = name => lines.filter(l => l.startsWith(`${name}: `)).map(l => l.slice(name.length + 2));
      if (of("data").length) then(of("event")[0] ?? "message", of("data").join("\n"));
    }
  };
}

const first = 1000, longest = 30000; // ms
// How long to wait after so many failures, one after the other, until the next try.
export const pauseAfter = failures => Math.min(longest, first * 2 ** (failures - 1));
