// A file of csv or JSON as a table that is read whole when it has changed.
#pragma once

#include "actors/stream/source/source.hpp"
#include "actors/stream/source/table_feed.hpp"
#include "runtime/base/time.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::source {

struct file_table_options {
  std::string path;
  wants wanted;                  // csv with a header, or JSON
  std::vector<std::string> key;  // columns
  std::string deleted;
  micros quiet{0};  // a file that was written to within this time is looked at again before it is read
};

/// The form of its records. The error is the user's: a csv parser without a header.
[[nodiscard]] expected<record_form> form_of_file_table(const file_table_options& options);
/// `clock` outlives it.
[[nodiscard]] std::unique_ptr<polled_table> make_file_table(file_table_options options,
                                                            const wall_clock& clock);

}  // namespace millrace::source
