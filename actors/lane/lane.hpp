// The lane's behaviour without its mailbox: what lane_actor.cpp calls for each message. Split from it so that
// a reader finds reading, sending, catching up and looking for partitions apart: lane.cpp,
// lane_receivers.cpp, lane_catch_up.cpp, lane_discovery.cpp.
#pragma once

#include "actors/lane/drift_limit.hpp"
#include "actors/lane/lane_actor.hpp"
#include "actors/lane/partition.hpp"
#include "actors/lane/rate_limit.hpp"
#include "actors/lane/wake_ups.hpp"
#include "runtime/base/backoff.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>

namespace millrace::lane {

/// Sent to itself: time has passed (rate, idleness, a source that was away).
struct wake_up {};
/// Sent to itself: time to look for new partitions.
struct look_now {};

class lane {
public:
  lane(caf::event_based_actor* self, lane_options options, incarnation life, delivery::lane_log::start how,
       caf::actor supervisor);
  /// However this life ends, the threads that read for it end as well.
  ~lane();
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  /// Opens the connectors. False: the supervisor was told why not.
  bool start();
  void stop();

  void on_receiver_up(const messages::receiver_up& m);
  void on_receiver_down(const messages::receiver_down& m);
  void on_answer(const messages::position_answered& m);
  void on_ask_again(const messages::ask_again& m);
  void on_credit(const messages::credit_returned& m);
  void on_acknowledged(const messages::acknowledged& m);
  void on_chunk(const source::chunk_read& m, const caf::actor& from);
  void on_wake_up();
  void on_look_now();
  void on_looked(const source::looked& m);
  void on_partition_started(const messages::partition_started& m);

private:
  using clock = std::chrono::steady_clock;
  static constexpr backoff_options away_backoff{.longest = std::chrono::seconds(2)};

  [[nodiscard]] clock::time_point now() const { return self_->clock().now(); }
  [[nodiscard]] partition* find(const log_id& log);
  void ask(partition& p, std::size_t receiver);
  /// Does whatever can be done now: processes what waits, reads more, catches up.
  void pump();
  void read_more();
  void hold_back(std::vector<partition*>& ready);
  void process(partition& p);
  bool process_some(partition& p, waiting_chunk& w);
  /// The piece that begins at w.next, parsed.
  const piece& prepare(const partition& p, waiting_chunk& w);
  /// Adds records [w.next, last) of the piece, up to position `to`.
  void add(frame_former& former, const partition& p, waiting_chunk& w, std::size_t last, position to);
  /// Records [w.next, end) that are worked on at once: up to `last`, fewer where a record may give many rows.
  [[nodiscard]] std::size_t end_at_once(const waiting_chunk& w, std::size_t last) const;
  /// Where a record may give many rows: the frame that is being formed is to be cut now.
  [[nodiscard]] bool is_large(const frame_former& former) const;
  std::vector<delivery::lane_frame> cut(frame_former& former, const partition& p,
                                        std::optional<position> alone);
  [[nodiscard]] attempt attempt_on(const partition& p, const waiting_chunk& w, std::size_t last,
                                   position to) const;
  /// Does what a record may make fail. A failure is noted for the next life; this one ends with it.
  template<class F>
  void trying(const attempt& a, F&& work);
  void note_failure(const attempt& a, std::string_view error);
  /// Late records among those that were just added to the live frame, unless a receiver has had them before.
  void note_late(const partition& p, const source::chunk& c);
  /// Under on_error "fail": how far the piece goes before a record that is no row. Nothing: it begins there.
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
  void update_gauges();

  void start_catch_ups();
  void tell_who_is_behind(partition& p);
  bool yield_place(const partition& p, std::size_t receiver);
  void catch_up_step(catch_up& c);
  void catch_up_some(catch_up& c, partition& p);
  void on_catch_up_chunk(catch_up& c, const source::chunk_read& m);
  [[nodiscard]] bool is_over(const catch_up& c) const;
  void end_catch_up(catch_up& c);

  caf::event_based_actor* self_;
  lane_options options_;
  incarnation life_;
  delivery::lane_log::start how_;
  caf::actor supervisor_;
  std::shared_ptr<source::reader> connector_;
  caf::actor source_;
  std::unique_ptr<parser::record_parser> parser_;
  std::vector<std::unique_ptr<partition>> partitions_;
  std::vector<caf::actor> receivers_;
  std::vector<std::unique_ptr<catch_up>> catch_ups_;
  std::uint64_t catch_ups_begun_ = 0;
  std::uint64_t ticket_ = 0;
  bool reading_ = false;
  bool failed_ = false;
  std::optional<error> broken_;  // the source's last word; what it gave before is still on its way
  bool stopped_ = false;
  clock::time_point read_again_at_{};  // the source was away: not before
  backoff away_;                       // of a source that does not answer
  rate_limit rate_;
  drift_limit drift_;
  wake_ups wake_ups_;
  bool unnests_ = false;  // a record may give many rows
};

}  // namespace millrace::lane

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::lane::wake_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::lane::look_now)
