// The file sink without `roll`: rows go to the end of exactly one file. A commit appends and syncs the rows,
// then replaces the record (length, progress) in the side file: that is the one step. After a crash the file
// is cut back to the committed length. Bytes that others append between two runs that ended in order are
// kept, as are those between two writes; bytes that they append after a crash, before the next start, cannot
// be told from our own half-done commit and are cut.
//
// With parts (the default file of dead letters) the file is taken for a part, under the next number, by the
// commit at which it reaches a limit: the record says so ("publish"), then it is renamed, and an empty one
// goes on under its name. A restart finishes a renaming that was begun.
#pragma once

#include "actors/connectors/file/sink/file_record.hpp"
#include "actors/stream/sink/files/data_file.hpp"
#include "actors/stream/sink/files/roll_option.hpp"
#include "actors/stream/sink/row_format.hpp"
#include "runtime/base/time.hpp"

namespace millrace::sink {

class appended_file final : public writer {
public:
  appended_file(std::filesystem::path path, row_format format, bool durable, at_start begin,
                std::optional<part_options> parts = {}, const wall_clock& clock = system_clock(),
                const file_rule& rule = data_file_rule)
      : path_(std::move(path)), format_(std::move(format)), durable_(durable), begin_(begin), parts_(parts),
        clock_(&clock), rule_(rule) {}
  ~appended_file() override;

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  /// Makes a part of a file that has become old enough while nothing was written.
  [[nodiscard]] expected<void> keep_alive() override;
  [[nodiscard]] std::optional<micros> keep_alive_in() const override;

private:
  [[nodiscard]] expected<void> store();
  [[nodiscard]] expected<void> open_data(std::uint64_t& there, bool& made);
  [[nodiscard]] expected<void> remove_parts_of(const file_record& replaced);
  [[nodiscard]] bool is_due() const;
  [[nodiscard]] expected<void> begin_part();
  [[nodiscard]] expected<void> finish_part();
  void remove_oldest_parts();
  [[nodiscard]] expected<void> prepare(taken_over<file_record>& t, bool fresh);
  [[nodiscard]] expected<void> flush();
  void close();

  std::filesystem::path path_;
  row_format format_;
  bool durable_;
  at_start begin_;
  std::optional<part_options> parts_;
  const wall_clock* clock_;
  file_rule rule_;
  std::optional<side_file> side_;
  data_file data_;
  file_record record_;
  std::string buffer_;
  std::uint64_t length_ = 0;  // the file's length, with rows that are written but not committed
  std::uint64_t rows_ = 0;    // rows that are written but not committed
  bool open_ = false;         // false after an error: what was half done is cleared by the next open
};

}  // namespace millrace::sink
