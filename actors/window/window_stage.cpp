#include "actors/window/window_stage.hpp"

#include "runtime/window/window_table.hpp"

namespace millrace::shard {
namespace {

class window_stage final : public delivery::window_state {
public:
  window_stage(const window::definition& d, std::string stage, log_id log,
               const std::optional<rows_in_front>& in_front)
      : stage_(std::move(stage)), log_(std::move(log)), windows_(window::make_window_table(d)) {
    if (in_front)
      in_front_.emplace(*in_front);
  }

  std::uint64_t absorb(const delivery::lane_frame& frame, event_micros fired_mark) override {
    return windows_->absorb(*std::get<delivery::partials_ptr>(frame.content), fired_mark);
  }

  std::uint64_t absorb_rows(const delivery::output_frame& rows, event_micros fired_mark,
                            delivery::ledger& counts) override {
    const auto mine = in_front_ ? in_front_->form(rows, counts) : nullptr;
    return mine ? windows_->absorb(*mine, fired_mark) : 0;
  }

  std::optional<fired> fire_next(event_micros& fired_mark, event_micros watermark) override {
    auto w = windows_->fire_next(fired_mark, watermark);
    return w ? std::optional(fired_of(std::move(*w))) : std::nullopt;
  }

  std::optional<fired> changes() override {
    auto w = windows_->changes();
    return w ? std::optional(fired_of(std::move(*w))) : std::nullopt;
  }

  void capture_all(wire::writer& out) override { windows_->capture_all(out); }
  void capture_changes(wire::writer& out) override { windows_->capture_changes(out); }
  expected<void> apply(wire::reader& in) override { return windows_->apply(in); }

  [[nodiscard]] const window::window_table& windows() const { return *windows_; }

private:
  [[nodiscard]] fired fired_of(window::fired_window w) const {
    fired f{w.end, std::move(w.rows), {}};
    for (auto& row : w.failed)
      f.failed.push_back({stage_, log_, {}, std::move(row.error), std::move(row.record)});
    return f;
  }

  std::string stage_;
  log_id log_;
  std::unique_ptr<window::window_table> windows_;
  std::optional<partials_of_rows> in_front_;
};

}  // namespace

std::unique_ptr<delivery::window_state> make_window_state(const window::definition& d, std::string stage,
                                                          log_id log,
                                                          const std::optional<rows_in_front>& in_front) {
  return std::make_unique<window_stage>(d, std::move(stage), std::move(log), in_front);
}

window_size size_of(const delivery::window_state& s) {
  const auto& w = static_cast<const window_stage&>(s).windows();
  return {w.windows_open(), w.keys(), w.byte_size()};
}

}  // namespace millrace::shard
