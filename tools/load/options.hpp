// Tells `millrace load` what to do: the command line as text, and the same checked and typed. Contacts
// nothing.
#pragma once

#include "actors/connectors/generator/records.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::load {

/// The options as written; empty where not given.
struct arguments {
  std::string file, kind, rate, pause, duration, start_time, spacing, truth, truth_from;
  bool repeat = false;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> count, burst, keys;
  double skew = 0;
  std::string out_of_order, late, late_by = "1 hour", future, future_by = "1 day", duplicates, malformed;
  std::string stamp, key;
  std::string kafka, topic, create;
  std::vector<std::string> properties;
  std::string http, method = "POST";
  std::vector<std::string> headers;
  unsigned connections = 16;
  std::string out;
  bool append = false;
  std::string http_serve, since;
  unsigned wait_for_clients = 1;
  bool stay = false;
  std::string measure, measure_by = "scheduled_us", measure_idle = "2 s";
  std::string report, start_timeout = "30 s";
};

enum class stamp_form : std::uint8_t { us, ms, s, iso };

/// Says what is wrong on purpose, as shares in parts per million.
struct disorder_options {
  std::uint64_t seed = 1;
  micros out_of_order{0};  // an event time is up to so much earlier than the schedule
  std::uint32_t late = 0;
  micros late_by{0};
  std::uint32_t future = 0;
  micros future_by{0};
  std::uint32_t duplicates = 0;
  std::uint32_t malformed = 0;
};

enum class target_kind : std::uint8_t { kafka, http, file, http_serve };

struct options {
  std::string file;  // or generated records:
  source::generated records;
  bool repeat = false;
  std::optional<std::uint64_t> count;
  std::optional<micros> duration;
  std::optional<event_micros> start_time;
  std::optional<micros> spacing;  // event time from one made record to the next; none: as they go out
  std::string truth;
  std::uint64_t truth_from = 0;  // the first record that the truth is about
  double rate = 0;               // 0 with burst 0: flat out
  std::uint64_t burst = 0;
  micros pause{0};
  disorder_options disorder;
  std::string stamp;
  stamp_form stamped = stamp_form::us;
  std::string key;

  target_kind target = target_kind::file;
  std::string brokers, topic;
  int partitions = 0;  // 0: the topic is not created
  int replication = 1;
  std::map<std::string, std::string> properties;
  std::string url, method;
  std::vector<std::string> headers;
  unsigned connections = 16;
  std::string out;
  bool append = false;
  std::string serve, since_parameter, since_member;
  unsigned wait_for_clients = 1;
  bool stay = false;

  std::string measure_topic, measure_file, measure_by;
  micros measure_idle{0};
  std::string report;
  micros start_timeout{0};
};

/// "1%", "0.05%": parts per million.
[[nodiscard]] expected<std::uint32_t> parse_share(const std::string& option, const std::string& text);
/// The first thing that is wrong, with its remedy.
[[nodiscard]] expected<options> parse(const arguments& a);

}  // namespace millrace::load
