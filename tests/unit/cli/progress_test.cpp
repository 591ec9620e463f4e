#include "tools/cli/progress.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// A lane and two sinks, one of them that of the dead letters, sampled over five seconds.
struct running {
  deployment::pipeline_gauges gauges;
  observe::flow_meter flow;
  std::shared_ptr<lane::lane_gauges> lane = std::make_shared<lane::lane_gauges>();

  explicit running(std::uint64_t records) {
    lane->parser = "parsed";
    lane->source = "in";
    gauges.lanes["parsed/lane0"] = lane;
    for (const auto* name : {"table", "dead_letters"})
      gauges.sinks[name] = std::make_shared<sink::sink_gauges>();
    gauges.shards["counts/0"] = std::make_shared<shard::shard_gauges>();
    observe::flow_meter::clock::time_point now{};
    flow.sample(now, gauges);
    lane->records = records;
    flow.sample(now + 5s, gauges);
  }
  void look() { flow.sample(observe::flow_meter::clock::time_point{} + 5s, gauges); }
  [[nodiscard]] std::string text() const { return cli::progress_text(cli::add_up(gauges, flow), flow); }
};

}  // namespace

TEST_CASE("a slow source has a rate") {
  CHECK(running(0).text().starts_with("0 records/s, 0 since this start"));
  CHECK(running(1).text().starts_with("0.2 records/s"));
  CHECK(running(5).text().starts_with("1 records/s"));
  CHECK(running(12).text().starts_with("2.4 records/s"));
  CHECK(running(52).text().starts_with("10 records/s"));
  CHECK(running(61'725).text().starts_with("12,345 records/s, 61,725 since this start"));
}

TEST_CASE("rows out are those of the sinks, and what is lost is told apart") {
  running r(100);
  r.gauges.sinks["table"]->rows = 60;
  r.gauges.sinks["dead_letters"]->rows = 30;
  r.gauges.losses->note(stage::loss::dead_letter, "parsed", 30, {}, {});
  r.gauges.losses->note(stage::loss::late, "counts", 10, {}, {});
  CHECK(r.text().find("60 rows out, 10 late, 30 dead letters, ") != std::string::npos);
  const auto m = cli::progress_members(cli::add_up(r.gauges, r.flow), r.flow);
  CHECK(m.at("records_per_second") == 20.0);
  CHECK(m.at("rows_out").to_number<int>() == 60);
  CHECK(m.at("late").to_number<int>() == 10);
  CHECK(m.at("dead_letters").to_number<int>() == 30);
  CHECK(m.at("lag_records").is_null());
  CHECK(m.at("watermark").is_null());
}

TEST_CASE("late records, watermark and state are told of topologies with windows alone") {
  running r(100);
  CHECK(r.text() == "20 records/s, 100 since this start, 0 rows out, 0 late, 0 dead letters, lag unknown, "
                    "watermark none, 0 windows "
                    "open, 0 B of state");
  r.gauges.shards["counts/0"]->windows_open = 1;
  CHECK(r.text().find(", 1 window open, ") != std::string::npos);
  r.gauges.shards.clear();
  CHECK(r.text() == "20 records/s, 100 since this start, 0 rows out, 0 dead letters, lag unknown");
}

TEST_CASE("the watermark is that of the lanes that are not idle, as long as there is one") {
  running r(100);
  const auto table = r.gauges.lanes["rates/lane0"] = std::make_shared<lane::lane_gauges>();
  table->watermark = 1'477'576'800'000'000;
  r.lane->watermark = 1'792'943'340'000'000;
  const auto watermark = [&] {
    return std::string(
        cli::progress_members(cli::add_up(r.gauges, r.flow), r.flow).at("watermark").as_string());
  };
  CHECK(watermark() == "2016-10-27T14:00:00Z");
  table->is_idle = true;
  CHECK(watermark() == "2026-10-25T15:49:00Z");
  CHECK(r.text().find(", watermark 2026-10-25T15:49:00Z, ") != std::string::npos);
  r.lane->is_idle = true;
  CHECK(watermark() == "2026-10-25T15:49:00Z");
  r.lane->is_idle = false;
  r.lane->watermark = end_of_time;
  CHECK(watermark() == "2016-10-27T14:00:00Z");
  table->is_idle = false;
  table->watermark = end_of_time;
  CHECK(watermark() == "end");
}

TEST_CASE("two parsers that read one source have its lag once, two lanes of a parser add up") {
  running r(100);
  r.lane->lag = 30;
  const auto add = [&](const std::string& name, const std::string& parser, std::int64_t lag) {
    auto l = std::make_shared<lane::lane_gauges>();
    l->parser = parser;
    l->source = "in";
    l->lag = lag;
    r.gauges.lanes[name] = l;
    r.look();
  };
  r.look();
  CHECK(r.text().find(", lag 30, ") != std::string::npos);
  add("again/lane0", "again", 50);
  CHECK(r.text().find(", lag 50, ") != std::string::npos);
  add("parsed/lane1", "parsed", 40);
  CHECK(r.text().find(", lag 70, ") != std::string::npos);
}

TEST_CASE("the progress line is one line of the terminal, whatever its title holds") {
  CHECK(cli::one_line("12 records/s", 79) == "12 records/s");
  CHECK(cli::one_line("12 records/s", 5) == "12 re");
  CHECK(cli::one_line("größer", 4) == "größ");
  CHECK(cli::one_line("漢字漢", 5) == "漢字");
  CHECK(cli::one_line("a\nb\x1b[2J", 79) == "a\\nb\\u001b[2J");
  CHECK(cli::one_line("anything", 0).empty());
}
