#include "actors/observe/metric_table.hpp"
#include "actors/observe/metrics.hpp"
#include "actors/observe/process_figures.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <regex>
#include <set>
#include <sstream>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

/// Returns figures that have something of everything.
running_topology full() {
  auto t = std::make_shared<config::topology>();
  t->name = "a";
  running_topology out{t, {}, nullptr};
  out.is_prepared = true;
  auto lane = std::make_shared<lane::lane_gauges>();
  lane->source = "clicks";
  lane->watermark = 5'000'000;
  lane->lag = 3;
  const auto partition = lane->of("7");
  partition->watermark = 4'000'000;
  partition->last_record = system_clock().now();
  lane->of("in-\xFF.csv")->watermark = 2'000'000;
  lane->of("in-\xFE\x1b\t\n\"\\\u202E.csv")->watermark = 3'000'000;
  out.gauges.lanes["parsed/lane0"] = lane;
  auto shard = std::make_shared<shard::shard_gauges>();
  shard->held_by["table"] = 6;
  shard->snapshot_at = 7'000'000;
  shard->snapshot_bytes = 80;
  shard->snapshot_times.add(micros(1'500));
  out.gauges.shards["counts/0/0"] = shard;
  auto sink = std::make_shared<sink::sink_gauges>();
  sink->commit_times.add(micros(2'000));
  sink->latency.add(micros(-5));
  out.gauges.sinks["table"] = sink;
  delivery::ledger gained;
  gained["parsed"] = {10, 7, 1, 0, 2};
  gained["counts.unformed"] = {1, 0, 0, 0, 1};
  out.gauges.flow->gained({}, gained);
  out.gauges.restarts->note("counts/0/0");
  out.gauges.losses->note(stage::loss::late, "counts", 1, {}, {});
  return out;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("docs/metrics.md is what the table says; `millrace reference docs` writes it anew") {
  CHECK(millrace::test::contents("docs/metrics.md") == metrics_page());
}

TEST_CASE("each metric of the table has a name of its own, and a unit and a meaning") {
  std::set<std::string_view> seen;
  const std::regex form("(millrace|process)(_[a-z]+)+");
  for (const auto& m : metrics()) {
    INFO(m.name);
    CHECK(seen.insert(m.name).second);
    CHECK(std::regex_match(std::string(m.name), form));
    CHECK_FALSE(m.unit.empty());
    CHECK_FALSE(m.help.empty());
    CHECK(m.name.ends_with("_total") == (m.type == metric_type::counter));
    CHECK(m.name.starts_with("millrace_") == (!m.labels.empty()));
  }
  CHECK(find_metric("millrace_running") != nullptr);
  CHECK(find_metric("millrace_runing") == nullptr);
}

namespace {

cluster_standing standing() {
  cluster_standing out{"a", true, {}, {}};
  out.topologies.all = {{"t", api::topology_state::failed, "found \"a card number\""}};
  out.nodes.all = {{"b", 2, false, api::node_state::silent, {}}};
  return out;
}

}  // namespace

TEST_CASE("one state of a topology and of a node is 1, and the others are 0") {
  const auto text = metrics_text({}, standing());
  INFO(text);
  for (const auto* line :
       {R"(millrace_topology_state{topology="t",state="failed"} 1)",
        R"(millrace_topology_state{topology="t",state="running"} 0)",
        R"(millrace_node_state{node="b",state="silent"} 1)", R"(millrace_node_state{node="b",state="up"} 0)",
        R"(millrace_coordinator_heard{node="a"} 1)"})
    CHECK(has_line(text, line));
  CHECK(text.find("a card number") == std::string::npos);
  const auto alone = metrics_text({full()});
  for (const auto* name : {"millrace_topology_state", "millrace_node_state", "millrace_coordinator_heard"})
    CHECK(alone.find(name) == std::string::npos);
}

TEST_CASE("a trouble is one series, whoever knows it") {
  auto t = full();
  t.gauges.sinks["table"]->reached = true;
  t.gauges.sinks["table"]->away = true;
  t.troubles.look(t.seen(0), flow_meter::clock::now());
  REQUIRE(t.troubles.all().size() == 2);  // a record is late, too
  auto known = standing();
  known.topologies = {{{"a", api::topology_state::running, ""}, {"b", api::topology_state::running, ""}}};
  known.topologies.all[0].troubles = t.troubles.all();
  known.topologies.all[1].troubles = {{"b", api::trouble_code::ledger, "x", {}, {}, {}, {}},
                                      {"b", api::trouble_code::ledger, "x", "n", {}, {}, {}}};
  const auto text = metrics_text({t}, known);
  const std::string away = R"(millrace_trouble{topology="a",stage="table",code="target_away"} 1)";
  CHECK(has_line(text, away));
  CHECK(text.find(away) == text.rfind(away));
  const std::string lost = R"(millrace_trouble{topology="b",stage="x",code="ledger"} 1)";
  CHECK(has_line(text, lost));
  CHECK(text.find(lost) == text.rfind(lost));
}

TEST_CASE("an actor that has gone elsewhere leaves its counts, and no word on how it stands") {
  auto t = full();
  t.gauges.present = std::make_shared<stage::present_actors>();
  for (const auto* actor : {"parsed/lane0", "counts/0/0", "table"})
    t.gauges.present->began(actor);
  t.gauges.sinks["table"]->away = true;
  const std::vector<std::string> gauges{"millrace_running{topology=\"a\"} 1\n",
                                        "millrace_watermark_seconds{",
                                        "millrace_partition_watermark_seconds{",
                                        "millrace_lag_records{",
                                        "millrace_source_away{",
                                        "millrace_stalled{",
                                        "millrace_held_bytes{",
                                        "millrace_snapshot_bytes{",
                                        "millrace_sink_away{",
                                        "millrace_sink_batch{"};
  const auto here = metrics_text({t});
  for (const auto& one : gauges) {
    INFO(one);
    CHECK(here.find("\n" + one) != std::string::npos);
  }
  for (const auto* actor : {"parsed/lane0", "counts/0/0", "table"})
    t.gauges.present->ended(actor);
  const auto gone = metrics_text({t});
  for (const auto& one : gauges) {
    INFO(one);
    CHECK(gone.find("\n" + one) == std::string::npos);
  }
  CHECK(has_line(gone, R"(millrace_running{topology="a"} 0)"));
  CHECK(has_line(gone, R"(millrace_records_total{topology="a",lane="parsed/lane0"} 0)"));
  CHECK(has_line(gone, R"(millrace_window_rows_total{topology="a",shard="counts/0"} 0)"));
  CHECK(has_line(gone, R"(millrace_sink_commits_total{topology="a",sink="table"} 0)"));
}

namespace {

bool shows(const std::vector<running_topology>& all, const std::string& metric) {
  return metrics_text(all).find("\n" + metric + "{") != std::string::npos;
}

}  // namespace

TEST_CASE("an idle lane has no watermark, which would stand for ever and alarm") {
  const auto t = full();
  CHECK(shows({t}, "millrace_watermark_seconds"));
  t.gauges.lanes.at("parsed/lane0")->is_idle = true;
  CHECK_FALSE(shows({t}, "millrace_watermark_seconds"));
  CHECK(shows({t}, "millrace_partition_watermark_seconds"));
}

TEST_CASE("a topology that has ended beside others has no gauges, and its counts go after a few scrapes") {
  running_topologies board;
  board.add(full());
  const auto begin = flow_meter::clock::now();
  board.sample(begin);
  CHECK(shows(board.all(), "millrace_sink_away"));
  board.ended("a");
  for (const auto* gauge :
       {"millrace_sink_away", "millrace_watermark_seconds", "millrace_lag_records", "millrace_stalled"})
    CHECK_FALSE(shows(board.all(), gauge));
  board.sample(begin + 1s);
  board.sample(begin + 1s + past_after - 1ms);
  CHECK(shows(board.all(), "millrace_records_total"));
  CHECK(shows(board.all(), "millrace_dead_letters_total"));
  board.sample(begin + 1s + past_after);
  const auto past = metrics_text(board.all());
  CHECK(has_line(past, R"(millrace_running{topology="a"} 0)"));
  CHECK(past.find("_total{topology=\"a\"") == std::string::npos);
  CHECK(board.find("a"));  // its last figures may be asked for
}

TEST_CASE("a topology of which nothing lives on a node any more leaves its board once its plan is gone") {
  running_topologies board;
  auto t = full();
  t.gauges.present = std::make_shared<stage::present_actors>();
  const auto present = t.gauges.present;
  present->began("table");
  board.add(t);
  const auto begin = flow_meter::clock::now();
  board.sample(begin);
  present->ended("table");
  board.sample(begin + 1s);
  board.sample(begin + 1s + past_after);
  CHECK_FALSE(shows(board.all(), "millrace_sink_rows_total"));
  CHECK(shows(board.all(), "millrace_running"));

  present->began("table");  // the plan is the same: its counts go on from where they were
  board.sample(begin + 2s + past_after);
  CHECK(shows(board.all(), "millrace_sink_rows_total"));
  present->ended("table");
  present->close();
  board.sample(begin + 3s + past_after);
  CHECK(shows(board.all(), "millrace_sink_rows_total"));
  board.sample(begin + 3s + 2 * past_after);
  CHECK(board.all().empty());
}

TEST_CASE("a stage has a zero of losses for its first one to grow from") {
  auto t = full();
  auto plan = std::make_shared<config::topology>(*t.topology);
  for (const auto* name : {"parsed", "clicks"}) {
    config::stage s;
    s.name = name;
    s.kind = s.name == "clicks" ? config::stage_kind::source : config::stage_kind::parser;
    plan->stages.push_back(std::move(s));
  }
  t.topology = plan;
  t.gauges.losses->note_gap("clicks");
  t.gauges.losses->note_gap("clicks");
  const auto text = metrics_text({t});
  CHECK(has_line(text, R"(millrace_dead_letters_total{topology="a",stage="parsed"} 0)"));
  CHECK(has_line(text, R"(millrace_late_records_total{topology="a",stage="counts"} 1)"));
  CHECK(text.find(R"(millrace_dead_letters_total{topology="a",stage="clicks"})") == std::string::npos);
  CHECK(has_line(text, R"(millrace_log_gaps_total{topology="a",stage="clicks"} 2)"));
  CHECK(text.find(R"(millrace_log_gaps_total{topology="a",stage="parsed"})") == std::string::npos);
}

TEST_CASE("all that is answered is in the table, under its type and its labels") {
  std::istringstream text(metrics_text({full()}, standing()));
  // The exposition format knows these three escapes and no other.
  const std::string one_label = R"(([a-z]+)="(?:[^"\\\x00-\x1f\x7f]|\\["\\n])*")";
  const std::regex label(one_label);
  const std::regex series("([a-z_]+)(\\{(" + one_label + "(?:," + one_label + ")*)\\})? [^ ]+");
  std::string line;
  std::size_t lines = 0;
  while (std::getline(text, line)) {
    if (line.starts_with('#'))
      continue;
    INFO(line);
    std::smatch found;
    REQUIRE(std::regex_match(line, found, series));
    auto name = found[1].str();
    for (const std::string end : {"_bucket", "_sum", "_count"})
      if (find_metric(name) == nullptr && name.ends_with(end))
        name.resize(name.size() - end.size());
    const auto* const m = find_metric(name);
    REQUIRE(m != nullptr);
    std::string labels;
    const auto given = found[3].str();
    for (std::sregex_iterator at(given.begin(), given.end(), label), last; at != last; ++at)
      if ((*at)[1] != "le")
        labels += (labels.empty() ? "" : ", ") + (*at)[1].str();
    CHECK(labels == m->labels);
    ++lines;
  }
  CHECK(lines > 80);
}

TEST_CASE("a stage's flow, its restarts, snapshots, commits and latencies are told") {
  const auto text = metrics_text({full()});
  INFO(text);
  for (const auto* line :
       {R"(millrace_partition_watermark_seconds{topology="a",lane="parsed/lane0",partition="7"} 4)",
        R"(millrace_stage_in_total{topology="a",stage="parsed"} 10)",
        R"(millrace_stage_out_total{topology="a",stage="parsed"} 7)",
        R"(millrace_stage_filtered_total{topology="a",stage="parsed"} 1)",
        R"(millrace_stage_dead_total{topology="a",stage="parsed"} 2)",
        R"(millrace_restarts_total{topology="a",stage="counts",actor="counts/0"} 1)",
        R"(millrace_restarts_total{topology="a",stage="table",actor="table"} 0)",
        R"(millrace_snapshot_time_seconds{topology="a",shard="counts/0"} 7)",
        R"(millrace_snapshot_bytes{topology="a",shard="counts/0"} 80)",
        R"(millrace_snapshot_seconds_bucket{topology="a",shard="counts/0",le="0.001"} 0)",
        R"(millrace_snapshot_seconds_bucket{topology="a",shard="counts/0",le="0.002"} 1)",
        R"(millrace_sink_commit_duration_seconds_count{topology="a",sink="table"} 1)",
        R"(millrace_latency_seconds_bucket{topology="a",sink="table",le="0.01"} 1)"})
    CHECK(has_line(text, line));
  CHECK(text.find(R"(millrace_partition_quiet_seconds{topology="a",lane="parsed/lane0",partition="7"})") !=
        std::string::npos);
  CHECK(has_line(
      text,
      R"(millrace_partition_watermark_seconds{topology="a",lane="parsed/lane0",partition="in-\\xff.csv"} 2)"));
  CHECK(has_line(
      text,
      R"(millrace_partition_watermark_seconds{topology="a",lane="parsed/lane0",partition="in-\\xfe\\u001b\\t\\n\"\\\\u202e.csv"} 3)"));
  CHECK(text.find("counts.unformed") == std::string::npos);
  CHECK(text.find("millrace_build_info{version=\"") != std::string::npos);
}

TEST_CASE("a call to a target that is under way has its age, and is slow or stalled by what is usual") {
  auto t = full();
  auto& table = *t.gauges.sinks["table"];
  const auto line = [](const std::string& name, const std::string& value) {
    return "millrace_sink_" + name + R"({topology="a",sink="table"} )" + value;
  };
  for (const auto* name : {"under_way_seconds", "slow", "stalled"})
    CHECK(has_line(metrics_text({t}), line(name, "0")));
  CHECK(metrics_text({t}).find("millrace_sink_usual_seconds{") == std::string::npos);
  table.in_target.add(std::chrono::milliseconds(500));
  table.call.begin(flow_meter::clock::now() - std::chrono::hours(1));
  for (const auto* name : {"slow", "stalled"})
    CHECK(has_line(metrics_text({t}), line(name, "1")));
  CHECK(has_line(metrics_text({t}), line("usual_seconds", "0.5")));
  CHECK(metrics_text({t}).find(line("under_way_seconds", "36")) != std::string::npos);
  table.in_target.add(std::chrono::hours(8));  // the mean is an hour now
  CHECK(has_line(metrics_text({t}), line("slow", "0")));
}

TEST_CASE("a stage's flow grows by what a ledger has gained, and by nothing where the ledger fell back") {
  stage::flow flow;
  delivery::ledger before;
  delivery::ledger now;
  before["s"] = {10, 10, 0, 0, 0};
  now["s"] = {15, 13, 1, 1, 0};
  now["t"] = {2, 2, 0, 0, 0};
  flow.gained(before, now);
  CHECK(flow.all().at("s") == delivery::stage_counts{5, 3, 1, 1, 0});
  CHECK(flow.all().at("t") == delivery::stage_counts{2, 2, 0, 0, 0});
  flow.gained(now, before);
  flow.gained(now, now);
  CHECK(flow.all().at("s").in == 5);
}

TEST_CASE(
    "ledgers stand where their actors last told, and those of actors that are elsewhere do not count here") {
  stage::flow flow;
  delivery::ledger now;
  now["s"] = {10, 10, 0, 0, 0};
  flow.stands("a", now);
  flow.stands("b", now);
  now["s"] = {4, 3, 1, 0, 0};
  flow.stands("b", now);  // it has begun anew, from an older state
  CHECK(flow.standing([](const std::string&) { return true; }).of("s") ==
        delivery::stage_counts{14, 13, 1, 0, 0});
  CHECK(flow.standing([](const std::string& actor) { return actor == "b"; }).of("s").in == 4);
  CHECK(flow.all().empty());
}

TEST_CASE("what the kernel says of a process is read, whatever its name holds") {
  const std::string stat =
      "7 (a) b) S 1 2 3 0 -1 4194560 1 0 0 0 150 50 9 9 20 0 12 0 300 1000000 25 18446744073709551615";
  const auto p = read_process_stat(stat, "cpu 1 2\nbtime 1000\nprocesses 5\n", {100, 4096});
  REQUIRE(p);
  CHECK(p->cpu_seconds == 2.0);
  CHECK(p->threads == 12);
  CHECK(p->start_seconds == 1003.0);
  CHECK(p->virtual_bytes == 1'000'000);
  CHECK(p->resident_bytes == 25 * 4096);
  CHECK_FALSE(read_process_stat("", "btime 1000", {100, 4096}));
  CHECK_FALSE(read_process_stat(stat, "", {100, 4096}));
  CHECK_FALSE(read_process_stat("7 (a) S 1", "btime 1000", {100, 4096}));
  const auto own = figures_of_process();
  REQUIRE(own);
  CHECK(own->resident_bytes > 1'000'000);
  CHECK(own->open_files > 2);
  CHECK(own->threads >= 1);
  CHECK(own->anonymous_bytes > 0);
  CHECK(own->anonymous_bytes < own->resident_bytes);
}
