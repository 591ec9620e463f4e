#include "actors/observe/loss_log.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using stage::loss;

namespace {

config::topology clicks() {
  config::topology t;
  t.name = "clicks";
  return t;
}

}  // namespace

TEST_CASE("a notice says how many, why, where, and where they lie or who reads them") {
  const stage::lost_record example{"0", {0, 17}, "two\nlines"};
  CHECK(
      observe::loss_text(clicks(), {loss::dead_letter, "parsed", true, 1, example}, "s/dead_letters.jsonl") ==
      "clicks/parsed: one dead letter at partition 0, position 17: two\\nlines; dead letters lie in "
      "s/dead_letters.jsonl");
  CHECK(observe::loss_text(clicks(), {loss::dead_letter, "parsed", true, 9000, example}, "x") ==
        "clicks/parsed: 9,000 dead letters, the first at partition 0, position 17: two\\nlines; dead letters "
        "lie in "
        "x");
  CHECK(observe::loss_text(clicks(), {loss::dead_letter, "parsed", false, 2, example}, "x") ==
        "clicks/parsed: 2 more dead letters, such as at partition 0, position 17: two\\nlines");
  const auto late = observe::loss_text(clicks(), {loss::late, "counts", true, 1, example}, "x");
  CHECK(late.starts_with("clicks/counts: one late record at partition 0, position 17"));
  CHECK(late.find("\"from\": \"counts.late\"") != std::string::npos);
  CHECK(observe::loss_text(clicks(), {loss::late_but_read, "counts", true, 3, example}, "x")
            .ends_with("they go to the stages that read \"counts.late\""));
  CHECK(observe::loss_text(clicks(), {loss::late_at_shard, "counts", true, 1, example}, "x")
            .find("idle_timeout") != std::string::npos);
  const auto after_end = observe::loss_text(
      clicks(), {loss::late_after_end, "counts", true, 2, {"0", {0, 17}, "a run has ended"}}, "x");
  CHECK(
      after_end ==
      "clicks/counts: 2 records too late for their shards, the first at partition 0, position 17: a run has "
      "ended; they are in no row, and counted as late_at_shard; begin a run when the input of its windows "
      "is complete, or compute these windows anew with --fresh");
}

TEST_CASE("late versions of a join name late_versions, and late rows of a window do not") {
  const stage::lost_record example{"0", {0, 17}, "late"};
  for (const bool versions : {true, false}) {
    auto t = clicks();
    auto& joined = t.stages.emplace_back();
    joined.name = "joined";
    joined.kind = config::stage_kind::join;
    config::window_plan plan;
    plan.definition.kind = window::shape::interval;
    plan.definition.join.emplace().newest = versions;
    joined.plan = std::move(plan);
    const auto text = observe::loss_text(t, {loss::late, "joined", true, 48, example}, "x");
    CHECK(text.find("\"joined.late_left\" or \"joined.late_right\"") != std::string::npos);
    CHECK((text.find("late_versions of the join") != std::string::npos) == versions);
  }
}

TEST_CASE("a reason of any length is one line that can be read") {
  const auto text = observe::loss_text(
      clicks(), {loss::dead_letter, "parsed", false, 1, {"0", {0, 1}, std::string(5'000, 'x')}}, "x");
  CHECK(text.size() < 400);
  CHECK(text.ends_with("..."));
}
