// The parquet sink beside a bare Arrow writer: the same six columns of text, made ahead, into Snappy files.
//   parquet_rows_bench sink|bare FOLDER ROWS [COMMIT_ROWS]
// Prints the CPU-seconds and seconds of the writing alone. Bare: one thread, one file, what is written is
// never synced, nothing is kept for a crash. The sink: fsync at each commit, of COMMIT_ROWS rows.
#include "actors/connectors/parquet/sink/parquet_sink.hpp"

#include <fmt/format.h>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <sys/resource.h>

namespace {

using namespace millrace;

constexpr std::size_t batch_rows = 4096;
constexpr const char* names[] = {"raw_event", "timestamp", "accept", "host", "user-agent", "event_type"};

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "parquet_rows_bench: %s\n", what.c_str());
  std::exit(1);
}
void good(const arrow::Status& s) {
  if (!s.ok())
    give_up(s.ToString());
}
template<class T>
T good(arrow::Result<T> r) {
  good(r.status());
  return std::move(r).ValueUnsafe();
}
template<class T>
T good(expected<T> r) {
  if (!r)
    give_up(r.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

/// Purchases as the game's server records them: the whole event and its time differ, the rest repeats.
std::string field(std::size_t column, std::size_t i) {
  const auto host = fmt::format("user{}.{}", i % 3 + 1,
                                i % 3 == 0   ? "comcast.com"
                                : i % 3 == 1 ? "att.com"
                                             : "gogov.com");
  const auto time = fmt::format("2021-04-24 {:02}:{:02}:{:02}.{:03}", i / 3'600'000 % 24, i / 60'000 % 60,
                                i / 1000 % 60, i % 1000);
  switch (column) {
  case 0:
    return fmt::format(
        R"({{"event_type":"purchase_sword","sword_type":"{}","Host":"{}","User-Agent":"ApacheBench/2.3",)"
        R"("Accept":"*/*","timestamp":null,"_n":{}}})",
        i % 7 == 0 ? "katana" : "rapier", host, i);
  case 1:
    return time;
  case 2:
    return "*/*";
  case 3:
    return host;
  case 4:
    return "ApacheBench/2.3";
  default:
    return i % 2 == 0 ? "purchase_sword" : "join_guild";
  }
}

double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

class stopwatch {
public:
  ~stopwatch() {
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begun_;
    std::printf("%.3f %.3f %ld\n", cpu_seconds() - cpu_, wall.count(), u.ru_maxrss / 1024);
  }

private:
  double cpu_ = cpu_seconds();
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

void bare(const std::string& folder, std::size_t rows) {
  arrow::FieldVector fields;
  for (const auto* name : names)
    fields.push_back(arrow::field(name, arrow::utf8()));
  const auto schema = arrow::schema(fields);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (std::size_t at = 0; at < rows; at += batch_rows) {
    arrow::ArrayVector columns;
    for (std::size_t c = 0; c < std::size(names); ++c) {
      arrow::StringBuilder b;
      for (auto i = at; i < at + batch_rows; ++i)
        good(b.Append(field(c, i)));
      columns.push_back(good(b.Finish()));
    }
    batches.push_back(arrow::RecordBatch::Make(schema, batch_rows, columns));
  }
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::SNAPPY)
      ->disable_dictionary("raw_event")
      ->disable_dictionary("timestamp");
  const stopwatch watch;
  const auto out = good(arrow::io::FileOutputStream::Open(folder + "/bare.parquet"));
  const auto writer =
      good(parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), out, properties.build()));
  for (const auto& b : batches)
    good(writer->WriteRecordBatch(*b));
  good(writer->Close());
  good(out->Close());
}

void sink_rows(const std::string& folder, std::size_t rows, std::size_t commit_rows) {
  std::vector<data::field> fields;
  for (const auto* name : names)
    fields.push_back({name, data::type_id::text});
  const auto schema = std::make_shared<const data::schema>(std::move(fields));
  std::vector<data::batch> batches;
  for (std::size_t at = 0; at < rows; at += batch_rows) {
    data::batch b{schema, {}, batch_rows};
    for (std::size_t c = 0; c < std::size(names); ++c) {
      data::column_builder column(data::type_id::text);
      for (auto i = at; i < at + batch_rows; ++i)
        column.append_text(field(c, i));
      b.columns.push_back(column.finish());
    }
    batches.push_back(std::move(b));
  }
  config::values o;
  o.set("path", folder + "/table", {});
  o.set("compression", std::string("snappy"), {});
  o.set("at_start", std::string("append"), {});
  o.set("fsync", true, {});
  auto roll = std::make_shared<config::values>();
  roll->set("size", std::uint64_t{128'000'000}, {});
  roll->set("age", micros(10'000'000), {});
  o.set("roll", std::move(roll), {});
  auto writer = good(sink::make_parquet_writer(o, schema, {}));
  const stopwatch watch;
  good(writer->open({"state", "bench", "sink", 1}));
  std::size_t uncommitted = 0;
  const auto commit = [&] {
    sink::progress p;
    p.positions["bench"] = {{1, 0}, no_watermark};
    good(writer->commit(p));
    uncommitted = 0;
  };
  for (const auto& b : batches) {
    good(writer->write(b));
    if ((uncommitted += b.rows) >= commit_rows)
      commit();
  }
  commit();
  writer.reset();
}

/// Both have written every row.
void check(const std::string& folder, std::size_t rows) {
  std::int64_t found = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder))
    if (e.path().extension() == ".parquet")
      found += parquet::ParquetFileReader::OpenFile(e.path().string(), false)->metadata()->num_rows();
  if (found != static_cast<std::int64_t>(rows))
    give_up(fmt::format("{} rows of {} in {}", found, rows, folder));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    give_up("usage: parquet_rows_bench sink|bare FOLDER ROWS [COMMIT_ROWS]");
  const auto rows = (std::strtoull(argv[3], nullptr, 10) + batch_rows - 1) / batch_rows * batch_rows;
  if (std::string_view(argv[1]) == "bare")
    bare(argv[2], rows);
  else
    sink_rows(argv[2], rows, argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 100'000);
  check(argv[2], rows);
}
