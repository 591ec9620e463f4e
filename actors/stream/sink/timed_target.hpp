// The target of one sink: makes its writer at the first opening, and passes calls on to it. Meanwhile the gauges say since
// when a call is under way; how long calls took is added up from commit to commit. sink.hpp says what each call means, and in
// which order they come. The calls block.
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/sink_gauges.hpp"
#include "runtime/base/steady_time.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::sink {

class timed_target {
public:
  using make_writer = std::function<expected<std::unique_ptr<writer>>()>;
  timed_target(make_writer make, std::shared_ptr<sink_gauges> gauges, const steady_time& time)
      : make_(std::move(make)), gauges_(std::move(gauges)), time_(time) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who);
  // The target has been opened:
  [[nodiscard]] expected<void> write(const data::batch& rows);
  void end_of_window();
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p);
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t after, std::size_t limit);
  [[nodiscard]] expected<void> keep_alive();
  // These are not timed: they ask, or take no time.
  void forget_rejected(std::uint64_t up_to) { writer_->forget_rejected(up_to); }
  [[nodiscard]] std::optional<micros> commit_in() const { return writer_->commit_in(); }
  [[nodiscard]] std::optional<micros> keep_alive_in() const { return writer_->keep_alive_in(); }

  /// Returns the time of all calls since forget_time().
  [[nodiscard]] steady_time::clock::duration spent() const { return spent_; }
  void forget_time() { spent_ = {}; }

private:
  template<class Call>
  auto timed(Call call);

  make_writer make_;
  std::unique_ptr<writer> writer_;
  std::shared_ptr<sink_gauges> gauges_;
  const steady_time& time_;
  steady_time::clock::duration spent_{0};
};

}  // namespace millrace::sink
