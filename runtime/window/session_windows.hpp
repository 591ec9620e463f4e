// Sessions of a shard: rows of (key, states) with the time of their first and last record, found by key and
// by end. Times come one by one, so sessions grow, and grow together; what is over leaves in order of its
// end. A session is a union of spans that overlap (window.hpp): the sessions of a key never overlap in what is
// above the watermark, though the bounds of their rows may.
#pragma once

#include "runtime/window/keyed_table.hpp"
#include "runtime/window/shard_windows.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::window {

class session_windows final : public shard_windows {
public:
  session_windows(const definition& d, form_partials upstream);

  std::uint64_t absorb_partials(const partials& p, event_micros fired) override;
  std::optional<delivery::fired_window> fire_next(event_micros& fired, event_micros watermark) override;
  bool changes(std::size_t turn, std::vector<delivery::fired_window>& into) override;
  [[nodiscard]] bool has_changes() const override;
  void capture_all(wire::writer& out) override;
  void capture_changes(wire::writer& out) override;
  expected<void> apply(wire::reader& in) override;
  [[nodiscard]] delivery::window_size size() const override;
  [[nodiscard]] std::optional<event_micros> next_end(event_micros fired) const override;
  [[nodiscard]] delivery::open_windows look_up(std::string_view key, event_micros fired,
                                               std::size_t most) const override;

private:
  static constexpr std::uint32_t none = keyed_table::none;
  struct session {
    event_micros start = 0, last = 0;      // times of records
    event_micros open_from = 0;            // the beginning of the first of their spans; not below start
    std::uint32_t key = 0;                 // row of keys_
    std::uint32_t next = none;             // another session of the key
    std::optional<event_micros> captured;  // its start as a snapshot knows it
    bool alive = true;
    bool closed = false;  // the session is over; kept until changes() has given it
    // The bounds of the row that changes() has given of it and not taken back; no_watermark: none.
    event_micros given_start = no_watermark, given_end = no_watermark;

    [[nodiscard]] bool is_given() const { return given_end != no_watermark; }
  };
  /// The row of a session that is now part of another one, to be taken back.
  struct outdated_row {
    std::string key;
    event_micros start = 0, end = 0;
  };
  /// What a tick that is under way gives: outdated rows first, then those of sessions.
  struct tick {
    std::vector<std::uint32_t> sessions;  // that have changed, in order
    std::size_t outdated = 0;             // given of outdated_
    std::vector<bool> passes;             // one for each session that was given: `having` lets it through
  };

  [[nodiscard]] std::size_t keys() const { return sessions_.size() - dead_; }
  [[nodiscard]] event_micros end_of(const session& s) const;
  /// `of`: its times.
  [[nodiscard]] std::uint32_t add(std::string_view key, std::uint32_t key_row, const session& of);
  /// Row `row` of `from` holds a record, or some of one time, whose span begins at `open_from`.
  void absorb_one(std::string_view key, std::uint32_t tag, event_micros time, event_micros open_from,
                  const row_store& from, std::uint32_t row);
  void remove(std::uint32_t row);
  void changed(std::uint32_t row);
  /// Session `into` has the records of this one, too.
  void take_over(std::uint32_t into, std::uint32_t row);
  [[nodiscard]] std::vector<std::uint32_t> changed_sessions() const;
  void give_outdated(std::size_t count, std::vector<delivery::fired_window>& into);
  void give_sessions(std::size_t turn, std::vector<delivery::fired_window>& into);
  [[nodiscard]] bool is_outdated(const session& s, bool passes) const;
  void set_given(std::uint32_t row, bool passes);
  void end_tick();
  [[nodiscard]] delivery::fired_window form(const std::vector<std::uint32_t>& sessions, event_micros end);
  void put_row(wire::writer& out, std::uint32_t row);
  [[nodiscard]] expected<void> apply_row(wire::reader& in);
  [[nodiscard]] bool read_given(wire::reader& in, std::uint32_t row);
  void put_outdated(wire::writer& out);
  [[nodiscard]] bool read_outdated(wire::reader& in);
  [[nodiscard]] std::uint32_t find(std::string_view key, event_micros start) const;
  /// Forgets the dead when they are as many as the living.
  void compact();

  definition window_;
  layout_ptr layout_;
  row_store rows_;  // one a session
  std::vector<session> sessions_;
  keyed_table keys_;                  // every key that has or had a session
  std::vector<std::uint32_t> heads_;  // one a key: its first session
  std::set<std::pair<event_micros, std::uint32_t>> by_end_;
  std::vector<std::uint32_t> touched_, unsent_, closed_;
  std::vector<std::pair<std::string, event_micros>> dropped_;  // key and start, of what a snapshot knows
  std::vector<outdated_row> outdated_;
  std::size_t captured_outdated_ = 0;  // a snapshot knows so many of them
  std::optional<tick> tick_;           // the tick that is under way
  std::size_t dead_ = 0;
  bool sent_ = false;
};

}  // namespace millrace::window
