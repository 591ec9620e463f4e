// A lane without its mailbox: it is told what happens, and says by effects (lane_effects.hpp) what is to be
// done. Long work goes by steps: after each event, call work() while it has_work(), and carry the effects out
// after the event and after each step, so that a source reads on and receivers work while the lane is busy with
// the rest of a chunk. The lane hears of nothing else in between. Its parts decide; this says whose turn it is.
#pragma once

#include "actors/stream/lane/catching_up.hpp"
#include "actors/stream/lane/chunk_reader.hpp"
#include "actors/stream/lane/discovery.hpp"
#include "actors/stream/lane/figures.hpp"
#include "actors/stream/lane/frame_dispatch.hpp"
#include "actors/stream/lane/lane_effects.hpp"
#include "actors/stream/lane/lane_options.hpp"
#include "actors/stream/lane/record_work.hpp"
#include "actors/stream/lane/schedule.hpp"
#include "actors/stream/lane/shared.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace millrace::lane {

/// Works on what was read for the live log, partition by partition: up to the next cut, or as far as `rate`
/// allows, and sends the frames that are full or due.
class record_processor {
public:
  record_processor(shared& all, record_work& records, frame_dispatch& receivers, schedule& when)
      : all_(all), records_(records), dispatch_(receivers), schedule_(when) {}

  /// One step, which forms one frame of records at most. False: no more can be done for now.
  bool process(partition& p);
  /// Fails where the lane stands before a refused record, once every receiver has taken all that precedes it:
  /// then the end of the run commits that.
  bool fail_at_a_refused_record();

private:
  /// Part of a chunk, and what comes after it.
  struct part {
    std::size_t last;
    position to;
    std::optional<position> cut;  // a receiver further on joins here
    bool partly;                  // more of the chunk may go at once
  };

  bool process_some(partition& p, waiting_chunk& w);
  /// No value: none of it can go now.
  [[nodiscard]] std::optional<part> next_part(partition& p, const waiting_chunk& w, const piece& now);
  void work_on(partition& p, waiting_chunk& w, const part& next, bool own_frame);
  /// Returns, under on_error "fail", where the piece ends before a record that is no row. No value: the piece
  /// begins with that record.
  [[nodiscard]] std::optional<std::size_t> before_refused(partition& p, const waiting_chunk& w);

  shared& all_;
  record_work& records_;
  frame_dispatch& dispatch_;
  schedule& schedule_;
};

/// Partitions that come while the lane runs: one lane of a parser looks for them, the supervisor makes their
/// start durable and tells everybody, and the lane that it names reads them.
class partition_finder {
public:
  partition_finder(shared& all, frame_dispatch& receivers)
      : all_(all), dispatch_(receivers),
        discovery_(all.options.discover_every, std::move(all.options.known)) {}

  /// Arms the timer, where this lane is the one that looks.
  void look_later();
  void look_now() { all_.give(effects::look{{discovery_.known()}}); }
  void on_looked(const source::looked& m);
  void on_partition_started(const std::string& name, const std::string& lane);

private:
  shared& all_;
  frame_dispatch& dispatch_;
  discovery discovery_;
};

class lane {
public:
  /// `time` outlives it. `seed` decides its random waits.
  lane(const steady_time& time, lane_options options, delivery::lane_log::start how, std::uint64_t seed);
  lane(const lane&) = delete;  // its parts know each other
  lane& operator=(const lane&) = delete;

  /// Empties `into` and gives it what is to be done since the last call. An event or a step that throws has
  /// effects, too: those come first, then its exception ends the life.
  void take_effects(effect_list& into);
  [[nodiscard]] bool has_work() const { return turn_.now != turn::rests; }
  /// One step: it ends with effects, among them one frame of records at most for each receiver, or with the work.
  void work();
  /// The supervisor was told why it ends, or it is told to: nothing is begun any more.
  [[nodiscard]] bool is_over() const { return all_.is_over; }

  /// Opens the source, then the parser.
  void start();
  void on_opened(reader_number reader);
  void on_could_not_open(error why) { all_.fail(std::move(why)); }
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
  void on_look_now() { finder_.look_now(); }
  void on_looked(const source::looked& m) { finder_.on_looked(m); }
  void on_partition_started(const std::string& name, const std::string& lane) {
    finder_.on_partition_started(name, lane);
  }
  void on_others_stand_at(event_micros slowest);
  /// A paused lane reads no source for the live log, and no time counts for idle_timeout. Receivers that are
  /// behind are served as ever.
  void on_set_paused(bool is_paused);
  /// It is to end: nothing is begun any more.
  void on_stop() { all_.is_over = true; }

private:
  /// All that can be done now, from event to event: what waits is processed, more is read, receivers are caught up.
  struct turn {
    enum phase : std::uint8_t { rests, processes, reads_on, opens, catches_up };
    phase now = rests;
    std::size_t next = 0;  // a partition that is processed, or a reader that catches up
  };

  void begin_turn();
  void step();
  void read_on();
  void end_turn();

  shared all_;
  schedule schedule_;
  record_work records_;
  frame_dispatch dispatch_;
  figures figures_;
  chunk_reader reader_;
  record_processor processor_;
  catching_up catching_up_;
  partition_finder finder_;
  turn turn_;
};

}  // namespace millrace::lane
