#include "tools/load/http/request_text.hpp"
#include "tools/load/http/stream_log.hpp"
#include "tools/load/options.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::load;

namespace {

arguments into_file() {
  arguments a;
  a.kind = "clicks";
  a.out = "x";
  return a;
}

std::string refused(const arguments& a) {
  const auto o = parse(a);
  REQUIRE_FALSE(o);
  CHECK(o.error().whose == fault::user);
  return o.error().message;
}

}  // namespace

TEST_CASE("shares are percentages") {
  CHECK(parse_share("--late", "1%") == 10'000U);
  CHECK(parse_share("--late", "0.05%") == 500U);
  CHECK(parse_share("--late", "100%") == 1'000'000U);
  for (const auto* const bad : {"1", "-1%", "101%", "x%", "%", "nan%", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_share("--late", bad));
  }
}

TEST_CASE("what cannot be is refused with the option's name") {
  auto a = into_file();
  CHECK(parse(a));
  a.kind = "nope";
  CHECK(refused(a).find("clicks, sales, rsvp, listening, game") != std::string::npos);
  a = into_file();
  a.truth = "truth.csv";
  CHECK(refused(a).find("--kind listening") != std::string::npos);
  a.kind = "listening";
  CHECK(refused(a).find("--count") != std::string::npos);
  a.count = 5;
  CHECK(parse(a));
  a.spacing = "0 s";
  CHECK(refused(a).find("--spacing 0 s") != std::string::npos);
  a = into_file();
  a.http = "http://localhost/";
  CHECK(refused(a).find("one of --kafka") != std::string::npos);
  a = into_file();
  a.file = "y";
  CHECK(refused(a).find("either --file") != std::string::npos);
  a = into_file();
  a.burst = 5;
  CHECK(refused(a).find("--pause") != std::string::npos);
  a = into_file();
  a.rate = "fast";
  CHECK(refused(a).find("--rate fast") != std::string::npos);
  a = into_file();
  a.kind = "sales";
  a.late = "1%";
  CHECK(refused(a).find("carry none") != std::string::npos);
  a = into_file();
  a.measure = "kafka:out";
  CHECK(refused(a).find("--kafka BROKERS") != std::string::npos);
  a = into_file();
  a.stamp = "at=weeks";
  CHECK(refused(a).find("us, ms, s or iso") != std::string::npos);
}

TEST_CASE("the truth from a time on begins with the first record of that time or later") {
  auto a = into_file();
  a.kind = "listening";
  a.count = 100;
  a.truth = "truth.csv";
  a.truth_from = "2018-10-01 00:00:10";
  CHECK(refused(a).find("--spacing") != std::string::npos);
  a.start_time = "2018-10-01";
  a.spacing = "3 s";
  REQUIRE(parse(a));
  CHECK(parse(a)->truth_from == 4);
  a.truth_from = "2018-10-01 00:00:09";
  CHECK(parse(a)->truth_from == 3);
  a.truth_from = "2018-10-01";
  CHECK(parse(a)->truth_from == 0);
  for (const auto* const outside : {"2018-09-30 23:59:59", "2018-10-01 00:05:00"}) {
    a.truth_from = outside;
    CHECK(refused(a).find("no record is of that time") != std::string::npos);
  }
  a.truth_from = "soon";
  CHECK(refused(a).find("--truth-from soon") != std::string::npos);
  a.truth_from = "2018-10-01";
  a.late = "1%";
  CHECK(refused(a).find("leave these out") != std::string::npos);
  a.late.clear();
  a.truth.clear();
  CHECK(refused(a).find("--truth") != std::string::npos);
}

TEST_CASE("measuring stamps the records by itself") {
  auto a = into_file();
  a.measure = "file:rows";
  const auto o = parse(a);
  REQUIRE(o);
  CHECK(o->stamp == "scheduled_us");
  CHECK(o->measure_by == "scheduled_us");
}

TEST_CASE("a topic is made with partitions and replication") {
  auto a = into_file();
  a.out.clear();
  a.kafka = "b:1";
  a.topic = "t";
  a.create = "3:2";
  const auto o = parse(a);
  REQUIRE(o);
  CHECK(o->partitions == 3);
  CHECK(o->replication == 2);
  a.create = "3:";
  CHECK(refused(a).find("--create 3:") != std::string::npos);
}

TEST_CASE("parts of a record are filled in") {
  data::member_finder members;
  std::string record = R"({"event_type":"a b","n":3})";
  record.reserve(record.size() + simdjson::SIMDJSON_PADDING);
  const auto starred = [](const std::string& v) { return "*" + v + "*"; };
  CHECK(filled("/x/{event_type}?n={n}&{none}", members, record, starred) == "/x/*a b*?n=*3*&");
  CHECK(filled("/plain", members, record, starred) == "/plain");
  CHECK(filled("/open{", members, record, starred) == "/open{");
}

TEST_CASE("a client gets what comes after it, or what lies behind its mark") {
  stream_log log;
  REQUIRE(log.append("a", "8"));
  REQUIRE(log.append("b", "9"));
  REQUIRE(log.append("c", "10"));
  std::uint64_t next = 0;
  const auto live = log.add_client(std::nullopt, false);
  CHECK(log.lines_for(live, 100, next).empty());
  const auto after_nine = log.add_client("9", false);
  CHECK(log.lines_for(after_nine, 100, next) == "c\n");
  log.advance(after_nine, next);
  CHECK(log.behind() == 0);
  const auto all = log.add_client(std::nullopt, true);
  CHECK(log.lines_for(all, 3, next) == "a\nb\n");
  CHECK(log.behind() == 3);
  log.remove_client(all);
  CHECK(log.behind() == 0);
  REQUIRE(log.append("d", "11"));
  CHECK(log.lines_for(live, 100, next) == "d\n");
}

TEST_CASE("a stream takes no more while a client is far behind, and goes on when it is gone") {
  stream_log log;
  const auto slow = log.add_client(std::nullopt, true);
  const std::string record(1 << 20, 'x');
  std::size_t taken = 0;
  while (log.append(record, ""))
    ++taken;
  CHECK(taken * record.size() >= stream_log::largest_lag);
  CHECK(taken * record.size() <= stream_log::largest_lag + 2 * record.size());
  log.remove_client(slow);
  CHECK(log.append(record, ""));
}

TEST_CASE("marks are compared as numbers where both are") {
  CHECK(is_after("10", "9"));
  CHECK_FALSE(is_after("9", "9"));
  CHECK(is_after("2021-02", "2021-01"));
  CHECK(is_after("b", "10"));
}
