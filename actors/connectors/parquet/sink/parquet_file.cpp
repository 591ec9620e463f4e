#include "actors/connectors/parquet/sink/parquet_file.hpp"

#include "actors/connectors/parquet/sink/arrow_array.hpp"
#include "actors/connectors/parquet/sink/loaded_arrow.hpp"

#include <fmt/format.h>

#include <optional>

namespace millrace::sink {
namespace {

/// Hands bytes on to our own file, and keeps its error, which says more than Arrow's.
class written_file final : public parquet_module::output {
public:
  explicit written_file(std::unique_ptr<new_file> to) : to_(std::move(to)) {}
  bool write(std::string_view bytes) override {
    auto done = to_->write(bytes);
    if (done)
      size_ += bytes.size();
    else
      failed_ = std::move(done.error());
    return !failed_;
  }
  expected<void> finish() { return to_->finish(); }
  std::uint64_t size() const { return size_; }
  expected<void> result(const parquet_module::failure& why) const {
    if (why.empty())
      return {};
    return failed_ ? unexpected(*failed_) : our_error("Parquet: " + why);
  }

private:
  std::unique_ptr<new_file> to_;
  std::optional<error> failed_;
  std::uint64_t size_ = 0;
};

class read_file final : public parquet_module::input {
public:
  explicit read_file(storage::stored_file& from) : from_(&from) {}
  std::uint64_t size() override { return from_->size(); }
  bool read(std::uint64_t offset, std::uint64_t length, std::string& bytes) override {
    auto got = from_->read(offset, length);
    if (got)
      bytes = std::move(*got);
    else
      failed_ = std::move(got.error());
    return !failed_;
  }
  const std::optional<error>& failed() const { return failed_; }

private:
  storage::stored_file* from_;
  std::optional<error> failed_;
};

class arrow_file final : public parquet_file {
public:
  explicit arrow_file(std::unique_ptr<new_file> to) : to_(std::move(to)) {}

  expected<void> open(const parquet_module::functions& arrow, const data::schema& columns, compression packed,
                      const std::vector<bool>& dictionary) {
    std::vector<std::string> without;
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (!columns[i].type.is_nested() && !dictionary[i])
        without.push_back(columns[i].name);
    auto exported = export_columns(columns);
    return to_.result(arrow.open(to_, exported, packed, without, writer_));
  }

  expected<void> write(const data::batch& rows) override {
    auto exported = export_rows(rows);
    auto written = to_.result(writer_->write(exported));
    if (written)
      held_ += rows.byte_size();
    return written;
  }
  expected<void> end_row_group() override {
    held_ = 0;
    return to_.result(writer_->end_row_group());
  }
  expected<void> finish() override {
    held_ = 0;
    RETURN_IF_ERROR(to_.result(writer_->write_footer()));
    return to_.finish();
  }
  std::uint64_t held() const override { return held_; }
  std::uint64_t written() const override { return to_.size(); }

private:
  written_file to_;
  std::unique_ptr<parquet_module::writer> writer_;  // writes to `to_`
  std::uint64_t held_ = 0;
};

}  // namespace

expected<void> load_parquet() {
  RETURN_IF_ERROR(load_arrow());
  return {};
}

expected<std::unique_ptr<parquet_file>> open_parquet_file(std::unique_ptr<new_file> to,
                                                          const data::schema& columns, compression packed,
                                                          const std::vector<bool>& dictionary) {
  ASSIGN_OR_RETURN(const auto arrow, load_arrow());
  auto file = std::make_unique<arrow_file>(std::move(to));
  RETURN_IF_ERROR(file->open(*arrow, columns, packed, dictionary));
  return file;
}

expected<std::vector<std::string>> columns_of(storage::stored_file& file, const std::string& name) {
  ASSIGN_OR_RETURN(const auto arrow, load_arrow());
  read_file from(file);
  std::vector<std::string> lines;
  const auto why = arrow->describe_file(from, lines);
  if (from.failed())
    return unexpected(*from.failed());
  if (!why.empty())
    return user_error(ec::corrupt, fmt::format("{} is not a Parquet file: {}", name, why));
  return lines;
}

expected<std::vector<std::string>> columns_of(const data::schema& columns) {
  ASSIGN_OR_RETURN(const auto arrow, load_arrow());
  auto exported = export_columns(columns);
  std::vector<std::string> lines;
  if (const auto why = arrow->describe(exported, lines); !why.empty())
    return our_error("Parquet: " + why);
  return lines;
}

}  // namespace millrace::sink
