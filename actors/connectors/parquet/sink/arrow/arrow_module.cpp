// libmillrace_parquet.so: the only source that sees Arrow C++.
#include "actors/connectors/parquet/sink/arrow_module.hpp"

#include "runtime/base/sanitizer.hpp"

#include <arrow/api.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <cstring>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

namespace millrace::parquet_module {
namespace {

/// Arrow's own allocators hide overflows from AddressSanitizer.
arrow::MemoryPool* pool() {
  return with_address_sanitizer ? arrow::system_memory_pool() : arrow::default_memory_pool();
}

template<class Call>
failure guarded(const Call& call) {
  try {
    if (const arrow::Status s = call(); !s.ok())
      return s.ToString();
  } catch (const std::exception& e) {
    return arrow::Status::UnknownError(e.what()).ToString();
  }
  return {};
}

class output_stream final : public arrow::io::OutputStream {
public:
  explicit output_stream(output& to) : to_(&to) { set_mode(arrow::io::FileMode::WRITE); }
  arrow::Status Write(const void* bytes, std::int64_t size) override {
    // A writer that is dropped writes a footer: nothing may follow an error, or the decision to abandon.
    if (ended_)
      return arrow::Status::IOError("closed");
    ended_ = !to_->write({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    if (ended_)
      return arrow::Status::IOError("not written");
    at_ += size;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

  void abandon() { ended_ = true; }

private:
  output* to_;
  std::int64_t at_ = 0;
  bool closed_ = false;
  bool ended_ = false;
};

class input_file final : public arrow::io::RandomAccessFile {
public:
  explicit input_file(input& from) : from_(&from) { set_mode(arrow::io::FileMode::READ); }
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
    std::string bytes;
    if (!from_->read(static_cast<std::uint64_t>(at_), static_cast<std::uint64_t>(size), bytes))
      return arrow::Status::IOError("not read");
    at_ += static_cast<std::int64_t>(bytes.size());
    return arrow::Buffer::FromString(std::move(bytes));
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

private:
  input* from_;
  std::int64_t at_ = 0;
  bool closed_ = false;
};

std::vector<std::string> lines_of(const arrow::Schema& s) {
  std::vector<std::string> lines;
  for (const auto& f : s.fields())
    lines.push_back(f->name() + " " + f->type()->ToString());
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

class arrow_writer final : public writer {
public:
  explicit arrow_writer(output& to) : stream_(std::make_shared<output_stream>(to)) {}
  ~arrow_writer() override { stream_->abandon(); }

  arrow::Status open(ArrowSchema& columns, compression packed,
                     const std::vector<std::string>& without_dictionary) {
    ARROW_ASSIGN_OR_RAISE(schema_, arrow::ImportSchema(&columns));
    parquet::WriterProperties::Builder b;
    // Java's readers leave the statistics of texts unused where they find no version here.
    b.created_by("millrace version " MILLRACE_VERSION)->compression(codec(packed))->memory_pool(pool());
    for (const auto& name : without_dictionary)
      b.disable_dictionary(std::make_shared<parquet::schema::ColumnPath>(std::vector<std::string>{name}));
    ARROW_ASSIGN_OR_RAISE(file_, parquet::arrow::FileWriter::Open(*schema_, pool(), stream_, b.build()));
    return file_->NewBufferedRowGroup();
  }

  failure write(ArrowArray& rows) override {
    return guarded([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const auto imported, arrow::ImportRecordBatch(&rows, schema_));
      return file_->WriteRecordBatch(*imported);
    });
  }
  failure end_row_group() override {
    return guarded([&] { return file_->NewBufferedRowGroup(); });
  }
  failure write_footer() override {
    return guarded([&] { return file_->Close(); });
  }

private:
  std::shared_ptr<output_stream> stream_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<parquet::arrow::FileWriter> file_;
};

failure open(output& to, ArrowSchema& columns, compression packed,
             const std::vector<std::string>& without_dictionary, std::unique_ptr<writer>& opened) {
  return guarded([&]() -> arrow::Status {
    auto file = std::make_unique<arrow_writer>(to);
    ARROW_RETURN_NOT_OK(file->open(columns, packed, without_dictionary));
    opened = std::move(file);
    return arrow::Status::OK();
  });
}

failure describe(ArrowSchema& columns, std::vector<std::string>& lines) {
  return guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto schema, arrow::ImportSchema(&columns));
    lines = lines_of(*schema);
    return arrow::Status::OK();
  });
}

failure describe_file(input& from, std::vector<std::string>& lines) {
  try {
    const auto reader = parquet::ParquetFileReader::Open(std::make_shared<input_file>(from));
    std::shared_ptr<arrow::Schema> columns;
    // The schema leaves out what Arrow's own writers add to say which of their types a column was.
    const auto s = parquet::arrow::FromParquetSchema(reader->metadata()->schema(),
                                                     parquet::ArrowReaderProperties(), nullptr, &columns);
    if (!s.ok())
      return s.ToString();
    lines = lines_of(*columns);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

constexpr functions all{open, describe, describe_file};

}  // namespace
}  // namespace millrace::parquet_module

extern "C" __attribute__((visibility("default"))) const millrace::parquet_module::functions*
MILLRACE_PARQUET_BORDER() {
  return &millrace::parquet_module::all;
}
