// Reads a table whole, again and again, and writes into the spool what has changed since: a log of upserts and deletions like any other
// (record_form.hpp has the form of its records).
#pragma once

#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/record_form.hpp"
#include "actors/stream/source/spool_options.hpp"
#include "runtime/base/time.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// The table that is read. One thread calls read().
class polled_table {
public:
  virtual ~polled_table() = default;

  struct taker {
    /// Gets the columns' names, before the first row.
    std::function<expected<void>(const std::vector<std::string>& names)> columns;
    /// Gets a row in the feed's form: its key, and what follows there behind `is_there`.
    std::function<expected<void>(std::string_view key, std::string_view rest)> row;
  };
  /// Gives the whole table as it is at one moment; false, without a row: it is as it was at the last call, or somebody changes it just
  /// now. An error of `take` ends it.
  [[nodiscard]] virtual expected<bool> read(const taker& take) = 0;
  /// Ends a read() that is under way, and all later ones. Any thread.
  virtual void interrupt() = 0;
  /// Names it in messages.
  [[nodiscard]] virtual std::string shown() const = 0;
  /// The end of the record of a row that is gone, in a table of these columns.
  [[nodiscard]] virtual std::string end_of_gone(const std::vector<std::string>& columns) const {
    (void)columns;
    return "}";
  }
  /// The line that names the columns of the records; none where they name them themselves.
  [[nodiscard]] virtual std::optional<std::string> header(const std::vector<std::string>& columns) const {
    (void)columns;
    return std::nullopt;
  }
};

struct table_feed_options {
  std::string in_logs;           // the stage's name there
  std::vector<std::string> key;  // columns
  std::string deleted;           // column that says whether the row is gone
  record_form form{};
  micros every{0};  // from the beginning of one reading to that of the next
  std::uint64_t most_rows = 0;
  std::size_t longest_record = 0;
  std::optional<event_micros> first_time{};  // of the rows that the first reading finds; none: its moment
};

/// Begins at once. `clock` outlives the feed.
[[nodiscard]] expected<std::shared_ptr<feed>> start_table_feed(table_feed_options options,
                                                               std::unique_ptr<polled_table> table,
                                                               spool_setup spool, const wall_clock& clock);

}  // namespace millrace::source
