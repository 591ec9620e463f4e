// Tests the bytes of what directors and nodes say to each other: against a golden file, cut off, and damaged.
#include "runtime/control/topology_message_format.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

namespace millrace::control {
namespace {

using how = delivery::lane_log::start;

std::vector<to_node_of_actors> each_to_node() {
  const auto told = [](actor_order o) { return actor_told{"clicks", {7, 2}, "b", std::move(o)}; };
  return {told(director_effects::tell_receiver{"p/lane0", 3, "w/0/1", true, {9, 1}}),
          told(director_effects::tell_sender{"table", "w/0/1", "w/0/1", 9}),
          told(director_effects::tell_dead_letter_sink{"table", "dead_letters", 5}),
          told(director_effects::tell_log{"w/0/1", "p/7", {{1, 30}, 1'600'000'000'000'000}}),
          told(director_effects::tell_partition{"p/lane0", "7", "p/lane1"}),
          told(director_effects::tell_slowest{"p/lane0", end_of_time}),
          told(director_effects::collect{"table"}),
          told(director_effects::stop{"table"}),
          told(director_effects::tell_paused{"p/lane0", true}),
          told(director_effects::restart{"w/0/1"}),
          life_prepared{"clicks",
                        "p/lane0",
                        {7, 2},
                        how::at_lowest,
                        {{"p", "7", "p/7", {{1, 30}, no_watermark}, "p/lane1"}},
                        {{"p/0", {0, 5}, "made it fail"}}}};
}

std::vector<to_director> each_to_director() {
  const auto said = [](actor_news n) { return actor_said{"clicks", std::move(n)}; };
  messages::report_part part;
  part.actor = "w/0/1";
  part.life = {9, 1};
  part.counts["counts"] = {10, 7, 1, 1, 1};
  part.rows = 3;
  part.late_at_shard = 2;
  part.rejected = 1;
  part.vector["p/0"] = {{0, 40}, 1'600'000'000'000'000};
  return {
      prepare_life{
          "clicks", "p/lane0", {7, 2}, {{"p/0", {0, 5}, "made it fail"}}, {{"p/0", {0, 2}}, {"p/1", {0, 1}}}},
      said(messages::partition_found{"p/lane0", 7, "7", {1, 30}}),
      said(messages::stands_at{"p/lane0", 7, 1'600'000'000'000'000}),
      said(messages::completed{"table", 5, 3}),
      said(
          messages::stage_failed{"table", 5, {ec::refused, fault::outside, true, "no such column", "table"}}),
      said(messages::stopped{"table", 5}),
      said(part),
      actor_began{"clicks", "w/0/1", {9, 1}},
      actor_over{"clicks", "w/0/1", {9, 2}},
      actor_failed{
          "clicks", "w/0/1", {9, 3}, {ec::corrupt, fault::user, false, "its snapshots are damaged", "w"}}};
}

std::vector<std::string> encoded() {
  std::vector<std::string> out;
  for (const auto& m : each_to_node())
    out.push_back(encode_to_node(m));
  for (const auto& m : each_to_director())
    out.push_back(encode_to_director(m));
  return out;
}

TEST_CASE("each message of a director and of nodes has the bytes of the golden file") {
  wire::writer all;
  for (const auto& bytes : encoded())
    all.string(bytes);
  test::check_golden("tests/unit/control/golden/topology_messages_v4", all.bytes());
}

TEST_CASE("each message is read as it was written") {
  for (const auto& m : each_to_node())
    CHECK(decode_to_node(encode_to_node(m)) == m);
  for (const auto& m : each_to_director()) {
    const auto read = decode_to_director(encode_to_director(m));
    REQUIRE(read);
    CHECK(read->index() == m.index());
    CHECK(encode_to_director(*read) == encode_to_director(m));
    if (const auto* const p = std::get_if<prepare_life>(&m))
      CHECK(std::get<prepare_life>(*read) == *p);
  }
}

TEST_CASE("a message that is cut off, or has more behind it, is refused") {
  for (const auto& bytes : encoded()) {
    const auto reads = [](const std::string& b) { return decode_to_node(b) || decode_to_director(b); };
    REQUIRE(reads(bytes));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      INFO(n << " of " << bytes.size());
      CHECK_FALSE(reads(bytes.substr(0, n)));
    }
    CHECK_FALSE(reads(bytes + '\0'));
  }
}

TEST_CASE("a message of another version is told as such, one of the other direction or kind is malformed") {
  auto bytes = encode_to_node(each_to_node().front());
  CHECK_FALSE(decode_to_director(bytes));
  CHECK(decode_to_director(bytes).error().code == ec::corrupt);
  bytes[2] = '\x2';
  CHECK_FALSE(decode_to_node(bytes));
  bytes[0] = '\x1';
  CHECK(decode_to_node(bytes).error().code == ec::unsupported);
}

TEST_CASE("every order names who it is for, all news name who says them") {
  for (const auto& m : each_to_node())
    if (const auto* const t = std::get_if<actor_told>(&m))
      CHECK_FALSE(receiver_of(t->what).empty());
  CHECK(receiver_of(director_effects::collect{"x"}) == "x");
  CHECK(receiver_of(director_effects::stop{"y"}) == "y");
  for (const auto& m : each_to_director())
    if (const auto* const s = std::get_if<actor_said>(&m))
      CHECK(sender_of(s->what).second.term > 0);
  CHECK(sender_of(messages::partition_found{"p/lane0", 7, "7", {}}).first == "p/lane0");
}

}  // namespace
}  // namespace millrace::control
