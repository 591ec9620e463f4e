// A shard's protocol, without its windows' arithmetic: takes lane frames, fires on the minimum watermark,
// keeps output until it is acknowledged, says what a snapshot must hold and which vector may be acknowledged
// upstream. Pure; one shard actor owns it, feeds it and carries out what it returns.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"
#include "runtime/delivery/intake.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/delivery/outbox.hpp"
#include "runtime/delivery/window_state.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::delivery {

/// The rest that the ended runs of a bounded topology have left of a shard (docs: next-run).
struct earlier_runs {
  event_micros last_end = no_watermark;  // the last end of all windows that have fired, over all shards of
                                         // the stage
  std::uint64_t rows = 0;
  std::uint64_t missed = 0;
  ledger counts;
};

/// Receivers have rows of a state that was later than the one that this life has begun from: all that fires up to there, whose decisions
/// are not known here.
struct later_rows {
  event_micros up_to = no_watermark;  // no_watermark: they have none
  std::vector<log_id> waits_for;      // idle logs that have not come there: none of them is left out before
  friend bool operator==(const later_rows&, const later_rows&) = default;
};

class shard_core {
public:
  struct setup {
    log_id log;                  // the log of its output: "WINDOW/GENERATION/SHARD"
    std::string window;          // the stage's name, for dead letters
    micros allowed_lateness{0};  // its output's watermark lags the fired mark by this
    millrace::life life = {};
    std::vector<std::string> receivers;  // receivers of its output, by name
    std::map<log_id, mark> logs;         // logs that feed it from the first, and where each starts
    std::map<log_id, mark> found;        // logs that were found later: each joins
    std::vector<log_id> upstream;        // outputs of windows that feed it
    outbox_limits limits;                // limits of the output that is kept
    /// Rows of output after which a firing, or a tick, stops; each window counts as some more. A tenth of a second,
    /// about.
    std::size_t turn = 65'536;
    bool updates = false;       // output goes by ticks, not by windows
    std::uint64_t run = 0;      // captures of earlier ones are of the past
    earlier_runs earlier = {};  // the runs before `run`
  };
  /// A new life without a snapshot; restore() then applies one.
  shard_core(setup s, std::unique_ptr<window_state> windows);

  /// Applies a chain of captures, oldest first. Called before anything else.
  [[nodiscard]] expected<void> restore(const std::vector<std::string>& captures);
  /// A run that has nothing new for this shard has ended for it: its output says so.
  void end_where_nothing_comes();
  /// Returns what the next run must know of this one, and nothing where it has not ended for this shard.
  [[nodiscard]] std::optional<earlier_runs> left() const;
  /// A partition found while running: it joins. A log that a restored capture does not know joins, too.
  void found(const log_id& log, const mark& start);
  /// Lets in what waits to join, once every receiver has said where it stands: windows up to the furthest
  /// mark that anybody has got are decided without it. True: some did, so the owner begins a capture in two
  /// copies; answers() them when that is durable.
  [[nodiscard]] bool join();
  /// Every log has ended, none has yet to join, and all has fired.
  [[nodiscard]] bool ended() const { return joining_.empty() && intake_.ended() && !fires_on(); }
  /// Returns whether an ask for this log can be answered now; else it waits for the log to be found, and to
  /// join.
  [[nodiscard]] bool answers(const log_id& log) const {
    return intake_.vector().contains(log) && !unsettled_.contains(log);
  }

  [[nodiscard]] std::optional<answer> ask(const log_id& log, life lane) { return intake_.ask(log, lane); }

  /// The effect of an input. Output lies in out(); where a decision was among it (a firing that left an idle
  /// partition out), a capture must be durable, in two copies, before what is new leaves.
  struct output {
    bool decision = false;
    intake::outcome outcome = intake::outcome::taken;
    std::size_t taken_bytes = 0;  // credit to give back
  };
  [[nodiscard]] output take(const lane_frame& f);
  /// Output of an upstream window. Drops what is at or below its position, row by row.
  [[nodiscard]] output take(const output_frame& f);
  /// Returns whether windows are over that have not fired: firing stops where the outbox is full, and after a
  /// turn, so that its owner hears what else is said to it. Input that is taken meanwhile does not change
  /// their rows, unless a partition that was idle comes back: its records count for all that has not fired. A
  /// restored shard may have to go on, too. Likewise while ticking().
  [[nodiscard]] bool fires_on() const;
  /// Says whether fire_on() is to be called now: it fires on, and there is room. A tick that has begun has its room.
  [[nodiscard]] bool goes_on() const { return ticking() || (fires_on() && !outbox_.full()); }
  /// Goes on, for a turn, as far as there is room.
  [[nodiscard]] output fire_on();
  /// Returns whether a frame that may fire can be taken: all ended windows have fired, and there is room for
  /// more.
  [[nodiscard]] bool takes_input() const { return !outbox_.full() && !fires_on(); }
  /// Passes tick `t` of a shard with updates, with the rows that have changed. A tick is always a decision,
  /// with or without rows: no later life takes a tick at or below one that was announced. No effect for a
  /// tick that was passed, or while another is under way. A long one goes on by fire_on(): none of it is in
  /// out() or in a capture before its last turn, which is the decision. So a shard that ends amid a tick has
  /// not begun it.
  [[nodiscard]] output tick(event_micros t);
  /// A tick is under way: no frame may be taken, also none that cannot fire.
  [[nodiscard]] bool ticking() const { return ticking_.has_value(); }
  /// The newest tick that was passed; end_of_time once the last rows have been given.
  [[nodiscard]] event_micros ticked() const { return ticked_; }
  /// Returns whether the frame is certain not to fire anything: it ends at or below what has fired, so it is
  /// taken also while no input is. Other shards may need what follows it in its log.
  [[nodiscard]] bool cannot_fire(const lane_frame& f) const {
    return !ticking() && !f.idle && f.watermark <= fired_;
  }
  [[nodiscard]] bool cannot_fire(const output_frame& f) const {
    return !ticking() && watermark_at(f.reached) <= fired_;
  }
  /// Returns whether take() drops the frame. Such a frame never waits: a note that the log was idle would
  /// stay in front of the frames of the log's new sender.
  [[nodiscard]] bool is_stale(const lane_frame& f) const { return intake_.is_stale(f); }

  /// Output towards receivers.
  [[nodiscard]] outbox& out() { return outbox_; }
  /// A new life of a receiver (outbox::resume); what it stands at is `durable`, but for a shard. `taken`:
  /// what it has taken of this shard's earlier lives, durable or not; they send no more. None: it will say by
  /// receiver_has(). With updates ec::corrupt, with the remedy, for one that has more than this life knows
  /// of: what it has cannot be formed again.
  [[nodiscard]] expected<position> resume(const std::string& receiver, std::optional<position> at,
                                          std::optional<position> taken, life receiver_life,
                                          bool durable = true);
  void receiver_has(const std::string& receiver, position taken);
  /// Returns how far this shard's lives have taken the output of an upstream window, as far as that has led
  /// to anything outside them. None: it takes all receivers to know, and some have yet to resume.
  [[nodiscard]] std::optional<position> taken(const log_id& upstream) const;
  /// Files of spilled output that no capture needs which a new life may begin from.
  [[nodiscard]] std::vector<segment_id> unneeded_segments() { return outbox_.unneeded(older_.low); }

  /// A capture of all, or of the changes since the last capture. The owner makes it durable in this order,
  /// and calls captured_durable or capture_failed for each. A failed one is written again together with the
  /// next.
  [[nodiscard]] std::string capture_all();
  [[nodiscard]] std::string capture_changes();
  /// Called instead of capture_changes: the failed capture is written again, and no other changes with it.
  void capture_again();
  /// `twice`: in two copies, so no later life falls back to before it.
  void captured_durable(bool twice);
  void capture_failed();
  /// The vector that lanes may forget up to: of the previous good capture, so that a damaged newest one can
  /// be survived.
  [[nodiscard]] const std::map<log_id, mark>& acknowledged() const { return older_.vector; }
  /// Anything to capture since the last one; or files of spilled output to get rid of by it; or output of an
  /// upstream window, which keeps it until one more capture lets it be acknowledged.
  [[nodiscard]] bool changed() const;
  /// That, or input which a lane keeps until one more capture lets it be acknowledged: a spool that is full of it takes
  /// nothing before.
  [[nodiscard]] bool wants_capture() const;

  [[nodiscard]] const intake& in() const { return intake_; }
  [[nodiscard]] const outbox& out() const { return outbox_; }
  [[nodiscard]] const ledger& counts() const { return ledger_; }
  [[nodiscard]] std::uint64_t rows_out() const { return rows_; }
  [[nodiscard]] std::uint64_t late_at_shard() const { return missed_; }
  [[nodiscard]] event_micros fired() const { return fired_; }
  [[nodiscard]] later_rows later_rows_of_receivers() const;
  /// The end of the last window that earlier runs have fired, as long as this run has not come further; else no_watermark.
  [[nodiscard]] event_micros fired_by_earlier_runs() const;
  [[nodiscard]] window_state& windows() { return *windows_; }

private:
  /// The facts of a capture that must be known while it is the newest good one, or the one before.
  struct generation {
    std::map<log_id, mark> vector;
    position low = lowest_position;  // the output's lowest position
  };

  void absorb(const lane_frame& f);
  [[nodiscard]] bool is_acknowledged(const log_id& log) const;
  [[nodiscard]] bool knows_what_was_sent() const;
  [[nodiscard]] bool receivers_are_ahead() const;
  [[nodiscard]] event_micros fires_up_to() const;
  void fire(output& out);
  void fire_windows(output& out);
  [[nodiscard]] bool owes_last_tick() const;
  void give_changes(output& out);
  void put_out(fired_window w);
  void put_out_small();
  void put_out_formed(event_micros at);
  void give(std::uint64_t rows);
  void set_receivers();
  [[nodiscard]] std::string capture(bool all);
  [[nodiscard]] expected<void> restore_one(wire::reader& in, std::map<log_id, mark>& vector,
                                           std::map<log_id, event_micros>& floors, event_micros& greatest);
  [[nodiscard]] event_micros fired_at(position sent) const;
  [[nodiscard]] event_micros highest_end_fired(event_micros fired) const;
  void settle(bool durable_twice);

  setup setup_;
  std::unique_ptr<window_state> windows_;
  intake intake_;
  outbox outbox_;
  ledger ledger_;
  std::set<std::string> given_;  // its entries of rows that were given, by stage of the receivers
  event_micros fired_ = no_watermark;
  event_micros last_end_ = no_watermark;  // the last end of the windows that have fired
  event_micros ticked_ = no_watermark;
  std::optional<event_micros> ticking_;  // the tick that is under way
  std::vector<fired_window> formed_;     // rows of it, or of the window that fires, until put_out_formed()
  std::vector<window_rows> small_;       // windows that have fired in this turn, until put_out_small()
  std::size_t small_rows_ = 0, small_bytes_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t missed_ = 0;
  bool changed_ = false;
  bool first_of_run_ = false;         // its next capture goes by itself: those before are of an earlier run
  generation older_;                  // the previous good capture
  generation newer_;                  // the newest durable one
  std::deque<generation> under_way_;  // being written

  std::map<log_id, mark> joining_;              // wait for receivers to say where they stand
  std::map<log_id, std::uint64_t> unsettled_;   // joined; by the first capture that holds it
  std::set<std::string> resumed_;               // receivers, in this life
  event_micros receivers_have_ = no_watermark;  // the greatest fired mark that they have taken
  std::uint64_t begun_ = 0;                     // captures
  std::uint64_t done_ = 0;                      // captures that have been begun and are durable, or have
                                                // failed
};

}  // namespace millrace::delivery
