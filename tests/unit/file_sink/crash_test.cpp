// The file sink, killed with -9 before each of its system calls that change anything, and at random moments.
#include "actors/connectors/file/sink/appended_file.hpp"
#include "actors/connectors/file/sink/rolled_files.hpp"
#include "tests/support/sink_crash.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

namespace millrace::sink {
namespace {

crash_subject subject(bool roll, bool fsync, std::int64_t total) {
  crash_subject s;
  s.make = [=](const std::filesystem::path& folder) {
    auto o = file_options(folder / "out.jsonl", "json", fsync);
    if (roll) {
      auto limits = std::make_shared<config::values>();
      limits->set("rows", std::int64_t{7}, {});
      o.set("roll", std::move(limits), {});
    }
    return std::move(make_file_writer(o, numbers()).value());
  };
  s.seen = [](const std::filesystem::path& folder) {
    std::string all;
    for (const auto& name : visible(folder))
      all += content(folder / name);
    return all;
  };
  s.shows = roll ? crash_subject::showing::whole_files : crash_subject::showing::as_written;
  s.total = total;
  return s;
}

/// A file that becomes a part whenever it has seven rows.
crash_subject in_parts(bool fsync, std::int64_t total) {
  auto s = subject(false, fsync, total);
  s.make = [=](const std::filesystem::path& folder) {
    return std::make_unique<appended_file>(folder / "out.jsonl", row_format::json(*numbers()), fsync,
                                           at_start::append, part_options{{{}, {}, 7}, {}});
  };
  return s;
}

}  // namespace

TEST_CASE("An appended file is whole after a crash before any system call, and another while it recovers") {
  crash_at_every_call(subject(false, true, 9));
}
TEST_CASE("Rolled files are whole after a crash before any system call, and another while it recovers") {
  crash_at_every_call(subject(true, true, 9));
}
TEST_CASE("A file in parts is whole after a crash before any system call, and another while it recovers") {
  crash_at_every_call(in_parts(true, 9));
}
TEST_CASE("A file in parts has every row once, in order, after kills at random moments") {
  crash_at_random(in_parts(false, 8'000));
}
TEST_CASE("An appended file has every row once, in order, after kills at random moments") {
  crash_at_random(subject(false, false, 50'000));
}
TEST_CASE("Rolled files have every row once, in order, after kills at random moments") {
  crash_at_random(subject(true, false, 20'000));
}

}  // namespace millrace::sink
