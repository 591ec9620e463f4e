// The state of one key of a window: which shard has it, and its open windows as that shard gives them. Pure.
#pragma once

#include "actors/api/described.hpp"
#include "config/plan.hpp"
#include "runtime/delivery/window_state.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

struct open_window {
  api::json_object row;
  bool is_passing = true;
  api::event_time fires_at;
  friend bool operator==(const open_window&, const open_window&) = default;
};
void members(auto& c, wire::like<open_window> auto& w) {
  c("row", "what the window would give if it fired now, before its `columns`", w.row);
  c("passing", "whether the row meets `having` at the moment", w.is_passing);
  c("fires_at", "the watermark at which it fires; null: it has no end, or rows come at ticks", w.fires_at);
}

struct unformed_window {
  api::json_object row;
  std::string error;
  friend bool operator==(const unformed_window&, const unformed_window&) = default;
};
void members(auto& c, wire::like<unformed_window> auto& w) {
  c("row", "what is known of it", w.row);
  c("error", "why it would become a dead letter", w.error);
}

struct key_state {
  std::string stage;
  api::json_object key;
  std::string shard;
  std::string node;
  api::event_time watermark;
  api::event_time fired;
  std::vector<open_window> windows;
  std::vector<unformed_window> unformed;
  bool are_all = true;
  std::string summary;
  friend bool operator==(const key_state&, const key_state&) = default;
};
void members(auto& c, wire::like<key_state> auto& s) {
  c("stage", "the window", s.stage);
  c("key", "the key that was asked for, by column", s.key);
  c("shard", "the shard that has the key", s.shard);
  c("node", "the node where that shard runs", s.node);
  c("watermark", "the watermark of the shard", s.watermark);
  c("fired", "the shard's windows up to this time have fired", s.fired);
  c("windows", "the open windows that have records of the key; the first to end comes first", s.windows);
  c("unformed", "the open windows that give no row as they are", s.unformed);
  c("all", "false: there are more, which are not shown", s.are_all);
  c("summary", "the answer in one sentence", s.summary);
}

/// No answer about one key has more windows.
inline constexpr std::size_t most_open_windows = 100;

struct found_key {
  std::string shard;  // its lasting name, WINDOW/NUMBER
  std::string key;    // encoded (data/key_encoding.hpp)
  std::string shown;  // a JSON object by column
};

/// The lasting name of the shard that has a key, encoded as found_key has it.
[[nodiscard]] std::string shard_of_key(const std::string& stage, const window::definition& d,
                                       std::string_view key);

/// Reads a key as people write it: the value of the only key column, a JSON list of the values of all, or a JSON object
/// by column. A text that begins with `"`, `[` or `{` is written as JSON. User errors, which name what was expected:
/// ec::not_found for a stage that is not there, ec::invalid_argument for one that is no window, and for another key.
[[nodiscard]] expected<found_key> find_key(const config::topology& t, const std::string& stage,
                                           std::string_view text);

/// Makes the answer of what the shard has found. `stage` is a window of the topology.
[[nodiscard]] key_state state_of(const config::topology& t, const std::string& stage, const found_key& at,
                                 const delivery::open_windows& found, event_micros watermark,
                                 event_micros fired);

/// The shard does not live just now, or not in time.
[[nodiscard]] unexpected no_shard(const std::string& topology, const std::string& shard);
[[nodiscard]] unexpected no_answer(const std::string& shard);

}  // namespace millrace::observe
