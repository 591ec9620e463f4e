// The sink actor's behaviour without its mailbox: taking rows (sink_state.cpp), committing (sink_commit.cpp)
// and forwarding refused rows to the dead letters (sink_refused.cpp). It carries out what its cores decide:
// delivery::sink_core (which rows are new), commit_clock (when a commit is due), target_health (what to do
// when the target fails) and refused_rows.
#pragma once

#include "actors/stream/sink/commit_clock.hpp"
#include "actors/stream/sink/refused_rows.hpp"
#include "actors/stream/sink/sink_actor.hpp"
#include "actors/stream/sink/target_health.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/delivery/completion.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/delivery/sink.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <optional>

namespace millrace::sink {

/// Sent to itself: open the target; look whether a commit is due; see to the target while nothing is
/// committed.
struct open_tick {};
struct commit_tick {
  std::uint64_t number = 0;  // commit_clock says whether it counts
};
struct keep_alive_tick {};

/// The sink's interface, the keeper's replies and its own timers.
using whole_sink = messages::sink::extend<caf::reacts_to<messages::value_kept>, caf::reacts_to<open_tick>,
                                          caf::reacts_to<commit_tick>, caf::reacts_to<keep_alive_tick>>;

class sink_state {
public:
  sink_state(whole_sink::pointer self, sink_options options, const life& now,
             messages::supervisor supervisor);

  void open();
  void on_found(const messages::log_found& m);
  void on_ask(const messages::ask_position& m);
  void on_lane_frame(const messages::take_frame& m);
  void on_sender_up(const messages::sender_up& m);
  void on_resumed(const messages::output_resumed& m);
  void on_output(const messages::output& m);
  void on_commit_tick(const commit_tick& m);
  void on_keep_alive_tick();
  void on_report();
  void on_stop();
  void on_kept(const messages::value_kept& m);

  void on_dead_letter_sink(const messages::receiver_up& m);
  void on_dead_letter_sink_gone(const messages::receiver_down& m);
  void ask_dead_letter_sink();
  void on_answer(const messages::position_answered& m);
  void on_acknowledged(const messages::acknowledged& m);

private:
  using clock = std::chrono::steady_clock;
  [[nodiscard]] clock::time_point now() const { return self_->clock().now(); }
  struct lane_ref {
    messages::frame_sender handle;
    messages::receiver_index receiver = 0;
    std::optional<position> told;
    life now;
  };

  void restore(const std::optional<progress>& stored);
  struct shard_ref {
    messages::output_sender handle;
    life now;
    std::uint64_t stand_in = 0;       // the handle's number, where it is a stand-in's
    position told = lowest_position;  // taken up to here
  };

  /// A shard that has been introduced says it in its present life.
  [[nodiscard]] bool is_from_present_life(const log_id& log, const life& of) const;
  void resume(const log_id& log);
  void tell_taken(const log_id& log);
  /// Returns false if the writer failed: the sink is closed and will open again.
  bool write(const data::batch& rows);
  bool absorb(const delivery::lane_frame& f);
  bool release_windows();
  bool write_window(const delivery::whole_window& w);
  bool write_letters(const std::vector<delivery::dead_letter>& letters);
  void note_letters();
  [[nodiscard]] bool is_open() const { return health_.is_open(); }
  /// Called after target_health has judged the target's answer.
  void note_answer(bool again);
  void went_wrong(const error& e, bool with_rows = false);
  /// It cannot go on. If a newer life holds the target this one ends in silence, and the supervisor decides
  /// what that means; else the run ends with the error.
  void fail(error why);
  void commit_if_due(bool at_once);
  bool commit();
  void note_duration(clock::time_point begun, std::uint64_t batch);
  /// Calls the target; meanwhile the gauges say since when.
  template<class Call>
  auto in_target(Call call) {
    struct under_way {
      sink_state& sink;
      clock::time_point began = sink.now();
      explicit under_way(sink_state& s) : sink(s) { sink.options_.gauges->call.begin(began); }
      ~under_way() {
        sink.in_target_ += sink.now() - began;
        sink.options_.gauges->call.end();
      }
      under_way(const under_way&) = delete;
      under_way& operator=(const under_way&) = delete;
    };
    const under_way noted(*this);
    return call();
  }
  void note_latency(const std::map<log_id, mark>& reached);
  void after_commit();
  void note_commit();
  void note_standing();
  void report();
  void end_if_stopping();
  void keep_alive_later();
  void tell_complete();
  [[nodiscard]] const window_input* input_of(std::uint32_t stage) const;

  void forward_refused();
  void send_refused(delivery::lane_frame frame);

  whole_sink::pointer self_;
  sink_options options_;
  messages::supervisor supervisor_;
  std::unique_ptr<writer> writer_;
  delivery::sink_core core_;
  delivery::ledger counts_;
  delivery::ledger committed_counts_;  // counts that the report shows
  bool has_counts_ = false;            // the target was opened in this life
  bool report_is_due_ = false;         // it was asked before that
  life life_;  // its count rises with each attempt to open the target; 0 before the first
  bool stopping_ = false;
  delivery::completion completion_;
  target_health health_{
      {options_.start_timeout, !options_.gives_up_later}, now(), control::jitter_seed(*self_)};
  /// The state of the note that the sink has committed: the state folder lacks it, is being told, or has it.
  enum class noted : std::uint8_t { no, asked, yes };
  noted commit_noted_ = options_.has_committed ? noted::yes : noted::no;
  bool has_committed_ = options_.has_committed;
  std::map<log_id, lane_ref> lanes_;
  std::map<log_id, shard_ref> shards_;
  std::uint64_t batch_ = 0;
  std::uint64_t rows_uncommitted_ = 0;
  std::optional<clock::time_point> first_uncommitted_;
  clock::duration in_target_{0};       // spent there since the last commit
  std::size_t bytes_uncommitted_ = 0;  // taken, written or not
  struct letters_of_stage {
    std::uint64_t count = 0;
    stage::lost_record first;
  };
  std::map<std::string, letters_of_stage> letters_uncommitted_;
  clock::time_point last_commit_ = now();
  commit_clock commit_clock_{options_.commit_every};            // declared after options_
  clock::time_point keep_alive_at_ = clock::time_point::max();  // the next tick for it

  refused_rows refused_{options_.name};
  messages::frame_receiver dead_letter_sink_;
  life dead_letter_life_;
};

}  // namespace millrace::sink

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::open_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::commit_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::keep_alive_tick)
