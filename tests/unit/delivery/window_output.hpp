// Output of a window and the state of a shard downstream of it, for the tests of windows that follow each other.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <vector>

namespace millrace::delivery::test {

/// Takes records of lanes and keeps nothing of them.
class windows_without_state : public window_state {
public:
  std::uint64_t absorb(const lane_frame&, event_micros) override { return 0; }
  bool changes(std::size_t, std::vector<fired_window>&) override { return true; }
  void capture_all(wire::writer& out) override { out.varint(0); }
  void capture_changes(wire::writer& out) override { out.varint(0); }
  expected<void> apply(wire::reader& in) override {
    in.varint();
    return {};
  }
  [[nodiscard]] window_size size() const override { return {}; }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros) const override { return std::nullopt; }
  [[nodiscard]] open_windows look_up(std::string_view, event_micros, std::size_t) const override {
    return {};
  }
};

/// Remembers what it was given; fires nothing, and its fired mark follows the watermark.
class noting_windows final : public windows_without_state {
public:
  std::uint64_t absorb_rows(const output_frame& f, event_micros, ledger& counts) override {
    for (auto i = f.begin; i < f.end; ++i)
      rows.push_back(f.position_of(i));
    counts["select"] += {.in = f.end - f.begin, .out = f.end - f.begin};
    return 0;
  }
  std::optional<fired_window> fire_next(event_micros& fired_mark, event_micros watermark) override {
    fired_mark = watermark;
    return std::nullopt;
  }
  std::vector<position> rows;
};

/// Rows [begin, end) of the window that ends at `at`; whole: its last ones.
inline output_frame part(const log_id& log, position since, event_micros at, std::uint32_t begin,
                         std::uint32_t end, bool is_whole) {
  output_frame f;
  f.log = log;
  f.since = since;
  f.reached = {at, is_whole ? whole : end - 1};
  f.rows = rows(10);
  f.begin = begin;
  f.end = end;
  return f;
}

inline output_frame progress(const log_id& log, position since, event_micros to) {
  output_frame f;
  f.log = log;
  f.since = since;
  f.reached = {to, whole};
  return f;
}

}  // namespace millrace::delivery::test
