#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/continuation.hpp"
#include "actors/connectors/file/source/generations.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <algorithm>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>

using namespace millrace;
using namespace millrace::test;
using source::bounded_reader;
using source::comes_before;
using source::file_order;

namespace {

using strings = std::vector<std::string>;

void modify_at(const std::string& path, std::int64_t second) {
  const timespec times[2] = {{second, 0}, {second, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

strings sorted(strings names, file_order order) {
  std::ranges::sort(names, [&](const auto& a, const auto& b) { return comes_before(a, b, order); });
  return names;
}

strings read_in(bounded_reader& r) {
  strings out;
  for (const auto& item : read_all(r, "0", {}, 1 << 16).records)
    out.push_back(item.bytes);
  return out;
}

}  // namespace

TEST_CASE("numbers in names compare as numbers, of any length, and all else as bytes") {
  const strings natural{"app",
                        "app.08",
                        "app.8",
                        "app.9",
                        "app.10",
                        "app.10.gz",
                        "app.99999999999999999999998",
                        "app.99999999999999999999999",
                        "app.a",
                        "b1x2",
                        "b1x10",
                        "b2",
                        "b10"};
  auto shuffled = natural;
  std::ranges::reverse(shuffled);
  CHECK(sorted(shuffled, file_order::natural) == natural);
  CHECK(sorted({"a9", "a10", "a1"}, file_order::name) == strings{"a1", "a10", "a9"});
  CHECK(sorted({"2021-04-09", "2021-04-10", "2020-12-31"}, file_order::natural) ==
        strings{"2020-12-31", "2021-04-09", "2021-04-10"});
}

TEST_CASE("the natural order is one order: no two names are equal in it, and no three go round") {
  std::mt19937 random(7);
  strings names;
  for (int i = 0; i < 120; ++i) {
    std::string name;
    for (auto n = 1 + random() % 5; n > 0; --n)
      name.push_back("0019a.-\xFF"[random() % 8]);
    names.push_back(name);
  }
  const auto before = [](const auto& a, const auto& b) { return comes_before(a, b, file_order::natural); };
  bool good = true;
  for (const auto& a : names)
    for (const auto& b : names) {
      good = good && before(a, b) + before(b, a) == (a == b ? 0 : 1);
      for (const auto& c : names)
        good = good && (!before(a, b) || !before(b, c) || before(a, c));
    }
  CHECK(good);
}

TEST_CASE("a glob is read in its order, and a later life keeps the one that was stored") {
  const folder f;
  for (const auto* name : {"8", "9", "10"})
    f.write(std::string("app.") + name, std::string(name) + "\n");
  modify_at(f / "app.8", 30);
  modify_at(f / "app.9", 10);
  modify_at(f / "app.10", 20);
  const auto lines = [&](file_order order) {
    bounded_reader r(f / "app.*", false, {}, order);
    REQUIRE(r.discover(no_wait));
    return read_in(r);
  };
  CHECK(lines(file_order::natural) == strings{"8", "9", "10"});
  CHECK(lines(file_order::name) == strings{"10", "8", "9"});
  CHECK(lines(file_order::modified) == strings{"9", "10", "8"});

  bounded_reader first(f / "app.*", false, {}, file_order::modified);
  REQUIRE(first.discover(no_wait));
  modify_at(f / "app.9", 40);  // touched, and yet the same file
  bounded_reader second(f / "app.*", false, {}, file_order::modified);
  REQUIRE(second.discover(no_wait));
  REQUIRE(second.check_identity(first.identity()));
  CHECK(second.identity() == first.identity());
  CHECK(read_in(second) == strings{"9", "10", "8"});
}

TEST_CASE("behind the end of a log a later number is new, and one that comes before the last is refused") {
  const folder f;
  f.write("app.9", "9\n");
  bounded_reader first(f / "app.*", false);
  REQUIRE(first.discover(no_wait));
  f.write("app.10", "10\n");
  const auto more = source::continue_files(first.identity(), f / "app.*", false);
  REQUIRE(more);
  CHECK(more->partitions.size() == 1);
  CHECK_FALSE(source::continue_files(first.identity(), f / "app.*", false, file_order::name));
  f.write("app.8", "8\n");
  CHECK_FALSE(source::continue_files(first.identity(), f / "app.*", false));
  const auto any = source::continue_files(first.identity(), f / "app.*", false, file_order::modified);
  REQUIRE(any);
  CHECK(any->partitions.size() == 1);
}

TEST_CASE("a followed glob goes on to the next number") {
  const folder f;
  f.write("app.9", "9\n");
  source::generations files(f / "app.*");
  REQUIRE(files.begin());
  const auto now = std::chrono::steady_clock::now();
  const auto first = files.open(0, 0);
  REQUIRE(first);
  using next = source::generations::next;
  CHECK(files.after(0, first->file, now).value() == next::none);
  f.write("app.11", "11\n");
  f.write("app.10", "10\n");
  CHECK(files.after(0, first->file, now).value() == next::later);
  f.write("app.8", "8\n");
  CHECK(files.leave(0, 2, 2, &first->file, now) == position{1, 0});
  CHECK(files.open(1, 0)->file.path() == f / "app.10");
  const auto last = files.open(2, 0);
  REQUIRE(last);
  CHECK(last->file.path() == f / "app.11");
  CHECK(files.after(2, last->file, now).value() == next::later);  // it came later, whatever its name
  CHECK(files.open(3, 0)->file.path() == f / "app.8");
}
