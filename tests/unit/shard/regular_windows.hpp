// The state of a shard whose windows end at regular times and have as many rows as the test says.
#pragma once

#include "tests/unit/delivery/window_output.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shard_test {

/// A window ends every 10 us of event time, and each has as many rows.
class regular_windows final : public delivery::test::windows_without_state {
public:
  std::uint64_t absorb(const delivery::lane_frame&, event_micros) override {
    absorbed_amid_tick = absorbed_amid_tick || turn_of_tick != 0;
    return missed;
  }
  std::uint64_t absorb_rows(const delivery::output_frame& f, event_micros, delivery::ledger&) override {
    for (auto i = f.begin; i < f.end; ++i)
      taken.push_back(f.position_of(i));
    return 0;
  }
  std::optional<delivery::fired_window> fire_next(event_micros& fired, event_micros watermark) override {
    const auto end = (std::max<event_micros>(fired, 0) / 10 + 1) * 10;
    if (watermark == end_of_time || end > watermark) {
      fired = watermark;
      return std::nullopt;
    }
    fired = end;
    return delivery::fired_window{end, delivery::test::rows(rows), {}};
  }
  bool changes(std::size_t, std::vector<delivery::fired_window>& into) override {
    if (rows != 0)
      into.push_back({0, delivery::test::rows(rows), {}});
    turn_of_tick = (turn_of_tick + 1) % turns_of_tick;
    return turn_of_tick == 0;
  }
  void capture_changes(wire::writer& out) override {
    out.varint(0);
    if (padding != 0)
      out.string(std::string(padding, 'x'));
  }
  [[nodiscard]] delivery::window_size size() const override { return held; }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros fired) const override {
    return fired == end_of_time ? std::nullopt : std::optional(fired + 10);
  }
  [[nodiscard]] delivery::open_windows look_up(std::string_view key, event_micros,
                                               std::size_t most) const override {
    return {delivery::test::rows(std::min(key.size(), most)), {}, {}, key.size() <= most};
  }

  std::size_t rows = 1;  // rows of a window, and of each turn of a tick
  std::size_t turns_of_tick = 1;
  std::size_t turn_of_tick = 0;  // 0: no tick is under way
  bool absorbed_amid_tick = false;
  std::uint64_t missed = 0;     // missed records of each lane frame
  std::size_t padding = 0;      // bytes in each capture, which nobody can restore
  delivery::window_size held;   // the size that the gauges are to say
  std::vector<position> taken;  // rows of an upstream window
};

/// Bytes that the output of such a window takes in memory.
[[nodiscard]] inline std::size_t bytes_of_window(std::size_t rows = 1) {
  delivery::output_frame f;
  f.rows = delivery::test::rows(rows);
  f.end = static_cast<std::uint32_t>(rows);
  return f.byte_size();
}

}  // namespace millrace::shard_test
