// The side file: one record, replaced as one step, and owned by the last who claimed it.
#include "actors/stream/sink/files/side_file.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

#include <random>

namespace millrace::sink {
namespace {

side_file claimed(const std::filesystem::path& path) {
  auto f = side_file::open(path).value();
  const auto locked = f.lock();
  REQUIRE(f.load());
  REQUIRE(f.claim());
  return f;
}
std::optional<std::string> stored(const std::filesystem::path& path) {
  auto f = side_file::open(path).value();
  return f.load().value();
}

}  // namespace

TEST_CASE("A new side file holds no record, and the last one stored is what it holds") {
  const temp_folder folder;
  CHECK_FALSE(stored(folder / "side"));
  auto f = claimed(folder / "side");
  CHECK_FALSE(stored(folder / "side"));
  for (const std::string record : {"one", "", "three"}) {
    REQUIRE(f.store(record, false));
    CHECK(stored(folder / "side") == record);
  }
}

TEST_CASE("Records may grow and shrink over all slot sizes") {
  const temp_folder folder;
  auto f = claimed(folder / "side");
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    const std::string record(std::size_t{1} << random() % 17, static_cast<char>('a' + i % 26));
    REQUIRE(f.store(record, false));
    REQUIRE(stored(folder / "side") == record);
    if (i % 50 == 0)
      f = claimed(folder / "side");
  }
}

TEST_CASE("A store that was cut off at any byte leaves the record before it") {
  const temp_folder folder;
  auto f = claimed(folder / "side");
  REQUIRE(f.store("first", false));
  REQUIRE(f.store("the one before", false));
  const auto before = content(folder / "side");
  REQUIRE(f.store("the newest", false));
  const auto after = content(folder / "side");
  std::size_t begin = 0;
  while (begin < before.size() && before[begin] == after[begin])
    ++begin;
  std::size_t end = after.size();
  while (end > 0 && (end > before.size() || before[end - 1] == after[end - 1]))
    --end;
  REQUIRE(begin < end);
  for (auto cut = begin; cut < end; ++cut) {
    auto torn = before;
    torn.replace(begin, cut - begin, after, begin, cut - begin);
    std::ofstream(folder / "torn", std::ios::binary) << torn;
    REQUIRE(stored(folder / "torn") == "the one before");
  }
}

TEST_CASE("Two damaged records are an error, never a fresh start") {
  const temp_folder folder;
  auto f = claimed(folder / "side");
  REQUIRE(f.store("first", false));
  REQUIRE(f.store("second", false));
  auto bytes = content(folder / "side");
  for (const std::string record : {"first", "second"})
    bytes[bytes.find(record)] = '!';
  std::ofstream(folder / "side", std::ios::binary) << bytes;
  auto again = side_file::open(folder / "side").value();
  const auto loaded = again.load();
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == ec::corrupt);
}

TEST_CASE("A file that is no side file is refused and left as it is") {
  const temp_folder folder;
  append_to(folder / "side", std::string(5000, 'x'));
  auto f = side_file::open(folder / "side").value();
  CHECK_FALSE(f.load());
  CHECK(content(folder / "side") == std::string(5000, 'x'));
}

TEST_CASE("A claim fences off the handle before it") {
  const temp_folder folder;
  auto old = claimed(folder / "side");
  CHECK(old.check_owner());
  auto newer = claimed(folder / "side");
  CHECK(newer.check_owner());
  REQUIRE_FALSE(old.check_owner());
  CHECK(old.check_owner().error().code == ec::fenced);
  CHECK_FALSE(old.check_owner().error().retry);
}

TEST_CASE("The clean mark lasts until the next claim, and a fenced handle cannot set it") {
  const temp_folder folder;
  const auto is_clean = [&] {
    auto f = side_file::open(folder / "side").value();
    REQUIRE(f.load());
    return f.was_clean();
  };
  auto f = claimed(folder / "side");
  CHECK_FALSE(is_clean());
  f.mark_clean();
  CHECK(is_clean());
  auto newer = claimed(folder / "side");
  CHECK_FALSE(is_clean());
  f.mark_clean();
  CHECK_FALSE(is_clean());
}

}  // namespace millrace::sink
