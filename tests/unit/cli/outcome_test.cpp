#include "tools/cli/outcome.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::cli;

namespace {

config::topology plan() {
  using enum config::stage_kind;
  config::topology t;
  t.name = "clicks";
  for (const auto& [name, kind] : std::vector<std::pair<std::string, config::stage_kind>>{
           {"clicks", source}, {"parsed", parser}, {"counts", window}, {"table", sink}}) {
    config::stage s;
    s.name = name;
    s.kind = kind;
    t.stages.push_back(std::move(s));
  }
  return t;
}

messages::report_part part(const std::string& actor, const std::string& stage,
                           const delivery::stage_counts& c) {
  messages::report_part p;
  p.actor = actor;
  p.counts[stage] = c;
  return p;
}

std::vector<messages::report_part> parts() {
  auto letters = part("dead_letters", "clicks", {.in = 1000, .out = 1000});
  letters.counts["parsed"] = {.in = 1000, .out = 990, .dead = 10};
  letters.counts[delivery::unformed_rows_of("counts")] = {.in = 2, .dead = 2};
  auto shard = part("counts/0/0", "counts", {.in = 990, .out = 890, .late = 100});
  shard.late_at_shard = 5;
  auto sink = part("table", "table", {.in = 80, .out = 80});
  sink.rejected = 4;
  return {letters, shard, sink};
}

std::vector<fail_rule> rules(const std::vector<std::string>& given) {
  auto out = parse_fail_on(given);
  REQUIRE(out);
  return *out;
}

}  // namespace

TEST_CASE("a job's counts are those of the ledger: refused rows are dead letters and no rows out") {
  const auto c = counts_of(plan(), parts());
  CHECK(c == job_counts{.read = 1000, .rows_out = 76, .late = 105, .dead_letters = 16});
  CHECK(describe(plan(), c, "s/dead_letters.jsonl") ==
        "1,000 records read, 76 rows out, 105 late, 16 dead letters in s/dead_letters.jsonl");
  CHECK(describe(plan(), {.read = 1, .rows_out = 1}, "x") ==
        "1 record read, 1 row out, none late, no dead letters");
}

TEST_CASE("a job without windows has no late records to tell of") {
  auto t = plan();
  std::erase_if(t.stages, [](const auto& s) { return s.kind == config::stage_kind::window; });
  CHECK(describe(t, {.read = 2, .rows_out = 1, .dead_letters = 1}, "x") ==
        "2 records read, 1 row out, 1 dead letter in x");
}

TEST_CASE("what a topology had come to at its end is kept, and the next job counts from there") {
  const told_end kept{{1000, 76, 105, 16}, {400, 30, 5, 1}, 3, 2};
  const auto read = decode_told_end(encode(kept));
  REQUIRE(read);
  CHECK(read->all == kept.all);
  CHECK(read->last == kept.last);
  CHECK(read->run == 3);
  CHECK(read->replayed == 2);
  CHECK(job_counts{1100, 80, 105, 17} - kept.all == job_counts{100, 4, 0, 1});
  CHECK_FALSE(decode_told_end("{}"));
  CHECK_FALSE(decode_told_end(R"({"all":1,"last":2})"));
}

TEST_CASE("--fail-on takes rules, also several in one") {
  const auto all = rules({"dead_letters,late=0.5%", "late"});
  REQUIRE(all.size() == 3);
  CHECK(all[0].of == fail_rule::what::dead_letters);
  CHECK(all[0].percent == 0);
  CHECK(all[1].of == fail_rule::what::late);
  CHECK(all[1].percent == 0.5);
  for (const std::string wrong : {"", "dead", "late=", "late=1", "late=x%", "late=-1%", "late=101%",
                                  "late=1%%", "late,", "late=nan%", "dead_letters =1%", "empty=1%"}) {
    INFO(wrong);
    const auto refused = parse_fail_on({wrong});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("late=1%") != std::string::npos);
  }
}

TEST_CASE("a run that has read no record fails by the rule for that alone") {
  CHECK(failure_by(rules({"late,empty"}), {}, "x", false).value() ==
        "no record was read, which fails the run by --fail-on empty");
  CHECK_FALSE(failure_by(rules({"empty"}), {.read = 1, .dead_letters = 1}, "x", false));
  CHECK_FALSE(failure_by(rules({"late", "dead_letters"}), {}, "x", false));
  // The job had ended before, and this run has found nothing more.
  CHECK(failure_by(rules({"empty"}), {.read = 1}, "x", true).value() ==
        "no new record was read, which fails the run by --fail-on empty");
  CHECK_FALSE(failure_by(rules({"late", "dead_letters"}), {.read = 1}, "x", true));
}

TEST_CASE("a rule fails a run that has lost more than its share of the records read") {
  const job_counts c{.read = 1000, .late = 10, .dead_letters = 1};
  CHECK(
      failure_by(rules({"dead_letters"}), c, "x", false).value() ==
      "1 dead letter of 1,000 records fail the run by --fail-on dead_letters; all is committed, and they lie "
      "in x");
  CHECK(failure_by(rules({"late"}), c, "x", false));
  CHECK_FALSE(failure_by(rules({"late=1%"}), c, "x", false));
  CHECK(failure_by(rules({"late=0.99%"}), c, "x", false));
  CHECK_FALSE(failure_by(rules({"late=100%"}), c, "x", false));
  CHECK_FALSE(failure_by(rules({"late", "dead_letters"}), {.read = 1000}, "x", false));
  CHECK_FALSE(failure_by({}, c, "x", false));
}
