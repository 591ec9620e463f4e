// Tests what a follower passes on to the chains that are open here, and how long one waits for it.
#include "tests/unit/kafka_store/opened.hpp"

#include <thread>

using namespace kafka_chain_test;

namespace {

struct fed {
  std::shared_ptr<follower> by =
      std::make_shared<follower>("topic \"chains\"", std::chrono::milliseconds(20));
  std::string prefix = prefix_of({"clicks", "w/0"});
  int partition = partition_of(prefix);
  std::uint64_t offset = 0;

  void feed(const writer_id& life, std::uint64_t number, std::string_view of = {}) {
    for (const auto& m : cut(of.empty() ? prefix : of, {life, number, record_kind::increment}, "payload"))
      by->take(partition, offset++, m.key, m.value);
  }
  expected<std::vector<std::uint64_t>> look(followed& f, std::uint64_t place) const {
    std::vector<std::uint64_t> numbers;
    return f
        .look(place,
              [&](const sighting& s, std::string_view payload) {
                CHECK(payload.empty());
                numbers.push_back(s.key.record.number);
              })
        .map([&] { return numbers; });
  }
};

using numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a chain is told of its own actor's records, each once") {
  fed f;
  const auto mine = f.by->add(f.prefix), twin = f.by->add(f.prefix);
  f.feed({{1, 0}, 1}, 1);
  f.feed({{1, 0}, 1}, 7, prefix_of({"clicks", "w/1"}));
  f.by->take(f.partition, f.offset++, "order 7", "x");
  f.feed({{1, 0}, 1}, 2);
  f.by->take(f.partition, 3, "stale", "x");
  f.by->reached(f.partition, f.offset);
  CHECK(must(f.look(*mine, 3)) == numbers{1, 2});
  CHECK(must(f.look(*mine, 3)).empty());
  CHECK(must(f.look(*twin, 0)) == numbers{1, 2});
  f.offset = 0;
  f.feed({{1, 0}, 1}, 1);
  CHECK(must(f.look(*mine, 0)).empty());
}

TEST_CASE("a look waits until the end was reached behind its place, and no longer than it may") {
  fed f;
  const auto mine = f.by->add(f.prefix);
  f.feed({{1, 0}, 1}, 1);
  const auto late = f.look(*mine, 0);  // the record is there, but not the end
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ec::unavailable);
  CHECK(late.error().retry);
  CHECK_THAT(late.error().message, Catch::Contains("topic \"chains\"") && Catch::Contains("remedy"));
  f.by->reached(f.partition, 1);
  CHECK_FALSE(f.look(*mine, 1));
  CHECK(must(f.look(*mine, 0)) == numbers{1});
  f.by = std::make_shared<follower>("", std::chrono::seconds(60));
  const auto patient = f.by->add(f.prefix);
  std::thread feeding([&] {
    f.feed({{1, 0}, 1}, 2);
    f.by->reached(f.partition, f.offset);
  });
  CHECK(must(f.look(*patient, 1)) == numbers{2});
  feeding.join();
}

TEST_CASE("whoever looks is told why its follower has ended") {
  fed f;
  const auto mine = f.by->add(f.prefix);
  CHECK_FALSE(f.by->has_failed());
  f.by->failed({ec::not_found, fault::user, false, "the topic is gone", {}});
  CHECK(f.by->has_failed());
  CHECK(f.look(*mine, 0).error().message == "the topic is gone");
}

TEST_CASE("what waits between two looks is bounded, and the highest life is not forgotten") {
  fed f;
  const auto mine = f.by->add(f.prefix);
  for (std::uint64_t i = 0; i < most_waiting + 10; ++i)
    f.feed({{1, 0}, 1}, i + 1);
  f.feed({{2, 0}, 1}, 99'999);
  f.feed({{1, 0}, 1}, 3);
  f.by->reached(f.partition, f.offset);
  const auto told = must(f.look(*mine, 0));
  CHECK(told.size() == most_waiting);
  CHECK(told.back() == 99'999);
}

TEST_CASE("a chain that is closed is told nothing more") {
  fed f;
  auto mine = f.by->add(f.prefix);
  const auto other = f.by->add(f.prefix);
  mine.reset();
  f.feed({{1, 0}, 1}, 1);
  f.by->reached(f.partition, f.offset);
  CHECK(must(f.look(*other, 0)) == numbers{1});
}
