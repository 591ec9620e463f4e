// Runs a topology on records that were written down, in the calling thread: sources are replaced by the
// records, sinks by lists of rows. Contacts nothing, writes nothing. The rows are those of `run`: parsers,
// lane steps, windows and the stages downstream are the code that the actors run. `check --sample` and `test`
// own one for each run.
//
// The clock is virtual. It begins at the first event time (or where it is told to), follows the greatest
// event time and goes further by advance(). Records of several partitions come in the order of their event
// times; before the clock passes a tick of `updates`, the tick is taken.
#pragma once

#include "actors/stream/source/written_record.hpp"
#include "config/plan.hpp"
#include "runtime/base/error.hpp"
#include "tools/dry_run/receivers.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace millrace::dry_run {

/// The clock stands here while no record and nobody else has said a time: 2000-01-01T00:00:00Z.
inline constexpr event_micros default_clock = 946'684'800'000'000;

struct arrival {
  std::string source;  // a stage of the topology
  source::written_record record;
  std::string partition = source::only_partition;
};

struct setup {
  /// Partitions of sources that have others than the only one. All that will be fed.
  std::map<std::string, std::set<std::string>> partitions{};
  std::optional<event_micros> clock{};
  std::size_t keep = static_cast<std::size_t>(-1);  // rows kept of each stage, about
};

/// The rows that were late for a window stage, and where the first of them came from.
struct late_rows {
  std::string window;
  std::string rows_in;  // "counts.late": where they are
  std::uint64_t count = 0;
  std::string source{};
  std::string partition{};
  std::uint64_t record = 0;  // among those of its partition, from 1
  event_micros time = 0;
  event_micros watermark = 0;  // its partition's, just before it
};

class dry_run {
public:
  /// Errors: a connector's options that only show when it is made.
  [[nodiscard]] static expected<std::unique_ptr<dry_run>> make(const config::topology& t, const setup& s);
  ~dry_run();
  dry_run(const dry_run&) = delete;
  dry_run& operator=(const dry_run&) = delete;

  /// Records as they come in. An error is what would end the run (on_error "fail"); nothing follows it.
  [[nodiscard]] expected<void> feed(const std::vector<arrival>& records);
  /// Time passes in which nothing comes: ticks, and partitions that become idle.
  void advance(micros d);
  /// All sources come to their end: the last windows fire. An error is a bug of ours: rows are missing.
  [[nodiscard]] expected<void> end();
  [[nodiscard]] std::vector<stage_rows> rows() const;
  /// One for each window, of a join for each side.
  [[nodiscard]] const std::vector<late_rows>& late() const { return late_; }
  /// Records by window that came after its windows had fired without their partition, which was idle.
  [[nodiscard]] std::map<std::string, std::uint64_t> missed() const;

private:
  struct lane;
  struct partition;
  struct chunk_in_work;
  dry_run() = default;

  void form_run();
  void note_late(const chunk_in_work& c);
  void cut_all();
  void send(lane& l, partition& p);
  void clock_to(event_micros t);
  void tick_until(event_micros t);
  [[nodiscard]] event_micros now() const { return clock_.value_or(default_clock); }
  [[nodiscard]] expected<void> arrive(chunk_in_work& c);
  [[nodiscard]] std::vector<chunk_in_work> parse(const std::vector<arrival>& records);
  /// Records of one schema.
  [[nodiscard]] chunk_in_work parse(lane& of, partition& p, std::span<const source::written_record> records);

  std::optional<event_micros> clock_;
  probed_topology probed_;
  deployment::lane_plans plans_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::unique_ptr<receivers> receivers_;
  std::vector<late_rows> late_;
  std::vector<std::pair<std::uint32_t, micros>> ticking_;  // window stages with updates, and how often

  /// Consecutive records of one partition that are taken together.
  struct {
    chunk_in_work* of = nullptr;
    std::size_t first = 0;
    event_micros now = 0;
  } run_;
};

}  // namespace millrace::dry_run
