#include "actors/connectors/parquet/sink/parquet_file.hpp"

#include "actors/connectors/parquet/sink/arrow_array.hpp"  // behind Arrow's own definition of the same structures
#include "runtime/base/address_sanitizer.hpp"

#include <fmt/format.h>

#include <arrow/api.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <cstring>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

namespace millrace::sink {
namespace {

using data::type_id;

/// Arrow's own allocators hide overflows from AddressSanitizer.
arrow::MemoryPool* pool() {
  return with_address_sanitizer ? arrow::system_memory_pool() : arrow::default_memory_pool();
}

/// Hands bytes on to our own file, and keeps its error, which says more than a status.
class file_stream final : public arrow::io::OutputStream {
public:
  explicit file_stream(std::unique_ptr<new_file> to) : to_(std::move(to)) {
    set_mode(arrow::io::FileMode::WRITE);
  }
  arrow::Status Write(const void* bytes, std::int64_t size) override {
    // A writer that is dropped writes a footer: nothing may follow an error, or the decision to abandon.
    if (failed_ || abandoned_)
      return arrow::Status::IOError("closed");
    if (auto written = to_->write({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
        !written) {
      failed_ = written.error();
      return arrow::Status::IOError(failed_->message);
    }
    at_ += size;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

  void abandon() { abandoned_ = true; }
  expected<void> finish() { return to_->finish(); }
  std::uint64_t written() const { return static_cast<std::uint64_t>(at_); }
  /// Returns the error that a status of Arrow's stands for.
  unexpected error_of(const arrow::Status& s) const {
    return failed_ ? unexpected(*failed_) : our_error("Parquet: " + s.ToString());
  }

private:
  std::unique_ptr<new_file> to_;
  std::optional<error> failed_;
  std::int64_t at_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;
};

/// Gives Arrow a stored file to read; keeps our own error, too.
class file_reader final : public arrow::io::RandomAccessFile {
public:
  explicit file_reader(storage::stored_file& from) : from_(&from) { set_mode(arrow::io::FileMode::READ); }
  arrow::Result<std::int64_t> GetSize() override { return static_cast<std::int64_t>(from_->size()); }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Seek(std::int64_t to) override {
    at_ = to;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Read(size));
    std::memcpy(out, bytes->data(), static_cast<std::size_t>(bytes->size()));
    return bytes->size();
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    auto bytes = from_->read(static_cast<std::uint64_t>(at_), static_cast<std::uint64_t>(size));
    if (!bytes) {
      failed_ = bytes.error();
      return arrow::Status::IOError(failed_->message);
    }
    at_ += static_cast<std::int64_t>(bytes->size());
    return arrow::Buffer::FromString(std::move(*bytes));
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  const std::optional<error>& failed() const { return failed_; }

private:
  storage::stored_file* from_;
  std::optional<error> failed_;
  std::int64_t at_ = 0;
  bool closed_ = false;
};

std::shared_ptr<arrow::DataType> arrow_type(const data::type& t) {
  switch (t.id()) {
  case type_id::boolean:
    return arrow::boolean();
  case type_id::bigint:
    return arrow::int64();
  case type_id::float64:
    return arrow::float64();
  case type_id::text:
  case type_id::json:
    return arrow::utf8();
  case type_id::timestamp:
    return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  case type_id::list:
    return arrow::list(arrow::field("element", arrow_type(t.element())));
  case type_id::object:
    break;
  }
  arrow::FieldVector members;
  for (const auto& f : t.fields())
    members.push_back(arrow::field(f.name, arrow_type(f.type)));
  return arrow::struct_(std::move(members));
}

std::shared_ptr<arrow::Schema> arrow_schema(const data::schema& columns) {
  arrow::FieldVector fields;
  for (const auto& f : columns)
    fields.push_back(arrow::field(f.name, arrow_type(f.type)));
  return arrow::schema(std::move(fields));
}

std::vector<std::string> lines_of(const arrow::Schema& s) {
  std::vector<std::string> lines;
  for (const auto& f : s.fields())
    lines.push_back(fmt::format("{} {}", f->name(), f->type()->ToString()));
  return lines;
}

parquet::Compression::type codec(compression c) {
  switch (c) {
  case compression::snappy:
    return parquet::Compression::SNAPPY;
  case compression::zstd:
    return parquet::Compression::ZSTD;
  case compression::none:
    break;
  }
  return parquet::Compression::UNCOMPRESSED;
}

class arrow_file final : public parquet_file {
public:
  arrow_file(std::unique_ptr<new_file> to, const data::schema& columns)
      : stream_(std::make_shared<file_stream>(std::move(to))), schema_(arrow_schema(columns)) {}
  ~arrow_file() override { stream_->abandon(); }

  expected<void> open(compression packed, const data::schema& columns, const std::vector<bool>& dictionary) {
    parquet::WriterProperties::Builder b;
    // Java's readers leave the statistics of texts unused where they find no version here.
    b.created_by("millrace version " MILLRACE_VERSION)->compression(codec(packed))->memory_pool(pool());
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (!columns[i].type.is_nested() && !dictionary[i])
        b.disable_dictionary(
            std::make_shared<parquet::schema::ColumnPath>(std::vector<std::string>{columns[i].name}));
    return guarded([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(file_, parquet::arrow::FileWriter::Open(*schema_, pool(), stream_, b.build()));
      return file_->NewBufferedRowGroup();
    });
  }

  expected<void> write(const data::batch& rows) override {
    return guarded([&]() -> arrow::Status {
      auto exported = export_rows(rows);
      ARROW_ASSIGN_OR_RAISE(const auto imported, arrow::ImportRecordBatch(&exported, schema_));
      ARROW_RETURN_NOT_OK(file_->WriteRecordBatch(*imported));
      held_ += rows.byte_size();
      return arrow::Status::OK();
    });
  }
  expected<void> end_row_group() override {
    held_ = 0;
    return guarded([&] { return file_->NewBufferedRowGroup(); });
  }
  expected<void> finish() override {
    held_ = 0;
    if (auto closed = guarded([&] { return file_->Close(); }); !closed)
      return closed;
    return stream_->finish();
  }
  std::uint64_t held() const override { return held_; }
  std::uint64_t written() const override { return stream_->written(); }

private:
  template<class Call>
  expected<void> guarded(const Call& call) {
    try {
      if (const arrow::Status s = call(); !s.ok())
        return stream_->error_of(s);
    } catch (const std::exception& e) {
      return stream_->error_of(arrow::Status::UnknownError(e.what()));
    }
    return {};
  }

  std::shared_ptr<file_stream> stream_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
  std::uint64_t held_ = 0;
};

}  // namespace

bool has_parquet() { return true; }
std::string no_parquet() { return {}; }

expected<std::unique_ptr<parquet_file>> open_parquet_file(std::unique_ptr<new_file> to,
                                                          const data::schema& columns, compression packed,
                                                          const std::vector<bool>& dictionary) {
  auto file = std::make_unique<arrow_file>(std::move(to), columns);
  if (auto opened = file->open(packed, columns, dictionary); !opened)
    return unexpected(opened.error());
  return file;
}

expected<std::vector<std::string>> columns_of(storage::stored_file& file, const std::string& name) {
  const auto from = std::make_shared<file_reader>(file);
  const auto damaged = [&](std::string_view why) -> unexpected {
    if (from->failed())
      return unexpected(*from->failed());
    return user_error(ec::corrupt, fmt::format("{} is no Parquet file: {}", name, why));
  };
  try {
    const auto reader = parquet::ParquetFileReader::Open(from);
    std::shared_ptr<arrow::Schema> columns;
    // The schema leaves out what Arrow's own writers add to say which of their types a column was.
    const auto s = parquet::arrow::FromParquetSchema(reader->metadata()->schema(),
                                                     parquet::ArrowReaderProperties(), nullptr, &columns);
    if (!s.ok())
      return damaged(s.ToString());
    return lines_of(*columns);
  } catch (const std::exception& e) {
    return damaged(e.what());
  }
}

std::vector<std::string> columns_of(const data::schema& columns) { return lines_of(*arrow_schema(columns)); }

}  // namespace millrace::sink
