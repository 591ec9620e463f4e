// The parquet sink, killed with -9 before each of its system calls that change anything, and at random
// moments.
#include "tests/support/sink_crash.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {
namespace {

crash_subject subject(table_options options, std::int64_t total) {
  crash_subject s;
  const bool parts = !options.partition_by.empty();
  s.make = [=](const std::filesystem::path& folder) { return table_writer(folder / "table", options); };
  s.seen = [=](const std::filesystem::path& folder) {
    if (!parts)
      return table_lines(folder / "table");
    std::string out;  // {"n":1,"name":"row 1"}: the partition's column stands last, as it does in numbers()
    for (const auto& row : test::table_rows(folder / "table"))
      out += row + '\n';
    return out;
  };
  s.shows = parts ? crash_subject::showing::in_any_order : crash_subject::showing::whole_files;
  s.total = total;
  return s;
}

}  // namespace

TEST_CASE("A table has whole files after a crash before any system call, and another while it recovers") {
  crash_at_every_call(subject({.rows = 3, .fsync = true}, 6));
}
TEST_CASE("A partitioned table likewise: no row is lost or seen twice") {
  crash_at_every_call(subject({.partition_by = {"name"}, .rows = 3, .fsync = true}, 5));
}
TEST_CASE("A table has every row once, in order, after kills at random moments") {
  crash_at_random(subject({.rows = 300}, 15'000));
}

}  // namespace millrace::sink
