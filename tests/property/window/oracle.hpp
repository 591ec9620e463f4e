// An obvious reading of what windows are, to hold millrace::window against: every record is put into every
// window end that it counts for, sessions are cut from sorted lists, rows are computed from the lists of
// records. It uses only the definition of runtime/window.
#pragma once

#include "runtime/window/window.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::window::oracle {

struct value {
  data::type_id type{};
  bool null = true;
  std::int64_t integer = 0;  // bigint, timestamp, boolean
  double number = 0;
  std::string text;  // a list's: its elements as to_text() shows them
  decimal exact{};   // numeric; equal numbers are equal at any scale
  friend bool operator==(const value& a, const value& b) = default;
};

/// Order of output: nulls last, NaN the greatest double, 0 and -0 equal, texts by their bytes.
struct key_order {
  bool operator()(const std::vector<value>& a, const std::vector<value>& b) const;
};

struct record {
  event_micros time = 0;
  event_micros watermark = no_watermark;  // its partition's watermark, just before it
  std::vector<value> keys;
  std::vector<value> arguments;  // one an aggregate
  std::vector<value> filters;    // boolean each; unused where the definition has no filter
  std::vector<value> orders;     // the values that each aggregate is ordered by; unused where it is not
  std::string partition;
  position at;
};

/// Ends of the aligned windows that the record counts for.
[[nodiscard]] std::vector<event_micros> ends_of(const definition& d, const record& r);

/// Gives where the part of a session record's [time, time + gap) begins that is above its partition's watermark, and
/// above what has fired.
[[nodiscard]] event_micros span_begin(const definition& d, const record& r, event_micros fired);

/// A value so that different ones differ in every bit that matters.
[[nodiscard]] std::string to_text(const value& v);
[[nodiscard]] value value_of(const data::column& c, std::size_t row);

using members = std::vector<const record*>;
using by_key = std::map<std::vector<value>, members, key_order>;

/// The members of one window (or session) of one key.
struct group {
  event_micros start = 0;
  event_micros end = 0;
  std::vector<value> keys;
  members of;
};
/// All windows of the records that were accepted, in output order: by end, start and key. Aligned windows
/// count with ends that are above `fired` less the allowed lateness as each record came (beside it).
struct accepted {
  record const* what;
  event_micros fired;
};
[[nodiscard]] std::vector<group> groups_of(const definition& d, const std::vector<accepted>& records);

/// Keys, window_start, window_end: no two rows of a window have them.
[[nodiscard]] std::string identity_text(const definition& d, const group& g);
/// The row: keys, aggregates, window_start, window_end; nothing when a sum is beyond bigint. `filtered[a]`
/// says whether aggregate a has a filter.
[[nodiscard]] std::string row_text(const definition& d, const std::vector<bool>& filtered, const group& g);

}  // namespace millrace::window::oracle
