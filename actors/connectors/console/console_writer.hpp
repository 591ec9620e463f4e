// The console sink's writer: prints at commit, then stores its progress in the state folder. Printing cannot
// be taken back, so rows between the two are printed again after a kill -9: at least once. A stop in order
// repeats no row. A commit in the middle of a window: table and json go on after it, show begins a new table.
#pragma once

#include "actors/connectors/console/table.hpp"
#include "actors/stream/sink/files/side_file.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "actors/stream/sink/sink.hpp"

#include <cstdio>
#include <filesystem>
#include <variant>

namespace millrace::sink {

class console_writer final : public writer {
public:
  using style = std::variant<wide_table, short_table, row_format>;
  /// `columns` of its batches are shown; `shown` is their schema, which the style was made for.
  console_writer(style look, std::vector<std::size_t> columns, data::schema_ptr shown, bool batch_headers,
                 std::filesystem::path state_folder, std::FILE* out)
      : look_(std::move(look)), fresh_look_(look_), columns_(std::move(columns)), schema_(std::move(shown)),
        batch_headers_(batch_headers), state_folder_(std::move(state_folder)), out_(out) {}

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  void end_of_window() override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;

private:
  [[nodiscard]] expected<void> print();

  style look_;
  style fresh_look_;  // look_ before any row
  std::vector<std::size_t> columns_;
  data::schema_ptr schema_;
  bool batch_headers_;
  std::uint64_t batches_ = 0;    // committed
  bool header_printed_ = false;  // the header of the next batch is printed
  std::filesystem::path state_folder_;
  std::FILE* out_;
  std::optional<side_file> side_;
  std::string identity_;  // the record's first part
  std::string text_;      // text that is not printed yet
};

}  // namespace millrace::sink
