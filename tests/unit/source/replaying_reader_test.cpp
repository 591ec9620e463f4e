#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/followed_reader.hpp"
#include "actors/stream/replay/replay_log.hpp"
#include "actors/stream/source/replaying_reader.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::source;

namespace {

class place {
public:
  place() {
    own_.write("in.csv", "first\nsecond\n");
    std::filesystem::create_directories(path_ + "/state-1");
  }
  [[nodiscard]] replay::replay_log log() const {
    return {snapshot::posix_file_system(), path_ + "/state-1/replay/parsed"};
  }
  [[nodiscard]] replaying_reader reader(const wants& w = {}) const {
    return {std::make_unique<bounded_reader>(path_ + "/in.csv", false),
            std::make_unique<replay::replay_log>(log()), w};
  }

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  test::scratch own_;
  std::string path_ = own_.path().string();
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
  REQUIRE(at.log().add(batch()));
  auto r = at.reader();
  CHECK(names(r.discover(test::no_wait).value()) == std::vector<std::string>{"0", "replay:table:1"});
  CHECK(r.discover_beside({"0", "replay:table:1"}, test::no_wait)->empty());
  REQUIRE(at.log().add(batch()));
  CHECK(names(r.discover_beside({"0", "replay:table:1"}, test::no_wait).value()) ==
        std::vector<std::string>{"replay:table:2"});
  // A reader that was connected before the batch came reads it when it is told to.
  const auto all = test::read_all(r, "replay:table:2", {}, 1000);
  CHECK(all.at_end);
  CHECK(all.records.size() == 3);
}

TEST_CASE("a batch is read from any position to its end, in pieces") {
  const place at;
  REQUIRE(at.log().add(batch()));
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

TEST_CASE("records carry what their source said of them") {
  const place at;
  REQUIRE(at.log().add(batch()));
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

TEST_CASE("a batch that cannot be read is an error with its file and the remedy") {
  const place at;
  auto r = at.reader();
  REQUIRE(r.discover(test::no_wait));
  const auto gone = test::read_all(r, "replay:table:7", {}, 1000);
  REQUIRE(gone.failure);
  CHECK(gone.failure->message.find("replay/parsed/7") != std::string::npos);
}

TEST_CASE("progress in the source's own log is noted through it") {
  const place at;
  replaying_reader r(std::make_unique<followed_reader>(at.path() + "/in.csv"),
                     std::make_unique<replay::replay_log>(at.log()), wants{});
  REQUIRE(r.discover(test::no_wait));
  std::ofstream(at.path() + "/in.csv", std::ios::app) << "third\n";
  (void)test::read_all(r, "0", position{}, 1000);
  const auto before = r.identity_version();
  r.note_progress();
  CHECK(r.identity_version() != before);
  r.note_progress();
  CHECK(r.identity_version() == before + 1);  // nothing was read since
}
