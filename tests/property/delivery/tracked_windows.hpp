// The real window state, wrapped: beside it is kept, and captured with it, which rows records have missed
// because a firing left their partition out (the protocol itself only counts such records).
#pragma once

#include "runtime/delivery/shard.hpp"
#include "tests/property/delivery/world.hpp"

#include <memory>

namespace millrace::delivery::trial {

class tracked_windows final : public window_state {
public:
  tracked_windows(const window::definition& d, const std::vector<source_log>& logs,
                  const std::vector<std::uint32_t>& shard_of_key, std::uint32_t shard);

  std::uint64_t absorb(const lane_frame& frame, event_micros fired_mark) override;
  std::uint64_t absorb_rows(const output_frame& rows, event_micros fired_mark, ledger& counts) override {
    return inner_->absorb_rows(rows, fired_mark, counts);
  }
  std::optional<fired_window> fire_next(event_micros& fired_mark, event_micros watermark) override {
    return inner_->fire_next(fired_mark, watermark);
  }
  bool changes(std::size_t turn, std::vector<fired_window>& into) override {
    return inner_->changes(turn, into);
  }
  void capture_all(wire::writer& out) override;
  void capture_changes(wire::writer& out) override;
  expected<void> apply(wire::reader& in) override;
  [[nodiscard]] window_size size() const override { return inner_->size(); }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros fired) const override {
    return inner_->next_end(fired);
  }
  [[nodiscard]] open_windows look_up(std::string_view key, event_micros fired,
                                     std::size_t most) const override {
    return inner_->look_up(key, fired, most);
  }

  [[nodiscard]] const row_table& missed() const { return missed_; }
  [[nodiscard]] std::uint64_t missed_all() const { return missed_all_; }

private:
  void write_missed(wire::writer& out) const;

  const window::definition& definition_;
  const std::vector<source_log>& logs_;
  const std::vector<std::uint32_t>& shard_of_key_;
  std::uint32_t shard_;
  std::unique_ptr<window_state> inner_;
  row_table missed_;
  std::uint64_t missed_all_ = 0;  // records that missed every window
};

}  // namespace millrace::delivery::trial
