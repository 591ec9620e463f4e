// Rows on their way into the target's open transaction: writes the rows of lane frames and whole windows, and knows what is
// written or taken and not committed: rows, bytes, the ledger, dead letters. Pure but for the target that it writes to. A write
// that fails leaves the rest to restore().
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/sink_gauges.hpp"
#include "actors/stream/sink/sink_settings.hpp"
#include "runtime/base/steady_time.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/delivery/sink.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// The target of one sink: makes its writer at the first opening, and passes calls on to it. Meanwhile the gauges say since
/// when a call is under way; how long calls took is added up from commit to commit. sink.hpp says what each call means, and in
/// which order they come. The calls block.
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
  // The calls below are not timed, since they ask, or take no time.
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

class taken_rows {
public:
  taken_rows(const sink_settings& options, timed_target& target, const steady_time& time)
      : options_(options), target_(target), time_(time) {}

  /// The rows that the target has count. An error: its counters cannot be read, and begin from zero.
  [[nodiscard]] expected<void> restore(const std::optional<progress>& stored);
  [[nodiscard]] expected<void> write(const delivery::lane_frame& f);
  [[nodiscard]] expected<void> write(const delivery::whole_window& w, const window_input& input);
  /// The frame's rows come later, in a window.
  void holds(std::size_t bytes) { bytes_ += bytes; }
  /// Returns the commit of all that was written.
  [[nodiscard]] progress commit_of(std::map<log_id, mark> positions) const;
  /// That commit is done, under this number: readers that hear of its dead letters find them.
  void committed(std::uint64_t batch);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] const std::optional<steady_time::clock::time_point>& first() const { return first_; }
  [[nodiscard]] const delivery::ledger& counts() const { return counts_; }
  [[nodiscard]] const delivery::ledger& committed_counts() const { return committed_counts_; }

private:
  [[nodiscard]] expected<void> write(const data::batch& rows);
  [[nodiscard]] expected<void> write(const delivery::dead_letters& letters);
  void begin_anew();

  struct letters_of_stage {
    std::uint64_t count = 0;
    stage::lost_record first;
  };

  const sink_settings& options_;
  timed_target& target_;
  const steady_time& time_;
  delivery::ledger counts_, committed_counts_;
  std::uint64_t batch_ = 0;  // the number of the last commit with rows
  std::uint64_t rows_ = 0;
  std::size_t bytes_ = 0;                                // taken, written or not
  std::optional<steady_time::clock::time_point> first_;  // when the first of the rows was written
  std::map<std::string, letters_of_stage> letters_;
};

}  // namespace millrace::sink
