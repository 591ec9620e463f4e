#include "runtime/cluster/joining.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::joining_trial {
namespace {

moment after_ms(int ms) { return {std::chrono::milliseconds(ms), std::int64_t{ms} * 1'000}; }
constexpr std::int64_t ms = 1'000;

control_state with_node(const std::string& node, std::uint64_t instance, session s) {
  control_state found;
  found.cluster = cluster_id("clicks", 7);
  found.nodes[node] = {instance, s, false, false};
  return found;
}

}  // namespace

TEST_CASE("a cluster's id is its name and what tells it from others of that name") {
  CHECK(cluster_id("clicks", 7) == "clicks#0000000000000007");
  CHECK(name_in("clicks#0000000000000007") == "clicks");
  CHECK(name_in(cluster_id("a#b", 7)) == "a#b");
  CHECK(check_name("clicks", {}, "dir:/x"));
  CHECK(check_name("clicks", with_node("a", 1, 1), "dir:/x"));
  const auto other = check_name("orders", with_node("a", 1, 1), "dir:/x");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ec::mismatch);
  CHECK(other.error().message.find("dir:/x") != std::string::npos);
}

TEST_CASE(
    "a store that has lost the cluster that was in it, or has another one, is refused with the remedy") {
  CHECK(check_known("", {}, "dir:/x"));
  control_state here;
  here.cluster = "c#1";
  CHECK(check_known("", here, "dir:/x"));
  CHECK(check_known("c#1", here, "dir:/x"));
  for (const auto& [seen, says] :
       {std::pair(control_state{}, "the store dir:/x holds no cluster, and this node was in the "
                                   "cluster c#2 there"),
        std::pair(here, "the store dir:/x holds the cluster c#1, and this node was in the "
                        "cluster c#2 there")}) {
    const auto refused = check_known("c#2", seen, "dir:/x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::mismatch);
    CHECK(refused.error().whose == fault::user);
    CHECK_THAT(refused.error().message,
               Catch::StartsWith(says) && Catch::Contains("restore the store") && Catch::Contains("--state"));
  }
}

TEST_CASE("J1: envelopes count once the own look at control shows the same id") {
  using judged = known_cluster::judged;
  known_cluster mine;
  CHECK(mine.judge("c#1", after_ms(0)) == judged::look);
  CHECK(mine.judge("c#1", after_ms(1)) == judged::waiting);
  mine.on_seen("c#1");
  CHECK(mine.judge("c#1", after_ms(2)) == judged::ours);
  CHECK(mine.judge("c#2", after_ms(2)) == judged::foreign);
  CHECK(mine.id() == "c#1");
}

TEST_CASE("J1: a store that shows nothing is not asked with each envelope; one that does not answer proves "
          "nothing") {
  using judged = known_cluster::judged;
  known_cluster mine;
  CHECK(mine.judge("c#1", after_ms(0)) == judged::look);
  mine.on_not_seen();
  CHECK(mine.judge("c#1", after_ms(100)) == judged::waiting);
  CHECK(mine.judge("c#1", after_ms(1'000)) == judged::look);
  mine.on_seen("");
  CHECK(mine.judge("c#1", after_ms(1'100)) == judged::foreign);
  CHECK(mine.judge("c#2", after_ms(1'100)) == judged::look);
  mine.on_seen("");
  CHECK(mine.judge("c#1", after_ms(1'200)) == judged::look);
  mine.on_seen("c#1");
  CHECK(mine.judge("c#1", after_ms(1'300)) == judged::ours);
}

TEST_CASE("J2: a session counts where control shows it under the number that the process has chosen") {
  const process_id mine{"b", 11};
  CHECK(check_session(with_node("b", 11, 5), mine, 5, "dir:/x"));
  CHECK(check_session(with_node("b", 11, 6), mine, 5, "dir:/x"));  // it has been given a later one since
  for (const auto& seen :
       {control_state(), with_node("a", 11, 5), with_node("b", 12, 5), with_node("b", 11, 4)}) {
    const auto refused = check_session(seen, mine, 5, "dir:/x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::mismatch);
    CHECK(refused.error().message.find("not shared") != std::string::npos);
  }
}

TEST_CASE("J3: a name belongs to whoever answers under it; a silent one is replaced") {
  using judged = name_claims::judged;
  name_claims claims{silence{}};
  const process_id newcomer{"b", 12};
  CHECK(claims.judge(newcomer, nullptr, after_ms(0)) == judged::admitted);
  present_node other{11, 5, 1, 1, std::chrono::milliseconds(0), false};
  CHECK(claims.judge({"b", 11}, &other, after_ms(100)) == judged::admitted);
  CHECK(claims.judge(newcomer, &other, after_ms(100)) == judged::waiting);
  CHECK(claims.judge(newcomer, &other, after_ms(500)) == judged::admitted);
  for (int at = 600; at <= 3'500; at += 100) {
    other.heard = std::chrono::milliseconds(at);
    CHECK(claims.judge(newcomer, &other, after_ms(at)) == judged::waiting);
  }
  other.heard = std::chrono::milliseconds(3'600);
  CHECK(claims.judge({"b", 13}, &other, after_ms(3'600)) == judged::waiting);
  CHECK(claims.judge(newcomer, &other, after_ms(3'600)) == judged::waiting);
  other.heard = std::chrono::milliseconds(6'600);
  CHECK(claims.judge(newcomer, &other, after_ms(6'600)) == judged::refused);
  other.is_detached = true;
  CHECK(claims.judge(newcomer, &other, after_ms(6'600)) == judged::admitted);
}

TEST_CASE("a clock is off where no way of the envelopes explains it") {
  CHECK_FALSE(clock_skew(0, 250 * ms, 0));
  CHECK(clock_skew(0, 251 * ms, 0) == micros(251 * ms));
  CHECK(clock_skew(0, -300 * ms, 0) == micros(-300 * ms));
  CHECK_FALSE(clock_skew(0, 800 * ms, 1'000 * ms));
  CHECK(clock_skew(0, 1'300 * ms, 1'000 * ms) == micros(800 * ms));
  CHECK_FALSE(clock_skew(1'000 * ms, 9'000 * ms, 0));
  CHECK_FALSE(clock_skew(no_watermark, 0, 0));
  CHECK_FALSE(clock_skew(0, end_of_time, 0));
}

}  // namespace millrace::cluster::joining_trial
