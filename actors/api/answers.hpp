// The API of a node gives these: typed answers and their JSON, for the server, which writes them, and for the
// client, which reads them. Pure. A client trusts nothing that it reads: sizes are bounded where it receives.
#pragma once

#include "actors/api/described.hpp"
#include "actors/api/requests.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::api {

enum class topology_state : std::uint8_t { running, drained, ended, stopped, failed };
enum class node_state : std::uint8_t { up, silent, draining, drained, flapping, left };

constexpr auto words_of(topology_state) {
  return std::to_array<std::string_view>({"running", "drained", "ended", "stopped", "failed"});
}
constexpr auto words_of(node_state) {
  return std::to_array<std::string_view>({"up", "silent", "draining", "drained", "flapping", "left"});
}
/// A kind of trouble: a topology that runs is degraded by it.
enum class trouble_code : std::uint8_t {
  source_unreached,
  source_away,
  silent_partition,
  targets_ahead,
  spool_full,
  window_stalled,
  target_unreached,
  target_away,
  target_slow,
  target_stalled,
  state_slow,
  snapshots_fail,
  late,
  dead_letters,
  gaps,
  ledger,
  restarts,
  crashes,
  not_placed
};
constexpr auto words_of(trouble_code) {
  return std::to_array<std::string_view>(
      {"source_unreached", "source_away", "silent_partition", "targets_ahead", "spool_full", "window_stalled",
       "target_unreached", "target_away", "target_slow", "target_stalled", "state_slow", "snapshots_fail",
       "late", "dead_letters", "gaps", "ledger", "restarts", "crashes", "not_placed"});
}
[[nodiscard]] std::string_view to_string(topology_state s);
[[nodiscard]] std::string_view to_string(node_state s);
[[nodiscard]] std::string_view to_string(trouble_code c);

namespace answers {

struct trouble {
  std::string topology;
  trouble_code code{};
  std::string stage;
  std::string node;
  std::string text;
  std::string error;
  event_time since;
  std::string remedy = {};
  friend bool operator==(const trouble&, const trouble&) = default;
};
void members(auto& c, wire::like<trouble> auto& t) {
  c("topology", "the topology that has it", t.topology);
  c("code", "its kind", t.code);
  c("stage", "the stage where it shows; empty: it is not of one stage", t.stage);
  c("node", "the node where it shows; empty: of a run, or not of one node", t.node);
  c("text", "a sentence for people", t.text);
  c("error",
    "the last error of the server that millrace waits for, in the server's words; empty: none, or the token "
    "is missing",
    t.error);
  c("since", "when it was first seen, by the clock of the node; null: unknown", t.since);
  c("remedy", "what would change it; empty: it tells that itself, or its page in the runbook does", t.remedy);
}

struct topology {
  std::string name;
  topology_state state = topology_state::running;
  std::string reason;               // empty: there is nothing to say
  std::vector<trouble> troubles{};  // of one that runs; empty: it is healthy
  std::string title{};              // its words for people; empty: it has none
  event_time ended_at{};
  friend bool operator==(const topology&, const topology&) = default;
};
[[nodiscard]] inline bool is_degraded(const topology& t) { return !t.troubles.empty(); }
/// The troubles of what runs are told in one word.
[[nodiscard]] std::string_view word_of(const topology& t);
/// Since when it stands as it does: its end, or its oldest trouble; null of a healthy one.
[[nodiscard]] event_time since_of(const topology& t);

void members(auto& c, wire::like<topology> auto& t) {
  c("topology", "its name", t.name);
  c("title", "its title; empty: it has none, or this version of millrace cannot read its plan", t.title);
  c("state", "its state", t.state);
  c("reason", "why it is in that state, for people; empty: there is nothing to say", t.reason);
  c("troubles", "the troubles that make a running topology degraded; empty: it is healthy", t.troubles);
  c("ended_at", "when it ended, was stopped or failed, by the clock of the node that led; null: it runs",
    t.ended_at);
}
/// Those that run come first, each part in its order.
void running_first(std::vector<topology>& all);
struct topologies {
  std::vector<topology> all;
  friend bool operator==(const topologies&, const topologies&) = default;
};
struct node {
  std::string name;
  std::uint64_t session = 0;
  bool is_coordinator = false;
  node_state state = node_state::up;
  std::vector<std::string> actors;  // TOPOLOGY/ACTOR
  friend bool operator==(const node&, const node&) = default;
};
void members(auto& c, wire::like<node> auto& n) {
  c("name", "its name in the cluster", n.name);
  c("session", "a number that is higher for each new process of that name", n.session);
  c("coordinator", "whether it leads the cluster", n.is_coordinator);
  c("state", "its state", n.state);
  c("actors", "the actors it runs, as TOPOLOGY/ACTOR", n.actors);
}
struct nodes {
  std::vector<node> all;
  friend bool operator==(const nodes&, const nodes&) = default;
};
/// If it is not over, the same request goes on waiting.
struct applied {
  std::uint64_t generation = 0;  // the generation of the plan that runs
  bool is_over = true;
  std::string waits_for{};
  friend bool operator==(const applied&, const applied&) = default;
};
void members(auto& c, wire::like<applied> auto& a) {
  c("generation", "the number of the plan that runs", a.generation);
  c("over", "false: it is still being prepared; ask again within some seconds, or the attempt is dropped",
    a.is_over);
  c("waits_for", "the source that does not answer yet, and why, for people; empty: none", a.waits_for);
}
/// The answer to `wait`.
struct waited {
  bool is_over = false;
  topology now;
  friend bool operator==(const waited&, const waited&) = default;
};
void members(auto& c, wire::like<waited> auto& w) {
  c("over", "whether it has ended, was stopped or has failed", w.is_over);
  c("now", "its state, as in the list of topologies", w.now);
}
/// Answers `stop`, `undrain` and others: it is recorded.
struct accepted {
  friend bool operator==(const accepted&, const accepted&) = default;
};
void members(auto&, wire::like<accepted> auto&) {}
/// Answers `drain`: it is recorded. Actors that are pinned to the node do not leave it.
struct staying {
  std::string actor;  // TOPOLOGY/ACTOR
  std::string why;
  std::string release;
  friend bool operator==(const staying&, const staying&) = default;
};
void members(auto& c, wire::like<staying> auto& s) {
  c("actor", "the actor that stays, as TOPOLOGY/ACTOR", s.actor);
  c("why", "why it is pinned to the node, for people", s.why);
  c("release", "what would make it leave the node, for people", s.release);
}
struct drains {
  std::vector<staying> stays;
  friend bool operator==(const drains&, const drains&) = default;
};
void members(auto& c, wire::like<drains> auto& d) {
  c("stays", "the actors that stay, because they are pinned to the node", d.stays);
}
struct forgotten {
  std::vector<std::string> lost;  // actors that were pinned to the node: TOPOLOGY/ACTOR
  friend bool operator==(const forgotten&, const forgotten&) = default;
};
void members(auto& c, wire::like<forgotten> auto& f) {
  c("lost", "what was pinned to the node, and is lost: TOPOLOGY/ACTOR", f.lost);
}
struct status {
  std::string cluster;
  std::string node;
  std::uint64_t session = 0;
  std::string coordinator;  // empty: none is known
  friend bool operator==(const status&, const status&) = default;
};
void members(auto& c, wire::like<status> auto& s) {
  c("cluster", "its name; empty for `run`", s.cluster);
  c("node", "the node that was asked", s.node);
  c("session", "its session", s.session);
  c("coordinator", "the node that leads; empty: none is known", s.coordinator);
}
/// The reason why this many letters did not go in.
struct not_replayed {
  std::string why;
  std::uint64_t letters = 0;
  friend bool operator==(const not_replayed&, const not_replayed&) = default;
};
void members(auto& c, wire::like<not_replayed> auto& n) {
  c("why", "the reason, for people; the same text for all of a kind", n.why);
  c("letters", "how many dead letters", n.letters);
}
/// The answer to `replay`. If it is not over, the same request goes on with it, or waits for its end.
struct replayed {
  bool is_over = false;
  std::uint64_t letters = 0;
  std::uint64_t went_in = 0;
  std::uint64_t before = 0;
  std::uint64_t unknown = 0;
  std::vector<not_replayed> left;
  std::vector<not_replayed> elsewhere;
  bool is_taken_now = false;
  friend bool operator==(const replayed&, const replayed&) = default;
};
void members(auto& c, wire::like<replayed> auto& r) {
  c("over",
    "false: the replay is still running, or there are more dead letters than one pass takes; ask again",
    r.is_over);
  c("letters", "how many dead letters this pass looked at", r.letters);
  c("replayed", "how many of them this pass replayed", r.went_in);
  c("before", "how many were skipped, because they were replayed before", r.before);
  c("unknown", "how many of the ids asked for belong to no kept dead letter", r.unknown);
  c("left", "the dead letters that cannot be replayed, by reason", r.left);
  c("elsewhere", "the dead letters of stages that are not downstream of `into`", r.elsewhere);
  c("taken_now",
    "true: the running topology takes the records in; false: it does so when it is run, or applied, the next "
    "time",
    r.is_taken_now);
}
/// A page of them.
struct dead_letters {
  std::vector<std::string> letters;   // a JSON object each, oldest or newest first
  std::optional<std::uint64_t> next;  // the next page
  friend bool operator==(const dead_letters&, const dead_letters&) = default;
};
/// JSON that others have written, as it is.
struct document {
  std::string json;
  friend bool operator==(const document&, const document&) = default;
};
/// A page of text: metrics, health.
struct page {
  bool is_good = true;  // else the status is 503
  std::string text;
  friend bool operator==(const page&, const page&) = default;
};

}  // namespace answers

using answer = std::variant<answers::topologies, answers::nodes, answers::applied, answers::waited,
                            answers::accepted, answers::drains, answers::forgotten, answers::replayed,
                            answers::status, answers::dead_letters, answers::document, answers::page>;

/// An HTTP answer without its head.
struct http_answer {
  int status = 200;
  std::string content_type;
  std::string body;
};
[[nodiscard]] http_answer write_answer(const answer& a);
/// Returns what may be told without the token: why a topology has failed is left out, since it may quote a record.
[[nodiscard]] answer for_anybody(answer a);
/// {"error": {"code", "retry", "message"}} and the status that belongs to the code.
[[nodiscard]] http_answer write_error(const error& e);

/// Reads what came back for this request. The error is the node's own where it has sent one.
[[nodiscard]] expected<answer> read_answer(const request& asked, int status, std::string_view body);

/// Writes them as `list --json` and `nodes --json` have it.
[[nodiscard]] std::string json_of(const answers::topologies& t);
[[nodiscard]] std::string json_of(const answers::nodes& n);

}  // namespace millrace::api
