// A life of a sink without its mailbox. Each event, and each step of work() after it, calls the target (blocking, as sink.hpp
// says) and gives effects. Its owner runs the effects after each of them, so that senders hear of what is done before
// the next long call begins, and lets no other event come before the work is done:
//
//     sink.on_x(...), run(sink.take_effects()); while (sink.has_work()) sink.work(), run(sink.take_effects());
//
// Events and taking rows are in sink_life.cpp, the target's openings and failures in sink_opening.cpp, commits in
// sink_commit.cpp, reports and the end in sink_report.cpp, refused rows in sink_refused.cpp.
#pragma once

#include "actors/stream/sink/commit_clock.hpp"
#include "actors/stream/sink/keep_alive_clock.hpp"
#include "actors/stream/sink/refused_rows.hpp"
#include "actors/stream/sink/sink_effects.hpp"
#include "actors/stream/sink/sink_settings.hpp"
#include "actors/stream/sink/taken_rows.hpp"
#include "actors/stream/sink/target_health.hpp"
#include "runtime/delivery/completion.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/sink.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::sink {

/// The way of refused rows from one sink to the dead-letter sink: where that is, and what goes there (refused_rows decides).
/// Pure; the shell has the handle.
class refused_route {
public:
  explicit refused_route(std::string sink) : rows_(std::move(sink)) {}

  /// A life of the dead-letter sink begins. Returns false for one that another has followed.
  [[nodiscard]] bool came(const life& now);
  /// That life is over. Returns false where a later one, on another node, has been introduced meanwhile.
  [[nodiscard]] bool went(const life& of);
  [[nodiscard]] bool is_there() const { return is_there_; }

  /// Asks the dead-letter sink where it stands, once it is there and the target was tried to be opened.
  void ask(const life& own, effect_list& out);
  void answered(const delivery::answer& a) { rows_.answered(a); }
  [[nodiscard]] bool acknowledged(position below) { return rows_.acknowledged(below); }
  [[nodiscard]] refused_rows::next wanted() const { return rows_.wanted(); }
  void send(std::vector<rejected_row> rows, effect_list& out);
  void send_end(effect_list& out);

  [[nodiscard]] std::uint64_t after() const { return rows_.after(); }
  [[nodiscard]] std::uint64_t newest() const { return rows_.newest(); }
  [[nodiscard]] bool end_is_sent() const { return rows_.end_is_sent(); }

private:
  refused_rows rows_;
  bool is_there_ = false;
  life life_;  // the newest of the dead-letter sink
};

// Work that a sink has yet to do for the event that has come: a stack, since a commit amid some work has followers of its own.
// The effects of a step leave before the next one calls the target.
namespace steps {

// --- once the target is closed these have nothing to do

/// Write the rows of lane frames, one frame a step.
struct write_frames {
  std::vector<delivery::lane_frame> frames;
  std::size_t next = 0;
};
/// Write the windows that are whole, one window a step.
struct write_windows {};
/// A window is written: tell the shards.
struct tell_taken {
  std::vector<log_id> logs;
};
/// All has come out that this frame of a shard has made whole.
struct end_output {
  log_id log;
  position reached{};
  bool has_content = false;
};
struct commit {};
/// Commit, or see to it that it is looked at later. At once: rows of any age.
struct commit_if_due {
  bool at_once = false;
};
/// Read rows that the target has refused, and send them on.
struct forward_refused {};

// --- these come in any case

/// Tell senders what is committed.
struct acknowledge {};
struct tell_complete {};
/// The report was asked for before the target was open.
struct give_report {};
struct end_if_stopping {};

template<class Step>
inline constexpr bool needs_target = true;
template<>
inline constexpr bool needs_target<acknowledge> = false;
template<>
inline constexpr bool needs_target<tell_complete> = false;
template<>
inline constexpr bool needs_target<give_report> = false;
template<>
inline constexpr bool needs_target<end_if_stopping> = false;

}  // namespace steps

using step = std::variant<steps::write_frames, steps::write_windows, steps::tell_taken, steps::end_output,
                          steps::commit, steps::commit_if_due, steps::forward_refused, steps::acknowledge,
                          steps::tell_complete, steps::give_report, steps::end_if_stopping>;

/// The senders of a sink's rows, and how far each was told: lanes hear of commits, shards also of rows that were
/// taken. News of a life that another one has followed is passed over. Pure; the shell has their handles.
class senders {
public:
  // --- lanes

  /// A life of a lane asks where the sink stands. Returns false for one that another has followed.
  [[nodiscard]] bool asks(const log_id& log, const life& lane);
  /// The lane of this log, if one has asked.
  void ask_again(const log_id& log, effect_list& out) const;

  // --- shards

  /// A life of a shard is introduced, or a further stand-in of it (messages::sender_up). Returns whether it is to be asked to
  /// go on; false for what is known, or older.
  [[nodiscard]] bool introduce(const log_id& log, const life& shard, std::uint64_t stand_in);
  /// A shard that has been introduced says it in its present life.
  [[nodiscard]] bool is_present(const log_id& log, const life& shard) const;
  /// The shard goes on from what the target has.
  void resume(const log_id& log, const delivery::sink_core& core, const life& own, effect_list& out);
  [[nodiscard]] position told(const log_id& log) const;
  void tell_taken(const log_id& log, position at, const life& own, effect_list& out);

  // --- both

  /// The target is open anew: lanes ask, shards go on.
  void begin(const delivery::sink_core& core, const life& own, effect_list& out);
  /// Lanes hear each position once, shards each time.
  void acknowledge(const std::map<log_id, mark>& committed, effect_list& out);

private:
  struct lane {
    life now;
    std::optional<position> told;
  };
  struct shard {
    life now;
    std::uint64_t stand_in = 0;
    position told = lowest_position;  // taken up to here
  };
  std::map<log_id, lane> lanes_;
  std::map<log_id, shard> shards_;
};

/// Says whether somebody notes that the sink has committed (effects::keep_commit).
enum class first_commit : std::uint8_t { goes_untold, is_told };

class sink_life {
public:
  /// `seed`: of random waits. `time` outlives it.
  sink_life(sink_settings options, const life& now, first_commit first, const steady_time& time,
            std::uint64_t seed);
  sink_life(const sink_life&) = delete;
  sink_life& operator=(const sink_life&) = delete;

  // --- the target
  void open();
  void on_commit_tick(std::uint64_t number);
  void on_keep_alive_tick();
  /// The answer to effects::keep_commit.
  void on_kept(const std::optional<error>& failure);

  // --- lanes
  void on_found(const log_id& log, const mark& start);
  /// Returns whether later effects for this log go to the lane that asks.
  [[nodiscard]] bool on_ask(const log_id& log, const life& lane);
  void on_lane_frame(const delivery::lane_frame& f);

  // --- shards
  /// Returns whether later effects for this log go to this shard, by this stand-in (messages::sender_up).
  [[nodiscard]] bool on_sender_up(const log_id& log, const life& shard, std::uint64_t stand_in);
  void on_resumed(const log_id& log, const life& shard, position from);
  void on_output(const delivery::output_frame& f, const life& shard);

  // --- the dead-letter sink
  /// Both return whether the news counts: it is (no longer) there.
  [[nodiscard]] bool on_dead_letter_sink(const life& now);
  [[nodiscard]] bool on_dead_letter_sink_gone(const life& of);
  void ask_dead_letter_sink() { refused_.ask(life_, effects_); }
  void on_answer(const std::optional<delivery::answer>& answer);
  void on_acknowledged(position below);

  // --- the supervisor
  void on_report();
  void on_stop();

  [[nodiscard]] bool has_work() const { return !steps_.empty(); }
  void work();
  /// Moves the effects that are to be run now into `out`, whose old ones are dropped.
  void take_effects(effect_list& out);

private:
  using clock = steady_time::clock;
  [[nodiscard]] clock::time_point now() const { return time_.now(); }
  [[nodiscard]] bool is_open() const { return health_.is_open(); }

  void run(steps::write_frames s);
  void run(const steps::write_windows& s);
  void run(const steps::tell_taken& s);
  void run(const steps::end_output& s);
  void run(const steps::commit& s);
  void run(const steps::commit_if_due& s);
  void run(const steps::forward_refused& s);
  void run(const steps::acknowledge& s);
  void run(const steps::tell_complete& s);
  void run(const steps::give_report& s);
  void run(const steps::end_if_stopping& s);
  /// The last step that is added comes first.
  void then(step s) { steps_.push_back(std::move(s)); }

  void restore(const std::optional<progress>& stored);
  /// Called after target_health has judged the target's answer.
  void note_answer(bool again);
  void went_wrong(const error& e, bool with_rows = false);
  /// It cannot go on. If a newer life holds the target this one ends in silence, and the supervisor decides
  /// what that means; else the run ends with the error.
  void fail(error why);
  [[nodiscard]] const window_input* input_of(std::uint32_t stage) const;
  void tell_taken(const log_id& log);
  void look_later(const commit_clock::tick& tick) { effects_.emplace_back(effects::look_later{tick}); }
  void keep_alive_later();
  void note_first_commit();
  void note_standing();
  void report();
  void end_if_stopping();
  void end();
  void say(stage::log_level level, const std::string& text);

  /// The ledger of earlier lives lies in the target: before it is read, only a sink that has never committed can report.
  enum class ledger_state : std::uint8_t { unread, awaited, read };
  /// Says whether the state folder knows that the sink has committed.
  enum class commit_note : std::uint8_t { not_committed, missing, under_way, kept };
  enum class phase : std::uint8_t { running, stopping, over };

  sink_settings options_;
  const steady_time& time_;
  life life_;  // its count rises with each attempt to open the target; 0 before the first
  delivery::sink_core core_;
  timed_target target_;
  target_health health_;
  taken_rows taken_;
  senders senders_;
  refused_route refused_;
  commit_clock commit_clock_;
  keep_alive_clock keep_alive_clock_;
  clock::time_point last_commit_;
  bool is_first_commit_ = true;  // none was made yet
  delivery::completion completion_;
  ledger_state ledger_ = ledger_state::unread;
  commit_note note_;
  std::string told_of_note_;  // why it was not kept, as the log has it
  first_commit first_commit_;
  phase phase_ = phase::running;
  std::vector<step> steps_;
  effect_list effects_;
};

}  // namespace millrace::sink
