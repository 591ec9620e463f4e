// The API of a node takes these: typed requests, each with its route, for the server, which reads them from HTTP,
// and for the client, which writes them. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::observe {
struct explanation;
struct figures;
struct graph;
struct history;
struct key_state;
struct letter_counts;
struct process_troubles;
struct tapped;
struct trace;
struct whole_ledger;
}  // namespace millrace::observe

namespace millrace::api {

class event_stream;
namespace answers {
struct accepted;
struct applied;
struct dead_letters;
struct document;
struct drains;
struct forgotten;
struct nodes;
struct page;
struct replayed;
struct status;
struct topologies;
struct waited;
}  // namespace answers

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
  std::string_view method = "GET";
  std::string_view
      path;  // "{}" stands for a name: of a topology or a node; the second one of a stage or an edge
  std::string_view doc;
  body_form body = body_form::none;
  bool is_action = false;    // it changes something: guard.hpp says who may
  bool waits = false;        // its answer may take long
  bool has_rows = false;     // records are in its answer: guard.hpp says who may see them
  bool has_reasons = false;  // failure texts as well, which may quote a record: only a client with the token
                             // gets them
  parameter query = {};

  [[nodiscard]] constexpr bool needs_token() const { return is_action || has_rows; }
};

/// An action that the path's last name confirms.
constexpr route confirmed(std::string_view path, std::string_view doc) {
  return {.method = "POST", .path = path, .doc = doc, .body = body_form::confirmation, .is_action = true};
}

/// Each has its route, and its answer: one of `answers`, or a struct of others, whose JSON they write and read.
namespace requests {

inline constexpr parameter page_parameter{
    .name = "page", .doc = "the `next` of the last answer", .is_number = true};
inline constexpr parameter key_parameter{
    "key", "a text or number of the only key column, a JSON list of all, or a JSON object by column"};
inline constexpr parameter state_parameter{"state", "fresh or adopt"};
inline constexpr parameter after_parameter{"after", "the `next` of the last answer"};

/// The members of most requests. One that has any of its own has all of them itself.
struct of_topology {
  std::string topology;
  friend bool operator==(const of_topology&, const of_topology&) = default;
};
struct of_stage {
  std::string topology;
  std::string stage;
  friend bool operator==(const of_stage&, const of_stage&) = default;
};
struct of_edge {
  std::string topology;
  std::string edge;
  std::string after;
  friend bool operator==(const of_edge&, const of_edge&) = default;
};
struct of_key {
  std::string topology;
  std::string stage;
  std::string key;
  friend bool operator==(const of_key&, const of_key&) = default;
};
struct of_letters {
  std::string topology;
  std::uint64_t page = 0;
  friend bool operator==(const of_letters&, const of_letters&) = default;
};
struct of_node {
  std::string node;
  friend bool operator==(const of_node&, const of_node&) = default;
};
struct of_all {
  friend bool operator==(const of_all&, const of_all&) = default;
};

/// `plan`: the topology's file in JSON with overlays, single values and environment filled in. `state`: "fresh", "adopt" or
/// nothing.
struct apply {
  using answer = answers::applied;
  static constexpr api::route route{
      .method = "PUT",
      .path = "/api/v1/topologies/{}",
      .doc = "Runs a topology, or changes the one that runs. With the state `fresh` it begins anew, and its "
             "old state is removed; with `adopt` its sinks take over targets of another state. Where a "
             "source does not answer, the answer comes after a second; ask again then",
      .body = body_form::plan,
      .is_action = true,
      .query = state_parameter};
  std::string topology;
  std::string plan;
  std::string state = {};
  friend bool operator==(const apply&, const apply&) = default;
};
struct list : of_all {
  using answer = answers::topologies;
  static constexpr api::route route{.path = "/api/v1/topologies",
                                    .doc = "Topologies and their states. Why one has failed may quote a "
                                           "record, so only requests with the token see it",
                                    .has_reasons = true};
};
struct nodes : of_all {
  using answer = answers::nodes;
  static constexpr api::route route{.path = "/api/v1/nodes", .doc = "Nodes and what they run"};
};
/// Asks for what has happened (actors/observe/history.hpp). `newest`: so many of them; 0: all that are kept.
struct history {
  using answer = observe::history;
  static constexpr api::route route{
      .path = "/api/v1/events",
      .doc = "What has happened, oldest first: the newest thousand events that the store has",
      .has_rows = true,
      .query = {.name = "newest", .doc = "only this many, the newest ones", .is_number = true}};
  std::uint64_t newest = 0;
  friend bool operator==(const history&, const history&) = default;
};
/// Answered once the topology is over, or after some time without that.
struct wait : of_topology {
  using answer = answers::waited;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/end",
                                    .doc = "Waits until a topology is over, for 25 s at most; ask again "
                                           "then. Only requests with the token see why it has failed",
                                    .waits = true,
                                    .has_reasons = true};
};
/// The report has the form in which `run --report` writes it.
struct report : of_topology {
  using answer = answers::document;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/report",
                                    .doc = "The report that `run --report` writes"};
};
/// Asks for the stages and edges of a running topology, and for who holds the others up (actors/observe/graph.hpp).
struct graph : of_topology {
  using answer = observe::graph;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/graph",
                                    .doc = "Stages and edges, and the stage that holds the others up"};
};
/// Server-sent events each second: the graph, and where `figures` is not 0 what all actors show (event_stream.hpp).
struct events {
  using answer = event_stream;
  static constexpr api::route route{
      .path = "/api/v1/topologies/{}/events",
      .doc = "Server-sent events, each second: `graph`, and `figures` where they are asked for; `end` when "
             "the topology is over; comments while there is nothing to send",
      .has_reasons = true,
      .query = {.name = "figures", .doc = "1: also sends the figures of all actors", .is_number = true}};
  std::string topology;
  std::uint64_t figures = 0;
  friend bool operator==(const events&, const events&) = default;
};
/// Asks for what the actors of one stage show (actors/observe/figures.hpp).
struct stage_figures : of_stage {
  using answer = observe::figures;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/stages/{}",
                                    .doc = "The figures of a stage: its lanes, shards or commits"};
};
/// Asks why a stage gives nothing (actors/observe/explain.hpp).
struct explain : of_stage {
  using answer = observe::explanation;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/stages/{}/explain",
                                    .doc = "Why a stage gives no rows, and what would change that"};
};
/// Asks for what all actors of a topology show; own_figures for those of the process that is asked.
struct figures : of_topology {
  using answer = observe::figures;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/figures",
                                    .doc = "The figures of all actors of a topology"};
};
struct own_figures : of_topology {
  using answer = observe::figures;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/figures/here",
                                    .doc = "The same, only from the process that is asked"};
};
/// Asks for what is wrong with topologies, as the process that is asked sees it (actors/observe/troubles.hpp).
struct own_troubles : of_all {
  using answer = observe::process_troubles;
  static constexpr api::route route{
      .path = "/api/v1/troubles/here",
      .doc = "What is wrong with running topologies, as the process that is asked sees it"};
};
/// Asks for the equation of each stage (actors/observe/ledger.hpp).
struct ledger : of_topology {
  using answer = observe::whole_ledger;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/ledger",
                                    .doc = "The ledger: the equation of each stage"};
};
/// Default dead letters, a part of them: the oldest that is kept (0), or the first from `page` on.
struct dead_letters : of_letters {
  using answer = answers::dead_letters;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/dead_letters",
                                    .doc = "The dead letters that are kept, oldest first, one part a page",
                                    .waits = true,
                                    .has_rows = true,
                                    .query = page_parameter};
};
/// The same, the newest first: those that came last (0), or before what the page before has given.
struct newest_letters : of_letters {
  using answer = answers::dead_letters;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/dead_letters/newest",
                                    .doc = "The dead letters that are kept, newest first, one part a page",
                                    .waits = true,
                                    .has_rows = true,
                                    .query = page_parameter};
};
/// Counts the newest letters by stage and error (actors/observe/letter_counts.hpp).
struct letter_counts : of_topology {
  using answer = observe::letter_counts;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/dead_letters/counts",
                                    .doc = "The newest 16 MB of dead letters, counted by stage and error",
                                    .has_rows = true};
};
/// Asks for the open windows of a key of a window (actors/observe/key_state.hpp); own_key_state where its shard is in
/// the process that is asked. `key`: as key_state.hpp reads it; empty where the window has no key.
struct key_state : of_key {
  using answer = observe::key_state;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/stages/{}/state",
                                    .doc = "The open windows of one key, with their aggregates so far",
                                    .has_rows = true,
                                    .query = key_parameter};
};
struct own_key_state : of_key {
  using answer = observe::key_state;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/stages/{}/state/here",
                                    .doc = "The same, only from the process that is asked",
                                    .has_rows = true,
                                    .query = key_parameter};
};
/// Asks for rows as they pass on an edge (actors/observe/tap.hpp); own_tap for those of the process that is asked.
/// `after`: what the answer before gave as `next`; empty turns the tap on.
struct tap : of_edge {
  using answer = observe::tapped;
  static constexpr api::route route{
      .path = "/api/v1/topologies/{}/edges/{}/tap",
      .doc = "Rows as they pass on an edge; the first request turns the tap on, for five minutes",
      .has_rows = true,
      .query = after_parameter};
};
struct own_tap : of_edge {
  using answer = observe::tapped;
  static constexpr api::route route{.path = "/api/v1/topologies/{}/edges/{}/tap/here",
                                    .doc = "The same, only from the process that is asked",
                                    .has_rows = true,
                                    .query = after_parameter};
};
/// Asks what becomes of a record (actors/observe/trace.hpp). `record`: JSON, as it is read there.
struct trace {
  using answer = observe::trace;
  static constexpr api::route route{.method = "POST",
                                    .path = "/api/v1/topologies/{}/stages/{}/trace",
                                    .doc =
                                        "What happens to a record of a source or parser: where it is "
                                        "filtered out, late or a dead letter, and in which windows it counts",
                                    .body = body_form::record,
                                    .has_rows = true};
  std::string topology;
  std::string stage;
  std::string record;
  friend bool operator==(const trace&, const trace&) = default;
};
struct stop : of_topology {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/topologies/{}/stop", "Ends a topology in order; its state stays");
};
/// A topology of a cluster that was stopped, or has failed, goes on from the plan that the cluster has.
struct start : of_topology {
  using answer = answers::applied;
  static constexpr auto route = confirmed(
      "/api/v1/topologies/{}/start",
      "Starts a topology of a cluster again that was stopped or has failed, by the plan that the cluster "
      "has. Where a source does not answer, the answer comes after a second; ask again then");
};
/// The cluster forgets a topology that is over, with its state and dead letters.
struct remove : of_topology {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/topologies/{}/remove",
                "Removes a topology of a cluster that is over, with its state and its dead letters");
};
/// Lanes of the topology read nothing until `resume`.
struct pause : of_topology {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/topologies/{}/pause", "Pauses a topology: it reads nothing until it is resumed");
};
struct resume : of_topology {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/topologies/{}/resume", "Resumes a topology that is paused");
};
/// `stage`: a parser, window or sink, all of whose actors restart; or one actor.
struct restart : of_stage {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/topologies/{}/stages/{}/restart",
                "Restarts a parser, window or sink, or one of its actors; no row is lost or doubled");
};
/// Dead letters go in again at `into`, a source or a parser, each once. `letters`: the ids of those that are meant; none:
/// all that are kept.
struct replay {
  using answer = answers::replayed;
  static constexpr api::route route{
      .method = "POST",
      .path = "/api/v1/topologies/{}/replay",
      .doc = "Replays the records of dead letters, each once, however often it is asked. The answer comes "
             "after 20 s at the latest; ask again until it is over",
      .body = body_form::replay,
      .is_action = true};
  std::string topology;
  std::string into;
  std::vector<std::string> letters;
  friend bool operator==(const replay&, const replay&) = default;
};
struct drain : of_node {
  using answer = answers::drains;
  static constexpr auto route =
      confirmed("/api/v1/nodes/{}/drain", "Has a node hand over what it runs to other nodes");
};
/// Undoes a drain: the node gets work again.
struct undrain : of_node {
  using answer = answers::accepted;
  static constexpr auto route =
      confirmed("/api/v1/nodes/{}/undrain", "Undoes a drain: the node gets work again");
};
struct forget : of_node {
  using answer = answers::forgotten;
  static constexpr auto route = confirmed(
      "/api/v1/nodes/{}/forget", "Removes a node that does not come back, with what is only on its disk");
};
struct status : of_all {
  using answer = answers::status;
  static constexpr api::route route{.path = "/api/v1/status",
                                    .doc = "The node that was asked, and its cluster"};
};
/// Pages of text, for Prometheus and for probes.
struct metrics : of_all {
  using answer = answers::page;
  static constexpr api::route route{.path = "/metrics", .doc = "Figures for Prometheus"};
};
struct healthz : of_all {
  using answer = answers::page;
  static constexpr api::route route{
      .path = "/healthz", .doc = "Whether every server was reached and answers; else 503 and the reason"};
};
struct readyz : of_all {
  using answer = answers::page;
  static constexpr api::route route{.path = "/readyz",
                                    .doc = "Whether new input is taken; else 503 and the reason"};
};
struct livez : of_all {
  using answer = answers::page;
  static constexpr api::route route{.path = "/livez", .doc = "Whether the process moves; else 503"};
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
