#include "actors/stream/spool/folder_segments.hpp"
#include "actors/stream/spool/spool.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace millrace;
using namespace millrace::spool;
using snapshot::test::faulty_file_system;

namespace {

const std::string folder = "/spool";

std::unique_ptr<segment_store> in_folder(faulty_file_system& files) {
  return std::make_unique<folder_segments>(files, folder);
}

std::shared_ptr<spool::log> opened(faulty_file_system& files, const spool_options& o = {}) {
  auto log = spool::log::open(in_folder(files), o);
  REQUIRE(log);
  return *log;
}

struct read_back {
  std::vector<std::string> records;
  std::vector<std::uint64_t> positions;
  std::vector<event_micros> times;
};

read_back all_from(const std::shared_ptr<const spool::log>& log, std::uint64_t from,
                   std::size_t most = 1'000'000) {
  read_back out;
  cursor c(log);
  for (;;) {
    const auto to = c.read(from, most, [&](const cursor::record& r) {
      out.records.emplace_back(r.bytes);
      out.positions.push_back(r.position);
      out.times.push_back(r.time);
    });
    REQUIRE(to);
    if (*to == from)
      return out;
    from = *to;
  }
}

std::string numbered(int i) {
  return "{\"n\":" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 50), ' ') + "}";
}

}  // namespace

TEST_CASE("records come back in order with their times, from any position, in chunks of any size") {
  faulty_file_system files;
  const auto log = opened(files, {.segment_bytes = 500});
  for (int i = 0; i < 100; ++i) {
    log->add(numbered(i), 1'000 + i);
    if (i % 7 == 0)
      REQUIRE(log->commit());
  }
  REQUIRE(log->commit());
  CHECK(files.all_files(folder).size() > 3);
  for (const std::size_t most : {std::size_t{1}, std::size_t{300}, std::size_t{1'000'000}}) {
    const auto all = all_from(log, log->first(), most);
    REQUIRE(all.records.size() == 100);
    for (int i = 0; i < 100; ++i) {
      const auto n = static_cast<std::size_t>(i);
      CHECK(all.records[n] == numbered(i));
      CHECK(all.times[n] == 1'000 + i);
      if (most == 300)
        CHECK(all_from(log, all.positions[n]).records.size() == 100 - n);
    }
  }
}

TEST_CASE("a beginning of a record that was too long is known as such, also by the next process") {
  faulty_file_system files;
  for (int life = 0; life < 2; ++life) {
    const auto log = opened(files);
    if (life == 0) {
      log->add("whole", 1);
      log->add("begin", 2, true);
      REQUIRE(log->commit());
    }
    std::vector<bool> cut;
    cursor c(log);
    REQUIRE(c.read(log->first(), 1'000, [&](const cursor::record& r) { cut.push_back(r.cut); }));
    CHECK(cut == std::vector<bool>{false, true});
  }
}

TEST_CASE("memory has what was not acknowledged; the rest of the newest segment is read from where it lies") {
  faulty_file_system files;
  const auto log = opened(files);
  log->add_consumer("p");
  const std::string record(10'000, 'x');
  constexpr std::size_t all = 150;  // not yet a segment
  for (std::size_t i = 0; i < all; ++i) {
    log->add(record, 1);
    REQUIRE(log->commit());
    log->acknowledge("p", log->end() - std::min<std::uint64_t>(log->end(), 50'000));
    CHECK(log->bytes_in_memory() < 50'000 + block_bytes + 2 * record.size());
  }
  CHECK(files.all_files(folder).size() == 1);
  CHECK(all_from(log, log->first()).records.size() == all);
  log->acknowledge("p", log->end());
  CHECK(log->bytes_in_memory() == 0);
  CHECK(all_from(log, log->end()).records.empty());
  cursor slow(log);
  std::size_t read = 0;
  for (auto from = log->first(); from < log->end(); ++read) {
    if (read % 10 == 0 && read < all) {  // the segment grows meanwhile
      log->add(record, 1);
      REQUIRE(log->commit());
      log->acknowledge("p", log->end());
    }
    const auto to = slow.read(from, 1, [&](const cursor::record& r) { CHECK(r.bytes == record); });
    REQUIRE(to);
    from = *to;
  }
  CHECK(read == all + all / 10);
}

TEST_CASE("memory has no more than a segment's bytes, and a block, of what nobody acknowledges") {
  faulty_file_system files;
  const auto log = opened(files, {.segment_bytes = 2 * block_bytes});
  log->add_consumer("p");
  const std::string record(10'000, 'x');
  for (int i = 0; i < 200; ++i) {
    log->add(record, 1);
    REQUIRE(log->commit());
    CHECK(log->bytes_in_memory() < 3 * block_bytes + 2 * record.size());
  }
  CHECK(all_from(log, log->first()).records.size() == 200);
}

TEST_CASE("what is not durable is not seen") {
  faulty_file_system files;
  const auto log = opened(files);
  log->add("a", 1);
  CHECK(log->end() == log->first());
  CHECK(all_from(log, log->first()).records.empty());
  REQUIRE(log->commit());
  CHECK(all_from(log, log->first()).records.size() == 1);
}

TEST_CASE(
    "after any crash everything committed is there, in order, and nothing is there that was not added") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    faulty_file_system files(seed);
    std::vector<std::string> committed;
    std::vector<std::uint64_t> positions;
    std::mt19937_64 random(seed);
    for (int life = 0; life < 6; ++life) {
      files.crash_after(random() % 25 + 1);
      const auto log = spool::log::open(in_folder(files), {.segment_bytes = 200});
      if (log) {
        const auto before = all_from(*log, (*log)->first());
        CAPTURE(seed, life);
        // A group that was written and not confirmed may be there or not; from now on it is.
        REQUIRE(before.records.size() >= committed.size());
        for (std::size_t i = 0; i < committed.size(); ++i) {
          REQUIRE(before.records[i] == committed[i]);
          REQUIRE(before.positions[i] == positions[i]);
        }
        committed = before.records;
        positions = before.positions;
        for (;;) {
          for (auto n = random() % 3 + 1; n > 0; --n)
            (*log)->add("life " + std::to_string(life) + " " + std::to_string(random()), life);
          if (!(*log)->commit())
            break;
          const auto now = all_from(*log, (*log)->first());
          committed = now.records;
          positions = now.positions;
        }
      }
      files.restart(random() % 2 == 0);
    }
  }
}

TEST_CASE("a full disk costs nothing: the group is written when there is room") {
  faulty_file_system files;
  const auto log = opened(files);
  log->add("a", 1);
  REQUIRE(log->commit());
  log->add("b", 2);
  files.fail_next(3);
  CHECK_FALSE(log->commit());
  CHECK_FALSE(log->commit());
  CHECK(all_from(log, log->first()).records == std::vector<std::string>{"a"});
  files.fail_next(0);
  log->add("c", 3);
  REQUIRE(log->commit());
  CHECK(all_from(log, log->first()).records == std::vector<std::string>{"a", "b", "c"});
  files.restart(true);
  const auto again = opened(files);
  CHECK(all_from(again, again->first()).records == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("what all consumers have acknowledged goes, but the newest records stay") {
  faulty_file_system files;
  const auto log = opened(files, {.segment_bytes = 100});
  log->add_consumer("a");
  log->add_consumer("b");
  for (int i = 0; i < 40; ++i) {
    log->add(numbered(i), i);
    REQUIRE(log->commit());
  }
  const auto all = log->bytes();
  log->acknowledge("a", log->end());
  CHECK(log->bytes() == all);
  log->acknowledge("b", log->end() / 2);
  CHECK(log->bytes() < all * 3 / 4);
  CHECK(log->first() <= log->end() / 2);
  log->acknowledge("b", log->end());
  const auto few = files.all_files(folder).size();
  CHECK(few <= 2);
  const auto again = opened(files, {.segment_bytes = 100});
  std::vector<std::string> newest;
  REQUIRE(again->newest([](std::string_view) {},
                        [&](std::string_view r, event_micros) { newest.emplace_back(r); }));
  REQUIRE_FALSE(newest.empty());
  CHECK(newest.back() == numbered(39));
  CHECK(again->end() == log->end());
}

TEST_CASE("a spool is full by what is not acknowledged, whatever lies on disk") {
  faulty_file_system files;
  const auto log = opened(files, {.most_bytes = 1'000, .segment_bytes = 100'000});
  log->add_consumer("a");
  while (!log->full()) {
    log->add(numbered(1), 1);
    REQUIRE(log->commit());
  }
  CHECK(log->bytes() >= 1'000);
  log->acknowledge("a", log->end());
  CHECK_FALSE(log->full());
}

TEST_CASE("each segment begins with a note of what was committed before, which no reader sees") {
  faulty_file_system files;
  int committed = 0;
  int found = -1;
  std::vector<std::string> behind;
  const auto open = [&] {
    const auto log = opened(files, {.note = [&] { return std::to_string(committed); }, .segment_bytes = 100});
    behind.clear();
    REQUIRE(log->newest([&](std::string_view n) { found = std::stoi(std::string(n)); },
                        [&](std::string_view r, event_micros) { behind.emplace_back(r); }));
    log->add_consumer("a");
    return log;
  };
  for (int life = 0; life < 5; ++life) {
    const auto log = open();
    if (committed > 0) {
      REQUIRE_FALSE(behind.empty());
      CHECK(found + static_cast<int>(behind.size()) == committed);
      CHECK(behind.back() == numbered(committed - 1));
    }
    for (int i = 0; i < life * 2 + 1; ++i) {
      log->add(numbered(committed), 1);
      log->add(numbered(committed + 1), 1);
      if (i == 1)
        files.fail_next(1);
      while (!log->commit()) {
      }
      committed += 2;
    }
    const auto all = all_from(log, log->first());
    CHECK(all.records.back() == numbered(committed - 1));
    log->acknowledge("a", log->end());
  }
}

TEST_CASE("a note that is kept stands behind what was committed, also after a write that failed") {
  faulty_file_system files;
  int known = 0;
  const spool_options options{.note = [&] { return std::to_string(known); }, .segment_bytes = 100'000};
  for (int life = 0; life < 4; ++life) {
    const auto log = opened(files, options);
    std::vector<int> notes;
    std::vector<std::string> behind;
    REQUIRE(log->newest(
        [&](std::string_view n) {
          notes.push_back(std::stoi(std::string(n)));
          behind.clear();
        },
        [&](std::string_view r, event_micros time) {
          behind.push_back(std::string(r) + std::to_string(time));
        }));
    if (life > 0) {
      CHECK(notes.back() == known);
      CHECK(behind == std::vector<std::string>{"b7"});
    }
    log->add("a", 1);
    REQUIRE(log->commit());
    ++known;
    if (life % 2 == 1)
      files.fail_next(1);
    while (!log->keep_note()) {
    }
    log->add("b", 7);
    REQUIRE(log->commit());
    CHECK(all_from(log, log->first()).records.size() == 2 * static_cast<std::size_t>(life + 1));
  }
}

TEST_CASE("a note that is longer than a segment is written again once as much has followed it") {
  faulty_file_system files;
  const auto log = opened(files, {.note = [] { return std::string(1'000, 'n'); }, .segment_bytes = 100});
  for (int i = 0; i < 100; ++i) {
    log->add("record", i);
    REQUIRE(log->commit());
  }
  const auto segments = files.all_files(folder).size();  // 100 frames of 30 bytes
  CHECK(segments >= 2);
  CHECK(segments <= 4);
}

TEST_CASE("a position that is gone, and one that never was, are errors") {
  faulty_file_system files;
  const auto log = opened(files, {.segment_bytes = 10});
  log->add_consumer("a");
  for (int i = 0; i < 10; ++i) {
    log->add("x", 1);
    REQUIRE(log->commit());
  }
  log->acknowledge("a", log->end());
  cursor c(log);
  const auto take = [](const cursor::record&) {};
  CHECK(c.read(0, 10, take).error().code == ec::log_trimmed);
  CHECK(c.read(log->end() + 1, 10, take).error().code == ec::mismatch);
}

TEST_CASE("damage in what was durable is said, never skipped") {
  faulty_file_system files;
  {
    const auto log = opened(files, {.segment_bytes = 50});
    for (int i = 0; i < 10; ++i) {
      log->add(numbered(i), i);
      REQUIRE(log->commit());
    }
  }
  const auto paths = files.all_files(folder);
  REQUIRE(paths.size() > 2);
  files.contents(paths[1])[40] ^= 1;
  const auto log = opened(files, {.segment_bytes = 50});
  cursor c(log);
  const auto first = c.read(log->first(), 10'000, [](const cursor::record&) {});
  REQUIRE(first);
  const auto second = c.read(*first, 10'000, [](const cursor::record&) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ec::corrupt);
  CHECK(second.error().message.find(paths[1]) != std::string::npos);

  files.contents(paths.back())[3] ^= 1;
  CHECK(spool::log::open(in_folder(files), {}).error().code == ec::corrupt);
}

TEST_CASE("a reader waits for what comes, and until it is interrupted") {
  faulty_file_system files;
  const auto log = opened(files);
  std::atomic<bool> interrupted{false};
  const auto long_time = std::chrono::steady_clock::now() + std::chrono::hours(1);
  bool came = false;
  {
    std::thread waiting([&] { came = log->wait_beyond(0, long_time, interrupted); });
    log->add("a", 1);
    REQUIRE(log->commit());
    waiting.join();
  }
  CHECK(came);
  std::thread waiting([&] { came = log->wait_beyond(log->end(), long_time, interrupted); });
  interrupted = true;
  log->wake();
  waiting.join();
  CHECK_FALSE(came);
}

TEST_CASE("segments of a spool are the golden ones, byte for byte") {
  std::string bytes = encode_header(7);
  append_frame(bytes, 7, 1'600'000'000'000'000, R"({"a":1})");
  append_frame(bytes, 38, 1'600'000'000'000'001, "", frame_kind::note);
  test::check_golden("tests/unit/spool/golden/spool_1.bin", bytes);
  CHECK(segment_name(7) == "log-00000000000000000007");
  CHECK(parse_segment_name("log-00000000000000000007") == 7U);
  CHECK_FALSE(parse_segment_name("log-7"));
  CHECK(check_header(bytes, 7) == snapshot::reading::whole);
  CHECK(check_header(bytes, 8) == snapshot::reading::damaged);
  CHECK(whole_frames(std::string_view(bytes).substr(sizeof(segment_header)), 7) ==
        bytes.size() - sizeof(segment_header));
  auto later = bytes;
  later[8] = 2;
  CHECK(check_header(later, 7) == snapshot::reading::later);
}

TEST_CASE("a changed bit anywhere in a frame is damage") {
  std::string frame;
  append_frame(frame, 100, 5, "record");
  REQUIRE(read_frame(frame, 100));
  CHECK_FALSE(read_frame(frame, 101));
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    auto changed = frame;
    changed[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    CHECK_FALSE(read_frame(changed, 100));
  }
}
