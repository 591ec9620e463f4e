// The Kafka sink against a real broker: rows and progress in one transaction.
#include "actors/connectors/kafka/sink/transaction.hpp"
#include "tests/unit/kafka_sink/broker.hpp"

#include <algorithm>

namespace millrace::sink {

TEST_CASE("Rows can be read after their commit, in order, and the progress comes back", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->make();
  CHECK_FALSE(w->open(s->life(1)).value());
  write_and_commit(*w, 0, 100);
  REQUIRE(w->commit(at(101)));  // progress alone
  REQUIRE(w->write(numbered(101, 200)));
  CHECK(s->committed_values() == numbered_values(0, 100));
  REQUIRE(w->commit(at(200)));
  CHECK(w->keep_alive());
  w = s->make();
  const auto p = w->open(s->life(2, true)).value();
  REQUIRE(p);
  CHECK(p->positions == at(200).positions);
  CHECK(p->batch == 200);
  auto expected = numbered_values(0, 100);
  for (auto& v : numbered_values(101, 200))
    expected.push_back(v);
  CHECK(s->committed_values() == expected);
}

TEST_CASE("Rows that were not committed are never seen by readers of committed rows", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->opened();
  write_and_commit(*w, 0, 10);
  REQUIRE(w->write(numbered(10, 20'000)));
  CHECK(position_of(w->open(s->life(1)).value()) == 10);  // rolled back
  write_and_commit(*w, 10, 20);
  REQUIRE(w->write(numbered(20, 30)));
  w.reset();  // an end in the middle is rolled back at once, so that readers are not held back
  CHECK(s->committed_values() == numbered_values(0, 20));
  CHECK(position_of(s->make()->open(s->life(2)).value()) == 20);
}

TEST_CASE("A newer life fences the older one, which can neither commit nor come back", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto old = s->opened(1);
  write_and_commit(*old, 0, 5);
  REQUIRE(old->write(numbered(5, 9)));
  auto newer = s->opened(2);
  write_and_commit(*newer, 5, 6);
  const auto refused = old->commit(at(9));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK(refused.error().retry);              // brokers do not say whether there is a rival; open() does
  for (const incarnation own : {1, 2, 3}) {  // the numbers of its process may have come as far
    const auto reopened = old->open(s->life(own));
    REQUIRE_FALSE(reopened);
    CHECK(reopened.error().code == ec::fenced);
    CHECK_FALSE(reopened.error().retry);
  }
  write_and_commit(*newer, 6, 8);  // was not disturbed by it
  CHECK(s->committed_values() == numbered_values(0, 8));
}

TEST_CASE("A sink that brokers call fenced goes on where no newer life has claimed its topic", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->opened(1);
  write_and_commit(*w, 0, 5);
  REQUIRE(w->write(numbered(5, 9)));
  // A pause that was longer than a transaction's time-out looks like this: a higher epoch, and nobody there.
  REQUIRE(transaction::open({s->brokers, {}}, "test", name_on_brokers(s->topology, "out", s->topic), {}));
  const auto refused = w->commit(at(9));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().retry);
  CHECK(position_of(w->open(s->life(2)).value()) == 5);
  write_and_commit(*w, 5, 9);
  CHECK(s->committed_values() == numbered_values(0, 9));
}

TEST_CASE("Another state is refused and disturbs nobody; a fresh one takes over and keeps the rows",
          "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->opened(1);
  write_and_commit(*w, 0, 5);
  auto other = s->life(9);
  other.state_id = "state-b";
  const auto refused = s->make()->open(other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK(refused.error().whose == fault::user);
  write_and_commit(*w, 5, 6);
  other.fresh = true;
  other.life = 1;
  auto fresh = s->make();
  CHECK_FALSE(fresh->open(other).value());
  write_and_commit(*fresh, 0, 2);
  const auto fenced = w->commit(at(7));
  REQUIRE_FALSE(fenced);
  CHECK(fenced.error().code == ec::fenced);
  CHECK(position_of(fresh->open(other).value()) == 2);
  CHECK(s->committed().size() == 8);
}

TEST_CASE("States of the same names write to topics of their own side by side, and share nothing",
          "[server]") {
  const auto s = sink_on_server(no_topic);
  auto other = sink_on_server(no_topic);
  if (!s)
    return;
  other->topology = s->topology;
  auto claim = other->life(1);
  claim.state_id = "state-b";
  for (const auto& topic : {s->topic, other->topic})
    make_topic(s->brokers, topic, 1, {{"max.message.bytes", "20000"}});
  auto w = s->opened();
  auto beside = other->make();
  test::must(beside->open(claim));
  const auto large = [](char c) { return row_batch({{1, std::string(300'000, c), "r"}}); };
  for (int i = 0; i < 3; ++i) {
    REQUIRE(w->write(large('x')));
    REQUIRE(beside->write(large('y')));
    CHECK(w->commit(at(i + 1, 200)).value() == 1);  // many logs: a record in the positions topic
    CHECK(beside->commit(at(i + 101, 200)).value() == 1);
  }
  beside->forget_rejected(2);
  REQUIRE(beside->commit(at(104, 200)));
  const auto own = w->rejected(0, 10).value();
  CHECK(own.size() == 3);
  for (const auto& row : own)
    CHECK(row.record.find("yy") == std::string::npos);
  CHECK(beside->rejected(0, 10).value().size() == 1);
  // Compaction keeps the newest of a key.
  const auto name = name_on_brokers(other->topology, "out", other->topic) + "/";
  for (const auto& m : read_topic(s->brokers, std::string(positions_topic)))
    if (!m.value && m.key && m.key->find(s->topology) != std::string::npos)
      CHECK(m.key->starts_with(name));
  test::must(w->open(s->life(2, true)));
  claim.life = 2;
  CHECK(position_of(beside->open(claim).value()) == 104);
}

TEST_CASE("Progress that is expected and not there is an error, never a start from zero", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  const auto p = s->make()->open(s->life(3, true));
  REQUIRE_FALSE(p);
  CHECK(p.error().code == ec::mismatch);
  CHECK_THAT(p.error().message, Catch::Contains("--fresh"));
}

TEST_CASE("A topic that is missing is the user's error and waited for, unless it is to be created",
          "[server]") {
  auto s = sink_on_server(no_topic);
  if (!s)
    return;
  const auto p = s->make()->open(s->life(1));
  REQUIRE_FALSE(p);
  CHECK(p.error().code == ec::not_found);
  CHECK(p.error().whose == fault::user);
  CHECK(p.error().retry);
  CHECK_THAT(p.error().message, Catch::Contains(s->topic) && Catch::Contains("\"create\""));
  s->create(3);
  auto w = s->opened();
  write_and_commit(*w, 0, 100);
  CHECK(s->committed().size() == 100);
  const auto c =
      kafka::client::open(RD_KAFKA_CONSUMER, {s->brokers, {}}, {"test", {{"group.id", "test"}}}).value();
  CHECK(kafka::partition_count(c, s->topic, std::chrono::seconds(5)).value() == 3);
}

TEST_CASE("The progress of many logs goes through the positions topic, back and forth", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->opened();
  incarnation n = 1;
  for (const int logs : {1, 200, 3000, 2, 1000}) {
    REQUIRE(w->write(numbered(0, 1)));
    REQUIRE(w->commit(at(1'619'000'000'000'000, logs)));
    CHECK(w->keep_alive());
    const auto p = w->open(s->life(++n, true)).value();
    REQUIRE(p);
    CHECK(p->positions == at(1'619'000'000'000'000, logs).positions);
  }
  CHECK(s->committed().size() == 5);
}

TEST_CASE("Keys are bytes of the column: null stays null, the empty text stays empty; Java's partitions",
          "[server]") {
  auto s = sink_on_server(7);
  if (!s)
    return;
  s->set("key", "userid");
  s->set("value", "_raw");
  auto w = s->opened();
  const std::string bytes("\0\xff{ not json", 12);
  REQUIRE(w->write(row_batch({{1, std::nullopt, "a"},
                              {2, "", "b"},
                              {3, "21", bytes},
                              {4, "foobar", std::nullopt},
                              {5, "a-little-bit-long-string", ""}})));
  REQUIRE(w->commit(at(5)));
  auto all = s->committed();
  REQUIRE(all.size() == 5);
  const auto find = [&](const text& key) {
    const auto i = std::find_if(all.begin(), all.end(), [&](const auto& m) { return m.key == key; });
    REQUIRE(i != all.end());
    return *i;
  };
  CHECK(find(std::nullopt).value == "a");
  CHECK(find("").value == "b");
  CHECK(find("21").value == bytes);
  CHECK(find("foobar").value == std::nullopt);
  CHECK(find("a-little-bit-long-string").value == "");
  // Java's murmur2 of these keys, from Kafka's own documentation of its tests.
  const auto partition = [](std::int32_t hash) { return (hash & 0x7FFFFFFF) % 7; };
  CHECK(find("21").partition == partition(-973932308));
  CHECK(find("foobar").partition == partition(-790332482));
  CHECK(find("a-little-bit-long-string").partition == partition(-985981536));
}

TEST_CASE("Rows that are too large are stored with the commit and given out until they are forgotten",
          "[server]") {
  const auto s = sink_on_server(no_topic);
  if (!s)
    return;
  make_topic(s->brokers, s->topic, 1, {{"max.message.bytes", "20000"}});
  auto w = s->opened();
  const std::string large(1'000'000, 'x');
  REQUIRE(w->write(
      row_batch({{1, "small", "r"}, {2, large, "r"}, {3, std::string(19'000, 'y'), "r"}, {4, "last", "r"}})));
  REQUIRE(w->write(row_batch({{5, std::string(20'000, 'z'), "r"}})));
  CHECK(w->commit(at(5)).value() == 2);
  CHECK(w->commit(at(6)).value() == 0);
  const auto check_both = [&] {
    const auto rows = w->rejected(0, 10).value();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].sequence == 1);
    CHECK(rows[0].record == "{\"n\":2,\"userid\":\"" + large + "\"}");
    CHECK_THAT(rows[0].error, Catch::Contains("max.message.bytes") && Catch::Contains("1000019 bytes"));
    CHECK(rows[1].sequence == 2);
    CHECK(w->rejected(0, 1).value().size() == 1);
    CHECK(w->rejected(1, 10).value().at(0).sequence == 2);
    CHECK(w->rejected(2, 10).value().empty());
  };
  check_both();
  CHECK(position_of(w->open(s->life(2)).value()) == 6);
  check_both();
  w->forget_rejected(1);
  CHECK(w->rejected(0, 10).value().at(0).sequence == 2);
  REQUIRE(w->write(row_batch({{6, large, "r"}})));
  CHECK(w->commit(at(7)).value() == 1);
  CHECK(position_of(w->open(s->life(3)).value()) == 7);
  const auto rows = w->rejected(0, 10).value();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].sequence == 2);
  CHECK(rows[1].sequence == 3);
  const auto seen = s->committed();
  REQUIRE(seen.size() == 3);
  CHECK(seen[2].value == "{\"n\":4,\"userid\":\"last\"}");
}

TEST_CASE("Records of exactly the largest size pass, whatever the broker adds to them", "[server]") {
  auto s = sink_on_server(no_topic);
  if (!s)
    return;
  make_topic(s->brokers, s->topic, 1, {{"max.message.bytes", "20000"}});
  s->set("value", "_raw");
  s->options.set("properties",
                 std::map<std::string, std::string>{{"compression.type", "none"}, {"batch.size", "500000"}},
                 {});
  auto w = s->opened();
  std::vector<std::tuple<std::int64_t, text, text>> rows;
  for (int size = 19'600; size < 20'010; ++size)
    rows.emplace_back(size, "u", std::string(static_cast<std::size_t>(size), 'x'));
  REQUIRE(w->write(row_batch(rows)));
  const auto refused = test::must(w->commit(at(1)));
  CHECK(refused > 0);
  CHECK(refused < rows.size());
  CHECK(s->committed().size() == rows.size() - refused);
}

TEST_CASE("A compacted topic needs keys: a null key is a rejected row, no key option an error", "[server]") {
  auto s = sink_on_server(no_topic);
  if (!s)
    return;
  make_topic(s->brokers, s->topic, 1, {{"cleanup.policy", "compact"}});
  const auto p = s->make()->open(s->life(1));
  REQUIRE_FALSE(p);
  CHECK(p.error().whose == fault::user);
  s->set("key", "userid");
  auto w = s->opened();
  REQUIRE(w->write(row_batch({{1, std::nullopt, "r"}, {2, "u", "r"}})));
  CHECK(w->commit(at(2)).value() == 1);
  CHECK_THAT(w->rejected(0, 10).value().at(0).error, Catch::Contains("null key"));
  CHECK(s->committed().size() == 1);
}

TEST_CASE("A topology without a reachable broker is told so, and may try again") {
  sink_under_test s{"127.0.0.1:1"};
  s.options.set("properties", std::map<std::string, std::string>{{"sasl.password", "pa55"}}, {});
  const auto p = s.make()->open(s.life(1));
  REQUIRE_FALSE(p);
  CHECK(p.error().code == ec::unavailable);
  CHECK(p.error().retry);
  CHECK_THAT(p.error().message, !Catch::Contains("pa55"));
}

}  // namespace millrace::sink
