// Rows as they pass on an edge: which edge is meant, and the answer of one process or of several. Pure.
#pragma once

#include "actors/api/described.hpp"
#include "actors/stream/stage/taps.hpp"
#include "config/plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

struct tapped_row {
  std::string node;
  api::event_time at;
  api::json_object row;
  friend bool operator==(const tapped_row&, const tapped_row&) = default;
};
void members(auto& c, wire::like<tapped_row> auto& r) {
  c("node", "the node where it passed", r.node);
  c("at", "when it passed, by the clock of that node", r.at);
  c("row", "the columns that any stage reads; of a source: the record, as text", r.row);
}

struct tapped {
  std::string edge;
  std::vector<tapped_row> rows;
  std::uint64_t passed = 0;
  std::string next;
  bool is_over = false;
  std::vector<std::string> missing;
  friend bool operator==(const tapped&, const tapped&) = default;
};
void members(auto& c, wire::like<tapped> auto& t) {
  c("edge", "its name, FROM->TO", t.edge);
  c("rows", "the rows that have passed since the last answer, at most 50 a second of each node; oldest first",
    t.rows);
  c("passed", "how many rows have passed since the tap was turned on, shown or not", t.passed);
  c("next", "the value of `after` for the next request", t.next);
  c("over",
    "true: the tap was turned off, because five minutes are over or nobody has asked for 10 s; ask again "
    "without `after`",
    t.is_over);
  c("missing", "nodes that did not answer", t.missing);
}

/// The full name of an edge: `text` is one, or the stage that it leaves (its first edge is meant). ec::not_found, with
/// the edges that are there.
[[nodiscard]] expected<std::string> edge_of(const config::topology& t, std::string_view text);

/// The number up to which each node has answered: "NODE:NUMBER,NODE:NUMBER". A text that is no cursor counts
/// as empty.
using tap_cursor = std::map<std::string, std::uint64_t>;
[[nodiscard]] tap_cursor read_cursor(std::string_view text);

/// The answer of one process, whose node is `node`. `after`: a cursor.
[[nodiscard]] expected<tapped> tapped_at(stage::taps& taps, const config::topology& t, std::string_view edge,
                                         const std::string& node, std::string_view after);
/// Adds what another one has answered.
void add(tapped& to, tapped&& more);

}  // namespace millrace::observe
