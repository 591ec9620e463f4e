// The Kafka sink's own records: they are read back, and every damage is noticed.
#include "actors/connectors/kafka/sink/position_record.hpp"
#include "actors/connectors/kafka/sink/progress_place.hpp"

#include <catch2/catch.hpp>

namespace millrace::sink {
namespace {

position_record some_record(int logs) {
  position_record r;
  r.at.emplace();
  for (int i = 0; i < logs; ++i)
    r.at->positions["counts/1/" + std::to_string(i)] = {{i * 1000, i}, i};
  r.at->batch = 9;
  r.next_rejected = 12;
  r.rejected = {{10, 0, 5'000'000'000, 3}, {11, 7, 0, 1}};
  return r;
}

}  // namespace

TEST_CASE("Where the progress will be kept depends on how many logs feed the sink") {
  std::vector<log_id> few{"counts/0/0", "counts/0/1"};
  CHECK_THAT(progress_place(few, false), Catch::StartsWith("in the group's offset metadata (about "));
  std::vector<log_id> many;
  for (int i = 0; i < 500; ++i)
    many.push_back("counts/0/" + std::to_string(i));
  CHECK_THAT(progress_place(many, false), Catch::StartsWith("in the topic millrace-positions (about "));
  CHECK_THAT(progress_place({"parsed/0"}, true),
             Catch::StartsWith("in the group's offset metadata up to about ") &&
                 Catch::EndsWith(" partitions, beyond that in the topic millrace-positions"));
}

TEST_CASE("The name on the brokers is one for each topology, sink and topic, and no two run together") {
  CHECK(name_on_brokers("clicks", "out", "active") == "millrace/clicks/out/active");
  CHECK(name_on_brokers("clicks", "out", "active") != name_on_brokers("clicks", "out", "passive"));
  // No name has a slash; a topic may have every other sign.
  CHECK(name_on_brokers("a-b", "c", "d") != name_on_brokers("a", "b-c", "d"));
  CHECK(name_on_brokers("a", "b", "c.d") != name_on_brokers("a", "b.c", "d"));
}

TEST_CASE("A position record reads back as it was written") {
  const auto r = decode_position(encode_position(some_record(3))).value();
  CHECK(r.at->positions == some_record(3).at->positions);
  CHECK(r.at->batch == 9);
  CHECK(r.next_rejected == 12);
  REQUIRE(r.rejected.size() == 2);
  CHECK(r.rejected[0].offset == 5'000'000'000);
  CHECK(r.rejected[0].chunks == 3);
  CHECK(r.rejected[1].partition == 7);
  CHECK_FALSE(decode_position(encode_position({})).value().at);
}

TEST_CASE("An envelope is plain text and reads back as it was written, whatever its length") {
  for (std::size_t n = 0; n < 20; ++n) {
    envelope e{"state-id", 7, 1ULL << 62, std::string(n, '\xff')};
    const auto text = encode_envelope(e);
    CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ==
          std::string::npos);
    const auto read = decode_envelope(text).value();
    CHECK(read.state_id == e.state_id);
    CHECK(read.life == 7);
    CHECK(read.sequence == 1ULL << 62);
    CHECK(std::get<std::string>(read.record) == std::string(n, '\xff'));
  }
  const auto p = std::get<record_pointer>(
      decode_envelope(encode_envelope({"s", 1, 2, record_pointer{3, 9'000'000'000'000}})).value().record);
  CHECK(p.partition == 3);
  CHECK(p.offset == 9'000'000'000'000);
}

TEST_CASE("Metadata that another program has committed, or that is damaged, is refused") {
  for (const std::string foreign : {"", "x", "some consumer's metadata", "====", "AAAA", "AA=A"})
    CHECK_FALSE(decode_envelope(foreign));
  const auto good = encode_envelope({"state", 1, 2, encode_position(some_record(2))});
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto damaged = good;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    const auto read = decode_envelope(damaged);
    // The last characters before the padding hold bits that mean nothing.
    if (i + 4 < good.size())
      CHECK_FALSE(read);
    CHECK_FALSE(decode_envelope(good.substr(0, i)));
  }
}

}  // namespace millrace::sink
