// The API of a node takes these: one table of routes and their typed requests, for the server, which reads
// them from HTTP, and for the client, which writes them. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::api {

/// `gives_document`: the answer is JSON that others write and read.
namespace requests {

/// `plan`: the topology's file in JSON with overlays, single values and environment filled in.
struct apply {
  std::string topology;
  std::string plan;
  friend bool operator==(const apply&, const apply&) = default;
};
struct list {
  friend bool operator==(const list&, const list&) = default;
};
struct nodes {
  friend bool operator==(const nodes&, const nodes&) = default;
};
/// Asks for what has happened (actors/observe/history.hpp). `newest`: so many of them; 0: all that are kept.
struct history {
  static constexpr bool gives_document = true;
  std::uint64_t newest = 0;
  friend bool operator==(const history&, const history&) = default;
};
/// Answered once the topology is over, or after some time without that.
struct wait {
  std::string topology;
  friend bool operator==(const wait&, const wait&) = default;
};
/// The report has the form in which `run --report` writes it.
struct report {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const report&, const report&) = default;
};
/// Asks for the stages and edges of a running topology, and for who holds the others up (actors/observe/graph.hpp).
struct graph {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const graph&, const graph&) = default;
};
/// Server-sent events each second: the graph, and where `figures` is not 0 what all actors show (event_stream.hpp).
struct events {
  std::string topology;
  std::uint64_t figures = 0;
  friend bool operator==(const events&, const events&) = default;
};
/// Asks for what the actors of one stage show (actors/observe/figures.hpp).
struct stage_figures {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string stage;
  friend bool operator==(const stage_figures&, const stage_figures&) = default;
};
/// Asks why a stage gives nothing (actors/observe/explain.hpp).
struct explain {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string stage;
  friend bool operator==(const explain&, const explain&) = default;
};
/// Asks for what all actors of a topology show; own_figures for those of the process that is asked.
struct figures {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const figures&, const figures&) = default;
};
struct own_figures {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const own_figures&, const own_figures&) = default;
};
/// Asks for what is wrong with topologies, as the process that is asked sees it (actors/observe/troubles.hpp).
struct own_troubles {
  static constexpr bool gives_document = true;
  friend bool operator==(const own_troubles&, const own_troubles&) = default;
};
/// Asks for the equation of each stage (actors/observe/ledger.hpp).
struct ledger {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const ledger&, const ledger&) = default;
};
/// Default dead letters, a part of them: the oldest that is kept (0), or the first from `page` on.
struct dead_letters {
  std::string topology;
  std::uint64_t page = 0;
  friend bool operator==(const dead_letters&, const dead_letters&) = default;
};
/// The same, the newest first: those that came last (0), or before what the page before has given.
struct newest_letters {
  std::string topology;
  std::uint64_t page = 0;
  friend bool operator==(const newest_letters&, const newest_letters&) = default;
};
/// Counts the newest letters by stage and error (actors/observe/letter_counts.hpp).
struct letter_counts {
  static constexpr bool gives_document = true;
  std::string topology;
  friend bool operator==(const letter_counts&, const letter_counts&) = default;
};
/// Asks for the open windows of a key of a window (actors/observe/key_state.hpp); own_key_state where its shard is in
/// the process that is asked. `key`: as key_state.hpp reads it; empty where the window has no key.
struct key_state {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string stage;
  std::string key;
  friend bool operator==(const key_state&, const key_state&) = default;
};
struct own_key_state {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string stage;
  std::string key;
  friend bool operator==(const own_key_state&, const own_key_state&) = default;
};
/// Asks for rows as they pass on an edge (actors/observe/tap.hpp); own_tap for those of the process that is asked.
/// `after`: what the answer before gave as `next`; empty turns the tap on.
struct tap {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string edge;
  std::string after;
  friend bool operator==(const tap&, const tap&) = default;
};
struct own_tap {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string edge;
  std::string after;
  friend bool operator==(const own_tap&, const own_tap&) = default;
};
/// Asks what becomes of a record (actors/observe/trace.hpp). `record`: JSON, as it is read there.
struct trace {
  static constexpr bool gives_document = true;
  std::string topology;
  std::string stage;
  std::string record;
  friend bool operator==(const trace&, const trace&) = default;
};
struct stop {
  std::string topology;
  friend bool operator==(const stop&, const stop&) = default;
};
/// A topology of a cluster that was stopped, or has failed, goes on from the plan that the cluster has.
struct start {
  std::string topology;
  friend bool operator==(const start&, const start&) = default;
};
/// The cluster forgets a topology that is over, with its state and dead letters.
struct remove {
  std::string topology;
  friend bool operator==(const remove&, const remove&) = default;
};
/// Lanes of the topology read nothing until `resume`.
struct pause {
  std::string topology;
  friend bool operator==(const pause&, const pause&) = default;
};
struct resume {
  std::string topology;
  friend bool operator==(const resume&, const resume&) = default;
};
/// `stage`: a parser, window or sink, all of whose actors restart; or one actor.
struct restart {
  std::string topology;
  std::string stage;
  friend bool operator==(const restart&, const restart&) = default;
};
/// Dead letters go in again at `into`, a source or a parser, each once. `letters`: the ids of those that are meant; none:
/// all that are kept.
struct replay {
  std::string topology;
  std::string into;
  std::vector<std::string> letters;
  friend bool operator==(const replay&, const replay&) = default;
};
struct drain {
  std::string node;
  friend bool operator==(const drain&, const drain&) = default;
};
/// Takes a drain back: the node gets work again.
struct undrain {
  std::string node;
  friend bool operator==(const undrain&, const undrain&) = default;
};
struct forget {
  std::string node;
  friend bool operator==(const forget&, const forget&) = default;
};
struct status {
  friend bool operator==(const status&, const status&) = default;
};
/// Pages of text, for Prometheus and for probes.
struct metrics {
  friend bool operator==(const metrics&, const metrics&) = default;
};
struct healthz {
  friend bool operator==(const healthz&, const healthz&) = default;
};
struct readyz {
  friend bool operator==(const readyz&, const readyz&) = default;
};
struct livez {
  friend bool operator==(const livez&, const livez&) = default;
};

}  // namespace requests

using request =
    std::variant<requests::apply, requests::list, requests::nodes, requests::history, requests::wait,
                 requests::report, requests::graph, requests::events, requests::stage_figures,
                 requests::explain, requests::figures, requests::own_figures, requests::own_troubles,
                 requests::ledger, requests::dead_letters, requests::newest_letters, requests::letter_counts,
                 requests::key_state, requests::own_key_state, requests::tap, requests::own_tap,
                 requests::trace, requests::stop, requests::start, requests::remove, requests::pause,
                 requests::resume, requests::restart, requests::replay, requests::drain, requests::undrain,
                 requests::forget, requests::status, requests::metrics, requests::healthz, requests::readyz,
                 requests::livez>;

/// Says what a request has for a body.
enum class body_form : std::uint8_t {
  none,
  plan,          // the plan itself
  record,        // a record that is asked about, as JSON
  confirmation,  // {"confirm": NAME}: the path's last name once more, so that no request acts by mistake
  replay,        // the same with "into": STAGE and, where not all are meant, "letters": [ID, ...]
};

/// The query parameter that a path may have, as "?NAME=VALUE". A path has at most one.
struct parameter {
  std::string_view name = {};  // empty: nothing
  std::string_view doc = {};
  bool is_number = false;  // 1 and more; else any text, percent-encoded
};

struct route {
  std::string_view method;
  std::string_view
      path;  // "{}" stands for a name: of a topology or a node; the second one of a stage or an edge
  std::string_view doc;
  body_form body = body_form::none;
  bool is_action = false;  // it changes something: guard.hpp says who may
  bool waits = false;      // its answer may take long
  bool has_rows = false;   // records are in its answer: guard.hpp says who may see them
  parameter query = {};
  bool has_reasons =
      false;  // failure texts as well, which may quote a record: only a client with the token gets them

  [[nodiscard]] constexpr bool needs_token() const { return is_action || has_rows; }
};

/// All of them; the place of one is the place of its request among the alternatives of `request`.
[[nodiscard]] std::span<const route> routes();
[[nodiscard]] const route& route_of(const request& r);

/// No plan, and no record that is asked about, is longer; other bodies are short.
inline constexpr std::size_t max_plan = std::size_t{4} << 20;
inline constexpr std::size_t max_record = std::size_t{1} << 20;
inline constexpr std::size_t max_name = 255;
inline constexpr std::size_t max_parameter = 4096;
/// Ids in one request.
inline constexpr std::size_t max_letters = 10'000;

/// Holds what a server refuses.
struct http_refusal {
  int status = 400;
  std::string why;    // a sentence without its full stop
  std::string allow;  // the methods, for 405
};
struct routed {
  const route* to = nullptr;
  std::string name;   // the path's, decoded
  std::string stage;  // likewise
  std::string text;   // the query's, decoded; empty without one
  std::uint64_t number = 0;
};
using routing = std::variant<routed, http_refusal>;

/// A query is refused, but for the route's own.
[[nodiscard]] routing find_route(std::string_view method, std::string_view target);
/// The error's text says to the client what is wrong with the body.
[[nodiscard]] expected<request> read_request(const routed& at, std::string_view body);

/// Holds what a client sends.
struct http_message {
  std::string method;
  std::string target;
  std::string body;
};
[[nodiscard]] http_message write_request(const request& r);

}  // namespace millrace::api
