// Forms the frames of one partition: takes parsed records in log order, runs the lane's steps on them,
// decides lateness record by record, and cuts [start, at) into one frame a receiver. A pure function of the
// log and of where it began: the live lane and catch-up readers form the same content, however they cut it.
// Belongs to one lane actor.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/stage/chain.hpp"
#include "actors/stream/stage/taps.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/ledger.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::lane {

/// Late records of one window among those that were added, and the first of them.
struct late_records {
  std::uint32_t stage = 0;
  std::uint64_t count = 0;
  position first{};
  event_micros time = 0;                   // its event time
  event_micros watermark = 0;              // its partition's watermark, just before it
  bool read = false;                       // stages read them: "WINDOW.late"
  config::side side = config::side::left;  // of a join
};

class frame_former {
public:
  /// `only`: forms frames for these receivers alone (a catch-up reader's). Empty: for all.
  frame_former(std::shared_ptr<const lane_plan> plan, std::string partition, const mark& start,
               const std::vector<std::size_t>& only = {});
  ~frame_former();
  /// Shows what passes; of the live former alone, so that each record is shown once.
  void show_to(std::shared_ptr<stage::taps> taps) { taps_ = std::move(taps); }
  /// Tells the largest key of each frame, by its window's name.
  using tell_largest = std::function<void(const std::string& window, const window::largest_key&)>;
  void tell_largest_to(tell_largest tell) { tell_largest_ = std::move(tell); }

  /// Records [first, last) of the chunk; afterwards the former stands at `to`.
  void add(const source::chunk& c, const parser::parsed& p, std::size_t first, std::size_t last, position to,
           event_micros now);
  /// Adds the log's end: the watermark is the end of time from here on. The end is a position of its own,
  /// after the last record, so that a receiver's vector tells whether it knows. The caller has cut all that
  /// comes before: a receiver counts on the watermark that precedes the end.
  void add_end();

  /// The mark at which the frame that is being formed begins, and the mark that the former has reached.
  [[nodiscard]] const mark& start() const { return start_; }
  [[nodiscard]] const mark& at() const { return at_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// Rows and partial aggregates of the frame that is being formed, in bytes, about.
  [[nodiscard]] std::size_t byte_size() const;
  [[nodiscard]] bool empty() const { return start_.at == at_.at; }
  /// The late records of the newest add().
  [[nodiscard]] const std::vector<late_records>& late() const { return late_; }

  /// One frame a receiver, by receiver index (with `only`, the others stay empty frames); a new frame begins
  /// at at(). Stamps are the sender's to fill in.
  [[nodiscard]] std::vector<delivery::lane_frame> cut();

private:
  struct edge_state;
  struct working;  // the state that the steps of one add() share

  /// `from`: names the rows, as config::name_of(input_ref) does.
  void run(const std::vector<node>& nodes, const stage::rows& rows, working& w, const std::string& from);
  void show(const std::vector<node>& nodes, const stage::rows& rows, const std::string& from);
  void show_records(const working& w, std::size_t first, std::size_t last);
  /// Gives the rows on this way these event times, by rows::time_at(), and moves the watermark row by row.
  void take_times(std::span<const event_micros> times, working& w);
  void run(const select_node& n, const stage::rows& rows, working& w);
  void run(const window_node& n, const stage::rows& rows, working& w);
  void run(const sink_node& n, const stage::rows& rows, working& w);
  void add_letters(std::uint32_t stage, const std::vector<stage::failed_origin>& failed, const working& w);
  [[nodiscard]] delivery::dead_letter letter(std::string stage, const source::chunk& c, std::size_t record,
                                             std::string error) const;
  [[nodiscard]] bool wanted(std::size_t edge) const;
  /// Counts that travel on an edge; lost where the edge is not formed.
  void count(std::size_t edge, const std::string& stage, const delivery::stage_counts& counts);
  [[nodiscard]] const std::string& name_of(std::uint32_t stage) const;

  std::shared_ptr<const lane_plan> plan_;
  std::string partition_;
  std::optional<std::vector<node>> replayed_nodes_;  // the way of a partition of replayed records
  std::string place_;                                // its name among the sources
  log_id log_;  // rows of one time are told apart by it, then by their positions
  mark start_;
  mark at_;
  std::uint64_t records_ = 0;
  std::vector<late_records> late_;
  std::vector<std::unique_ptr<edge_state>> edges_;
  std::shared_ptr<stage::taps> taps_;  // null: nobody can look
  tell_largest tell_largest_;          // none: nobody listens
};

}  // namespace millrace::lane
