// A lane without its mailbox: it is told what happens, and says by effects (lane_effects.hpp) what is to be
// done. Long work goes by steps: after each event, call work() while it has_work(), and carry the effects out
// after the event and after each step, so that a source reads on and receivers work while the lane is busy with
// the rest of a chunk. The lane hears of nothing else in between. Reading is in lane.cpp, sending in
// lane_receivers.cpp, catching up in lane_catch_up.cpp, looking for partitions in lane_discovery.cpp.
#pragma once

#include "actors/stream/lane/catch_ups.hpp"
#include "actors/stream/lane/discovery.hpp"
#include "actors/stream/lane/lane_effects.hpp"
#include "actors/stream/lane/lane_options.hpp"
#include "actors/stream/lane/partition.hpp"
#include "actors/stream/lane/schedule.hpp"
#include "actors/stream/lane/steady_time.hpp"

#include <chrono>

namespace millrace::lane {

class lane {
public:
  /// `time` outlives it. `seed` decides its random waits.
  lane(const steady_time& time, lane_options options, delivery::lane_log::start how, std::uint64_t seed);

  /// Empties `into` and gives it what is to be done since the last call. An event or a step that throws has
  /// effects, too: those come first, then its exception ends the life.
  void take_effects(effect_list& into);
  [[nodiscard]] bool has_work() const { return turn_.now != turn::rests; }
  /// One step: it ends with effects, among them one frame of records at most for each receiver, or with the work.
  void work();
  /// The supervisor was told why it ends, or it is told to: nothing is begun any more.
  [[nodiscard]] bool is_over() const { return failed_; }

  /// Opens the source, then the parser.
  void start();

  void on_opened(reader_number reader);
  void on_could_not_open(error why) { fail(std::move(why)); }
  // Each of these is a message to it (runtime/messages/messages.hpp, actors/stream/source/requests.hpp).
  void on_receiver_up(std::size_t receiver);
  void on_receiver_down(std::size_t receiver);
  /// No answer: a newer life of the lane has asked the receiver.
  void on_answer(const log_id& log, std::size_t receiver, const std::optional<delivery::answer>& answer);
  void on_ask_again(const log_id& log, std::size_t receiver);
  void on_credit(const log_id& log, std::size_t receiver, const delivery::fence& stamp, std::size_t bytes);
  void on_acknowledged(const log_id& log, std::size_t receiver, position below);
  void on_chunk(const source::chunk_read& m, reader_number from);
  /// A helper has parsed a chunk, or could not.
  void on_parsed(const chunk_parsed& m);
  void on_wake_up();
  void on_look_now();
  void on_looked(const source::looked& m);
  void on_partition_started(const std::string& name, const std::string& lane);
  void on_others_stand_at(event_micros slowest);
  /// A paused lane reads no source for the live log, and no time counts for idle_timeout. Receivers that are
  /// behind are served as ever.
  void on_set_paused(bool is_paused);
  /// It is to end: nothing is begun any more.
  void on_stop() { failed_ = true; }

private:
  using clock = std::chrono::steady_clock;

  /// Does all that can be done now, from event to event: processes what waits, reads more, catches up.
  struct turn {
    enum phase : std::uint8_t { rests, processes, reads_on, opens, catches_up };
    phase now = rests;
    std::size_t next = 0;  // a partition that is processed, or a reader that catches up
  };

  void give(effect e) { effects_.push_back(std::move(e)); }
  [[nodiscard]] clock::time_point now() const { return time_.now(); }
  [[nodiscard]] partition* find(const log_id& log);
  void ask(partition& p, std::size_t receiver);
  /// Begins a turn.
  void pump();
  void step();
  void read_more();
  [[nodiscard]] std::vector<schedule::place> places() const;
  bool process(partition& p);
  bool process_some(partition& p, waiting_chunk& w);
  /// Has a chunk that was just read parsed by a helper, where there are some and it is worth it.
  void note_records(const partition& p, const source::chunk& c);
  void parse_ahead(const partition& p, waiting_chunk& w);
  /// The piece that begins at w.next, parsed.
  const piece& prepare(const partition& p, waiting_chunk& w);
  /// Adds records [w.next, last) of the piece, up to position `to`.
  void add(frame_former& former, const partition& p, waiting_chunk& w, std::size_t last, position to);
  /// Returns whether the frame that is being formed has to be cut now, because a record may give many rows.
  [[nodiscard]] bool is_large(const frame_former& former) const;
  std::vector<delivery::lane_frame> cut(frame_former& former, const partition& p,
                                        std::optional<position> alone);
  [[nodiscard]] attempt attempt_on(const partition& p, const waiting_chunk& w, std::size_t last,
                                   position to) const;
  /// Does what a record may make fail. The supervisor is told of a failure, for the next life; this one ends
  /// with it.
  template<class F>
  void trying(const attempt& a, F&& work);
  void tell_failure(const attempt& a, std::string_view error);
  /// Late records among those that were just added to the live frame, unless a receiver has had them before.
  void note_late(const partition& p, const source::chunk& c);
  /// Returns, under on_error "fail", where the piece ends before a record that is no row. No value: the piece
  /// begins with that record.
  [[nodiscard]] std::optional<std::size_t> before_refused(partition& p, const waiting_chunk& w);
  bool fail_at_a_refused_record();
  bool fail_where_receivers_stand_apart(const partition& p);
  /// Cuts a frame for each attached receiver from what was formed, and sends it.
  void flush(partition& p);
  void send(partition& p, std::size_t receiver, delivery::lane_frame frame);
  void send_idle(partition& p);
  void begin_at(partition& p);
  void tell_source(partition& p);
  void wake_in(std::chrono::microseconds d);
  bool waits_until(clock::time_point t);
  void look_again_later();
  void fail(error e);
  bool fail_at_the_end_of_what_was_read();
  bool is_still_needed();
  void update_gauges();
  void note_lag(const source::backlog& b);
  void update_due();

  bool start_catch_up();
  void tell_who_lags(partition& p);
  bool find_place(const partition& p, std::size_t receiver);
  bool goes_along(std::size_t partition, std::size_t receiver);
  void begin_catch_up(reader_number reader);
  [[nodiscard]] std::unique_ptr<frame_former> former_for(const partition& p, const mark& from,
                                                         const std::vector<std::size_t>& receivers) const;
  bool catch_up_some(catch_up& c);
  void read_on(catch_up& c);
  void catch_up_some(catch_up& c, partition& p);
  void hand_over(catch_up& c, partition& p, const std::vector<std::size_t>& receivers,
                 std::optional<position> alone);
  void on_catch_up_chunk(catch_up& c, const source::chunk_read& m);
  void ask_who_needs_it(catch_up& c, const error& why);
  void close_readers_that_are_over();
  /// Drops receivers for whom it is.
  [[nodiscard]] bool is_over(catch_up& c) const;

  const steady_time& time_;
  effect_list effects_;
  turn turn_;
  lane_options options_;
  delivery::lane_log::start how_;
  std::unique_ptr<parser::record_parser> parser_;
  std::vector<std::unique_ptr<partition>> partitions_;
  std::vector<bool> up_;  // indexed by receiver
  catch_ups catch_ups_;
  std::pair<std::size_t, std::size_t> opening_;  // partition and receiver whose reader is being opened
  schedule schedule_;
  discovery discovery_;
  std::optional<clock::time_point> paused_since_;
  bool failed_ = false;
  std::optional<error> broken_;  // the source's last word; what it gave before is still on its way
  // The positions by partition, while the receivers are asked whether they still need what is gone.
  std::optional<std::vector<position>> stood_at_;
  bool unnests_ = false;                    // a record may give many rows
  std::optional<std::int64_t> to_be_made_;  // records, of a source that makes them by its rate
  std::uint64_t given_away_ = 0;  // chunks that helpers were asked to parse; the number of the newest
};

}  // namespace millrace::lane
