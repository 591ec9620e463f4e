// Source partitions in memory, as a server holds them: they grow while the job runs, are trimmed as they are
// acknowledged, may be away, and may have been made while it ran. memory_reader is the connector.
#pragma once

#include "actors/stream/source/source.hpp"
#include "tests/simulation/scenario.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace millrace::simulation {

/// All sources of a scenario.
class memory_logs {
public:
  memory_logs(const scenario& s, std::uint64_t seed);

  /// A step has gone by: some partition may have got records, or may be made.
  void grow();
  /// Every record is there, and every partition is read by somebody.
  [[nodiscard]] bool sealed() const;
  void throw_at_next_read() { throws_ = true; }
  void set_away(bool away) { away_ = away; }
  [[nodiscard]] bool is_away() const { return away_; }
  /// Another topology reads them from their beginning: all records are there again, and stay, also when
  /// acknowledged.
  void keep_all();
  /// A partition was made since the last call.
  [[nodiscard]] bool take_made() { return std::exchange(made_, false); }
  /// Reads that found nothing since the last call.
  [[nodiscard]] unsigned take_idle_reads() { return std::exchange(idle_reads_, 0); }

  /// Says where each stands, for the message of a run that does not end.
  [[nodiscard]] std::string standing() const;

  /// `gone`: the process whose reader it is, is dead.
  [[nodiscard]] std::unique_ptr<source::reader> make_reader(const std::string& source,
                                                            std::shared_ptr<const bool> gone);

private:
  friend class memory_reader;
  struct log {
    const stream* what = nullptr;
    std::vector<std::string> records;
    std::size_t head = 0;     // records that are there
    std::size_t trimmed = 0;  // records that are gone
    bool made = true;
    bool assigned = false;
    std::size_t rests = 0;  // taken
    std::size_t read = 0;   // the end of the latest read
  };
  [[nodiscard]] bool may_be_made(const log& l) const;
  log* find(const std::string& source, const std::string& partition);

  const scenario& scenario_;
  std::mt19937_64 random_;
  std::vector<log> logs_;
  bool throws_ = false;
  bool away_ = false;
  bool made_ = false;
  bool keeps_all_ = false;
  unsigned idle_reads_ = 0;
};

}  // namespace millrace::simulation
