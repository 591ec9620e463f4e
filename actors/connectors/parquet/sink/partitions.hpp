// Which folder of the table a row belongs to: Hive's name=value for each column of `partition_by`, escaped as
// Hive escapes. Pure.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// The folder of a null, and of an empty text, which Hive cannot tell from it.
inline constexpr std::string_view null_partition = "__HIVE_DEFAULT_PARTITION__";

/// As a part of a folder's name: what Hive escapes becomes % and two hex digits, all else stays, UTF-8 too.
[[nodiscard]] std::string escape_partition(std::string_view text);

class partitioning {
public:
  partitioning() = default;
  /// `by` in the order of the folders. ec::not_found for a column that is not there.
  [[nodiscard]] static expected<partitioning> make(const data::schema_ptr& rows,
                                                   const std::vector<std::string>& by);

  /// The columns that split() takes.
  [[nodiscard]] const data::schema_ptr& columns() const { return columns_; }
  /// The columns that stand in the files: all that are not `by`.
  [[nodiscard]] const data::schema_ptr& file_columns() const { return file_columns_; }

  struct part {
    std::string folder;  // "" or "a=1/b=2/", relative to the table
    data::batch rows;    // file_columns()
  };
  struct unnameable {
    std::size_t row;
    std::string why;
  };
  struct parts {
    std::vector<part> all;            // each folder once, its rows in their order
    std::vector<unnameable> refused;  // rows whose folder would have a name longer than file systems allow
  };
  [[nodiscard]] parts split(const data::batch& rows) const;

private:
  [[nodiscard]] std::string folder_of(const data::batch& rows, std::size_t row, std::string& why) const;

  std::vector<std::size_t> by_;
  std::vector<std::size_t> kept_;
  data::schema_ptr columns_;
  data::schema_ptr file_columns_;
};

}  // namespace millrace::sink
