#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/followed_reader.hpp"
#include "actors/stream/source/replaying_reader.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <memory>

using namespace millrace;
using namespace millrace::source;

namespace {

/// Chains with batches that a replay has written.
class written_chains final : public chain::named_chains {
public:
  void add(const replay::replayed_batch& b, const std::string& plan = "parsed") {
    auto& index = all_[replay::name_of_batch_index()].increments;
    const auto number = index.size() + 1;
    index.push_back(replay::encode_entries({{number, plan, b.stage, {}}}));
    all_[replay::name_of_batch(number)].increments = {replay::encode(b)};
  }
  void lose(std::uint64_t number) { all_.erase(replay::name_of_batch(number)); }
  expected<std::unique_ptr<chain::actor_chain>> open_chain(std::string_view, const life&) override {
    return our_error("a reader writes nothing");
  }
  expected<chain::contents> look(std::string_view name) override { return all_[std::string(name)]; }
  expected<void> settle(std::string_view name) override {
    CHECK(name == replay::name_of_batch_index());
    ++settled;
    return {};
  }

  int settled = 0;

private:
  std::map<std::string, chain::contents> all_;
};

class place {
public:
  place() { own_.write("in.csv", "first\nsecond\n"); }
  [[nodiscard]] written_chains& chains() const { return *chains_; }
  [[nodiscard]] replay::stored_batches batches(bool are_told = false) const {
    return replay::stored_batches({chains_, "parsed", are_told});
  }
  [[nodiscard]] replaying_reader reader(const wants& w = {}, bool are_told = false) const {
    return {std::make_unique<bounded_reader>(path_ + "/in.csv", false), batches(are_told), w};
  }

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  test::scratch own_;
  std::string path_ = own_.path().string();
  std::shared_ptr<written_chains> chains_ = std::make_shared<written_chains>();
};

replay::replayed_batch batch() {
  replay::replayed_batch b{"table", "clicks", "a,b", {}};
  b.records.push_back({"1", "one", 5, 1, "k", R"({"h":"v"})"});
  b.records.push_back({"2", "two", 6, 0, std::nullopt, ""});
  b.records.push_back({"3", "three"});
  return b;
}

std::vector<std::string> names(const std::vector<partition_info>& found) {
  std::vector<std::string> out;
  for (const auto& p : found)
    out.push_back(p.name);
  return out;
}

}  // namespace

TEST_CASE("batches are partitions beside those of the source, also when they come later") {
  const place at;
  at.chains().add(batch());
  auto r = at.reader();
  CHECK(names(r.discover(test::no_wait).value()) == std::vector<std::string>{"0", "replay:table:1"});
  CHECK(r.discover_beside({"0", "replay:table:1"}, test::no_wait)->empty());
  CHECK(at.chains().settled == 1);
  at.chains().add(batch());
  CHECK(names(r.discover_beside({"0", "replay:table:1"}, test::no_wait).value()) ==
        std::vector<std::string>{"replay:table:2"});
  // A reader that was connected before the batch came reads it when it is told to.
  const auto all = test::read_all(r, "replay:table:2", {}, 1000);
  CHECK(all.at_end);
  CHECK(all.records.size() == 3);
  CHECK(at.chains().settled == 2);  // what was found is durable before a partition begins by it
}

TEST_CASE("batches of another parser are none of this reader's; lanes that are told do not look") {
  const place at;
  at.chains().add(batch(), "other");
  at.chains().add(batch());
  auto r = at.reader();
  CHECK(names(r.discover(test::no_wait).value()) == std::vector<std::string>{"0", "replay:table:2"});
  auto told = at.reader({}, true);
  CHECK(names(told.discover(test::no_wait).value()) == std::vector<std::string>{"0"});
  CHECK(test::read_all(told, "replay:table:2", {}, 1000).records.size() == 3);
}

TEST_CASE("a batch is read from any position to its end, in pieces") {
  const place at;
  at.chains().add(batch());
  auto r = at.reader();
  REQUIRE(r.discover(test::no_wait));
  for (const std::size_t max_bytes : {1U, 1000U})
    for (std::int64_t from = 0; from <= 3; ++from) {
      const auto got = test::read_all(r, "replay:table:1", {0, from}, max_bytes);
      REQUIRE_FALSE(got.failure);
      CHECK(got.at_end);
      CHECK(got.next == position{0, 3});
      REQUIRE(got.records.size() == static_cast<std::size_t>(3 - from));
      if (from < 3)
        CHECK(got.records.back() == test::record{{0, 2}, "three"});
    }
  const auto own = test::read_all(r, "0", {}, 1000);
  CHECK(own.at_end);
  CHECK(own.records.size() == 2);
}

TEST_CASE("a record of a container comes again with the schema that its batch has in the place of a header") {
  const place at;
  at.chains().add(batch());
  auto r = at.reader({.frame = by_container{}});
  REQUIRE(r.discover(test::no_wait));
  const auto name = replay::partition_name("table", 1);
  REQUIRE(r.assign(name, {}));
  const std::vector<std::string> wanted{name};
  const auto got = r.read(wanted, 1 << 16, test::no_wait);
  REQUIRE(got);
  REQUIRE(*got);
  REQUIRE((*got)->schemas);
  CHECK(*(*got)->schemas->of_all == "a,b");
  CHECK_FALSE((*got)->header);
}

TEST_CASE("records carry what their source said of them") {
  const place at;
  at.chains().add(batch());
  auto r = at.reader({.key = true, .headers = true, .header = true});
  REQUIRE(r.discover(test::no_wait));
  REQUIRE(r.assign("replay:table:1", {}));
  const std::vector<std::string> wanted{"0", "replay:table:1"};
  const auto first = r.read(wanted, 1000, test::no_wait);
  REQUIRE(first);
  REQUIRE(*first);
  const auto& c = **first;
  CHECK(c.topic == "clicks");
  CHECK(c.records() == 2);  // the third has no timestamp
  CHECK(c.timestamps == std::vector<event_micros>{5, 6});
  CHECK(c.timestamp_types == std::vector<std::uint8_t>{1, 0});
  CHECK(c.keys == std::vector<std::optional<std::string>>{"k", std::nullopt});
  CHECK(c.headers == std::vector<std::string>{R"({"h":"v"})", "{}"});
  REQUIRE(c.header);
  CHECK(c.header->text == "a,b");
  CHECK(c.header->at < c.from);
  const auto second = r.read(wanted, 1000, test::no_wait);
  REQUIRE(second);
  REQUIRE(*second);
  CHECK((*second)->timestamps.empty());
  CHECK((*second)->at_end);
}

TEST_CASE("a batch that cannot be read is an error with its number and the remedy") {
  const place at;
  at.chains().add(batch());
  auto r = at.reader();
  REQUIRE(r.discover(test::no_wait));
  at.chains().lose(1);
  const auto gone = test::read_all(r, "replay:table:1", {}, 1000);
  REQUIRE(gone.failure);
  CHECK(gone.failure->code == ec::corrupt);
  CHECK(gone.failure->message == "batch 1 of replayed records is missing; restore the store, or the state "
                                 "folder, from a backup");
}

TEST_CASE("progress in the source's own log is noted through it") {
  const place at;
  replaying_reader r(std::make_unique<followed_reader>(at.path() + "/in.csv"), at.batches(), wants{});
  REQUIRE(r.discover(test::no_wait));
  std::ofstream(at.path() + "/in.csv", std::ios::app) << "third\n";
  (void)test::read_all(r, "0", position{}, 1000);
  const auto before = r.identity_version();
  r.note_progress();
  CHECK(r.identity_version() != before);
  r.note_progress();
  CHECK(r.identity_version() == before + 1);  // nothing was read since
}
