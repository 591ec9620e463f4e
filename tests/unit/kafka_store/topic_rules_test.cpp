// Tests which topics chains can lie in, and what is said of the others.
#include "actors/node/stores/kafka/record_format.hpp"
#include "actors/node/stores/kafka/topic_rules.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::kafka_chain;

namespace {

const topic_address chains{"chains", "k1:9092,k2:9092"};

existing_topic fit() {
  return {partitions, 3,
          std::map<std::string, std::string>{{"cleanup.policy", "compact"},
                                             {"retention.ms", "-1"},
                                             {"retention.bytes", "-1"},
                                             {"max.message.bytes", "1048588"},
                                             {"min.insync.replicas", "2"},
                                             {"unclean.leader.election.enable", "false"}}};
}

std::string refusal(const existing_topic& found) {
  const auto checked = check_topic(chains, found);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ec::mismatch);
  CHECK(checked.error().whose == fault::user);
  CHECK_FALSE(checked.error().retry);
  CHECK_THAT(checked.error().message,
             Catch::StartsWith("topic \"chains\" at k1:9092,k2:9092: ") && Catch::Contains("remedy: "));
  return checked.error().message;
}

std::string value(const creation& c, std::string_view name) {
  for (const auto& [key, text] : c.settings)
    if (key == name)
      return text;
  return "";
}

}  // namespace

TEST_CASE("a topic is made compacted alone, with replicas as there are brokers") {
  const auto one = plan_creation(chains, 1, 0);
  REQUIRE(one);
  CHECK(one->replication == 1);
  CHECK(value(*one, "min.insync.replicas") == "1");
  CHECK(value(*one, "cleanup.policy") == "compact");
  CHECK(value(*one, "retention.ms") == "-1");
  CHECK(plan_creation(chains, 2, 0)->replication == 2);
  CHECK(value(*plan_creation(chains, 2, 0), "min.insync.replicas") == "2");
  CHECK(plan_creation(chains, 9, 0)->replication == 3);
  CHECK(plan_creation(chains, 9, 5)->replication == 5);
  CHECK(value(*plan_creation(chains, 9, 1), "min.insync.replicas") == "1");
}

TEST_CASE("more replicas than there are brokers are refused before the brokers are asked") {
  const auto refused = plan_creation(chains, 2, 3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::invalid_argument);
  CHECK_THAT(refused.error().message, Catch::Contains("3 replicas") && Catch::Contains("2 broker(s)") &&
                                          Catch::Contains("remedy: start more brokers"));
}

TEST_CASE("who may not make a topic is told the command for somebody who may") {
  const auto c = *plan_creation(chains, 3, 0);
  const auto e = not_created({ec::refused, fault::user, false, "creating it: not allowed", {}}, chains, c);
  CHECK_THAT(e.message, Catch::StartsWith("creating it: not allowed, or let somebody") &&
                            Catch::Contains("kafka-topics.sh --bootstrap-server k1:9092,k2:9092 --create "
                                            "--topic chains --partitions 16 --replication-factor 3 --config "
                                            "cleanup.policy=compact"));
  CHECK(not_created({ec::unavailable, fault::outside, true, "away", {}}, chains, c).message == "away");
}

TEST_CASE("a topic that would delete, cannot hold pieces or has too few partitions is refused") {
  CHECK(check_topic(chains, fit()));
  auto found = fit();
  found.partitions = 40;
  CHECK(check_topic(chains, found));
  SECTION("partitions") {
    found.partitions = 12;
    CHECK_THAT(refusal(found), Catch::Contains("12 partition(s), and chains lie in 16") &&
                                   Catch::Contains("--alter --topic chains --partitions 16"));
  }
  SECTION("delete") {
    (*found.settings)["cleanup.policy"] = "compact,delete";
    CHECK_THAT(
        refusal(found),
        Catch::Contains("cleanup.policy is compact,delete") &&
            Catch::Contains("kafka-configs.sh --bootstrap-server k1:9092,k2:9092 --alter --entity-type "
                            "topics --entity-name chains --add-config cleanup.policy=compact,"));
  }
  SECTION("retention") {
    (*found.settings)["retention.ms"] = "604800000";
    CHECK_THAT(refusal(found), Catch::Contains("retention.ms is 604800000") &&
                                   Catch::Contains("--add-config retention.ms=-1,retention.bytes=-1"));
  }
  SECTION("size") {
    (*found.settings)["max.message.bytes"] = "500000";
    CHECK_THAT(refusal(found), Catch::Contains("max.message.bytes is 500000") &&
                                   Catch::Contains("--add-config max.message.bytes=1048588"));
  }
  SECTION("settings that may not be asked for are not refused") {
    found.settings.reset();
    CHECK(check_topic(chains, found));
  }
}

TEST_CASE("a topic that may lose what was acknowledged is warned of") {
  CHECK(warnings_of(chains, fit(), 3).empty());
  auto found = fit();
  (*found.settings)["min.insync.replicas"] = "1";
  (*found.settings)["unclean.leader.election.enable"] = "true";
  const auto two = warnings_of(chains, found, 3);
  REQUIRE(two.size() == 2);
  CHECK_THAT(two[0], Catch::Contains("min.insync.replicas is 1") && Catch::Contains("remedy"));
  CHECK_THAT(two[1], Catch::Contains("unclean.leader.election.enable=false"));
  found.fewest_replicas = 1;
  found.settings.reset();
  CHECK(warnings_of(chains, found, 3).size() == 2);
  const auto unread = warnings_of(chains, found, 1);
  REQUIRE(unread.size() == 1);
  CHECK_THAT(unread[0], Catch::Contains("its settings may not be read") && Catch::Contains("remedy"));
}
