// Makes the records of a load in blocks, each with the moment at which it is due: from a file or generated,
// with what was asked to be wrong, stamped and keyed. Runs ahead of the schedule on a thread of its own;
// nothing in it depends on how fast the target is.
#pragma once

#include "runtime/data/json_member.hpp"
#include "tools/load/line_file.hpp"
#include "tools/load/options.hpp"
#include "tools/load/schedule.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::load {

/// Says what is wrong with which record on purpose: by seed and number alone, so that a load can be made
/// again and an oracle can know it.
struct disturbance {
  micros shift{0};         // added to the event time; negative is late
  bool malformed = false;  // cut in the middle
  bool twice = false;      // an earlier record comes again after this one
  std::uint32_t back = 0;  // used with twice: how many records back, 0 the same one
};

/// A record comes again from among so many.
inline constexpr std::uint32_t furthest_back = 64;

[[nodiscard]] disturbance disturb(const disorder_options& o, std::uint64_t number);

/// A record without its second half: no JSON any more, and never empty or a line more.
[[nodiscard]] std::size_t cut_length(std::size_t whole);

/// A record on its way out. The views live as long as its block.
struct outgoing_record {
  std::string_view bytes;
  std::optional<std::string_view> key;
  event_micros event_time = 0;
  event_micros due = 0;  // the time by the schedule, wall clock
};

class block {
public:
  std::vector<outgoing_record> records;
  bool last = false;  // no block follows

private:
  friend class record_maker;
  std::string bytes_;
  std::vector<std::string> keys_;
};

class record_maker {
public:
  /// `start` is the moment of the first record, wall clock.
  [[nodiscard]] static expected<record_maker> open(const options& o, const schedule& s);

  void start_at(event_micros start);
  /// Makes about `most` records; flat out their moment is `now`.
  [[nodiscard]] expected<std::unique_ptr<block>> next(std::size_t most, event_micros now);

private:
  struct piece {
    std::size_t begin;
    std::size_t length;
    event_micros event_time;
    event_micros due;
  };
  record_maker(const options& o, const schedule& s) : options_(&o), schedule_(s) {}
  /// Appends record `number_`; false at the end.
  [[nodiscard]] expected<bool> append(std::string& out, event_micros event_time);
  void stamp(std::string& out, std::size_t begin, event_micros due);
  void remember(std::string_view record);

  const options* options_;
  schedule schedule_;
  std::optional<line_file> lines_;
  data::member_finder members_;
  event_micros start_ = 0;
  event_micros epoch_ = 0;           // event time of the first record
  std::uint64_t number_ = 0;         // the next record's number
  std::uint64_t sending_ = 0;        // the next sending's number: repeated records count
  std::vector<std::string> recent_;  // records that come again, by number modulo furthest_back
  bool any_in_file_ = false;
};

}  // namespace millrace::load
