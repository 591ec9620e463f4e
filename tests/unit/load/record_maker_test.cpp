#include "tests/support/scratch.hpp"
#include "tools/load/record_maker.hpp"

#include <catch2/catch.hpp>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

using namespace millrace;
using namespace millrace::load;

namespace {

struct made {
  std::string bytes;
  std::string key;
  event_micros event_time;
  event_micros due;
};

std::vector<made> all_of(const options& o, const schedule& s, event_micros start = 1'000'000'000) {
  auto maker = record_maker::open(o, s);
  REQUIRE(maker);
  maker->start_at(start);
  std::vector<made> out;
  for (;;) {
    const auto b = maker->next(10, start);
    REQUIRE(b);
    for (const auto& r : (*b)->records)
      out.push_back({std::string(r.bytes), std::string(r.key.value_or("")), r.event_time, r.due});
    if ((*b)->last)
      return out;
  }
}

options clicks(std::uint64_t count) {
  options o;
  o.count = count;
  return o;
}

}  // namespace

TEST_CASE("made records are as far apart as is asked, however fast they go out") {
  options o;
  o.count = 3;
  o.records.kind = source::record_kind::listening;
  o.start_time = 1'600'000'000'000'000;
  o.spacing = std::chrono::hours(24);
  const auto records = all_of(o, schedule::flat_out());
  REQUIRE(records.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(records[i].event_time == *o.start_time + static_cast<event_micros>(i) * 86'400'000'000);
    CHECK(records[i].bytes.starts_with("{\"ts\":" + std::to_string(records[i].event_time / 1000)));
  }
}

TEST_CASE("a file's records go out unchanged, plain or gzip, blank lines left out") {
  const test::scratch f;
  const std::string lines = "{\"a\": 1}\n\n  {\"b\":\"\xc3\xa9\"}\r\n{\"cut";
  options o;
  o.file = f / "plain";
  std::ofstream(o.file) << lines;
  const auto plain = all_of(o, schedule::flat_out());
  REQUIRE(plain.size() == 3);
  CHECK(plain[0].bytes == "{\"a\": 1}");
  CHECK(plain[1].bytes == "  {\"b\":\"\xc3\xa9\"}");
  CHECK(plain[2].bytes == "{\"cut");

  o.file = f / "packed.gz";
  const auto packed = gzopen(o.file.c_str(), "wb");
  gzwrite(packed, lines.data(), static_cast<unsigned>(lines.size()));
  gzclose(packed);
  CHECK(all_of(o, schedule::flat_out()).size() == 3);

  o.repeat = true;
  o.count = 7;
  const auto again = all_of(o, schedule::flat_out());
  REQUIRE(again.size() == 7);
  CHECK(again[6].bytes == plain[0].bytes);
}

TEST_CASE("a missing file and a cut gzip file are said with their names") {
  const test::scratch f;
  options o;
  o.file = f / "none";
  const auto missing = record_maker::open(o, schedule::flat_out());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ec::not_found);

  o.file = f / "cut.gz";
  const auto packed = gzopen((f / "whole.gz").c_str(), "wb");
  for (int i = 0; i < 5'000; ++i)
    gzprintf(packed, "{\"a\":%d}\n", i * 7919 % 10'007);
  gzclose(packed);
  std::filesystem::copy_file(f / "whole.gz", o.file);
  std::filesystem::resize_file(o.file, std::filesystem::file_size(o.file) / 2);
  auto maker = record_maker::open(o, schedule::flat_out());
  REQUIRE(maker);
  for (;;) {
    const auto b = maker->next(1'000, 0);
    if (!b) {
      CHECK(b.error().message.find("cut.gz") != std::string::npos);
      break;
    }
    REQUIRE_FALSE((*b)->last);
  }
}

TEST_CASE("a generated record's event time is the moment by the schedule") {
  const auto records = all_of(clicks(30), schedule::steady(10));
  REQUIRE(records.size() == 30);
  CHECK(records[0].due == 1'000'000'000);
  CHECK(records[29].due == 1'000'000'000 + 2'900'000);
  CHECK(records[29].event_time == records[29].due);
  auto o = clicks(30);
  o.start_time = 5'000'000;
  CHECK(all_of(o, schedule::steady(10))[29].event_time == 5'000'000 + 2'900'000);
}

TEST_CASE("a load ends with its duration") {
  options o;
  o.duration = std::chrono::seconds(2);
  CHECK(all_of(o, schedule::steady(10)).size() == 20);
}

TEST_CASE("a stamp is a member with the moment by the schedule, in the form that was asked for") {
  const test::scratch f;
  options o;
  o.file = f / "in";
  std::ofstream(o.file) << "{\"a\":1}\n {}\n[1]\n";
  o.stamp = "at";
  auto records = all_of(o, schedule::steady(1));
  CHECK(records[0].bytes == "{\"at\":1000000000,\"a\":1}");
  CHECK(records[1].bytes == " {\"at\":1001000000}");
  CHECK(records[2].bytes == "[1]");
  o.stamped = stamp_form::iso;
  records = all_of(o, schedule::steady(1));
  CHECK(records[0].bytes == "{\"at\":\"1970-01-01T00:16:40Z\",\"a\":1}");
}

TEST_CASE("a stamp takes the place of a member of that name") {
  const test::scratch f;
  options o;
  o.file = f / "in";
  std::ofstream(o.file) << R"({"a":{"at":1},"at": "x\"}," , "b":"at"}
{"at":[1,{"at":2}]}
{"b":"\"at\":1","c":{"at":3}}
)";
  o.stamp = "at";
  o.stamped = stamp_form::ms;
  const auto records = all_of(o, schedule::steady(1));
  CHECK(records[0].bytes == R"({"a":{"at":1},"at": 1000000 , "b":"at"})");
  CHECK(records[1].bytes == R"({"at":1001000})");
  CHECK(records[2].bytes == R"({"at":1002000,"b":"\"at\":1","c":{"at":3}})");
}

TEST_CASE("keys are the text of a member, and missing where the record has none") {
  const test::scratch f;
  options o;
  o.file = f / "in";
  std::ofstream(o.file) << R"({"k":"a\"b"}
{"k": 12 }
{"x":1}
{"k":null}
no json
)";
  o.key = "k";
  const auto records = all_of(o, schedule::flat_out());
  REQUIRE(records.size() == 5);
  CHECK(records[0].key == "a\"b");
  CHECK(records[1].key == "12");
  CHECK(records[2].key.empty());
  CHECK(records[3].key.empty());
  CHECK(records[4].key.empty());
}

TEST_CASE("disorder hits the shares that were asked for, the same records for the same seed") {
  auto o = clicks(20'000);
  o.disorder.late = 10'000;
  o.disorder.late_by = std::chrono::hours(1);
  o.disorder.future = 20'000;
  o.disorder.future_by = std::chrono::hours(24);
  o.disorder.malformed = 30'000;
  o.disorder.duplicates = 40'000;
  o.disorder.out_of_order = std::chrono::seconds(30);
  const auto records = all_of(o, schedule::steady(1'000));
  std::map<std::string, int> seen;
  int late = 0;
  int future = 0;
  int malformed = 0;
  for (const auto& r : records) {
    const auto off = r.event_time - r.due;
    late += off < -3'000'000'000 ? 1 : 0;
    future += off > 3'000'000'000 ? 1 : 0;
    malformed += r.bytes.back() != '}' ? 1 : 0;
    CHECK(r.bytes.find('\n') == std::string::npos);
    ++seen[r.bytes];
  }
  CHECK(records.size() == 20'000 + records.size() - seen.size());
  CHECK(late == Approx(200).margin(80));
  CHECK(future == Approx(400).margin(120));
  CHECK(malformed == Approx(600).margin(150));
  CHECK(records.size() - 20'000 == Approx(800).margin(150));
  const auto again = all_of(o, schedule::steady(1'000));
  REQUIRE(again.size() == records.size());
  CHECK(std::equal(again.begin(), again.end(), records.begin(), [](const made& a, const made& b) {
    return a.bytes == b.bytes && a.event_time == b.event_time;
  }));
}

TEST_CASE("one disorder does not change whom another hits") {
  disorder_options a;
  a.malformed = 50'000;
  auto b = a;
  b.late = 500'000;
  b.late_by = std::chrono::hours(1);
  b.duplicates = 300'000;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    CHECK(disturb(a, i).malformed == disturb(b, i).malformed);
}

TEST_CASE("keys follow Zipf's law") {
  for (const double exponent : {0.7, 1.0, 1.4}) {
    const source::zipf ranks(1'000, exponent);
    std::vector<int> counts(1'000);
    for (std::uint64_t i = 0; i < 200'000; ++i) {
      source::drawn d(3, i);
      ++counts[ranks.draw(d)];
    }
    double all = 0;
    for (int k = 1; k <= 1'000; ++k)
      all += std::pow(k, -exponent);
    for (const int k : {1, 2, 5, 50}) {
      CAPTURE(exponent, k);
      CHECK(counts[static_cast<std::size_t>(k) - 1] ==
            Approx(200'000 * std::pow(k, -exponent) / all).epsilon(0.1).margin(40));
    }
  }
}
