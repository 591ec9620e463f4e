// The file sink without `roll`: rows go to the end of exactly one file. A commit appends and syncs the rows,
// then replaces the record (length, progress) in the side file: that is the one step. After a crash the file
// is cut back to the committed length. What others append between two runs that ended in order is kept, as is
// what they append between two writes; what they append after a crash, before the next start, cannot be told
// from our own half-done commit and is cut.
#pragma once

#include "actors/sink/data_file.hpp"
#include "actors/sink/file/file_record.hpp"
#include "actors/sink/row_format.hpp"

namespace millrace::sink {

class appended_file final : public writer {
public:
  appended_file(std::filesystem::path path, row_format format, bool durable, at_start begin,
                const file_rule& rule = data_file_rule)
      : path_(std::move(path)), format_(std::move(format)), durable_(durable), begin_(begin), rule_(rule) {}
  ~appended_file() override;

  [[nodiscard]] expected<std::optional<progress>> open(const claim& who) override;
  [[nodiscard]] expected<void> write(const data::batch& rows) override;
  [[nodiscard]] expected<std::uint64_t> commit(const progress& p) override;
  /// Nothing that can be rendered is refused.
  [[nodiscard]] expected<std::vector<rejected_row>> rejected(std::uint64_t, std::size_t) override {
    return std::vector<rejected_row>{};
  }
  void forget_rejected(std::uint64_t) override {}

private:
  [[nodiscard]] expected<void> prepare(taken_over& t, bool fresh);
  [[nodiscard]] expected<void> flush();
  void close();

  std::filesystem::path path_;
  row_format format_;
  bool durable_;
  at_start begin_;
  file_rule rule_;
  std::optional<side_file> side_;
  data_file data_;
  file_record record_;
  std::string buffer_;
  std::uint64_t length_ = 0;  // of the file, with what is written but not committed
  bool open_ = false;         // false after an error: what was half done is cleared by the next open
};

}  // namespace millrace::sink
