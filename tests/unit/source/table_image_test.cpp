#include "actors/stream/source/table_image.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace millrace;
using source::table_image;

namespace {

using table = std::map<std::string, std::string>;
using change = std::pair<std::string, std::optional<std::string>>;

/// The changes that a reading finds, which settle.
std::vector<change> changes_of(table_image& image, const table& now) {
  std::vector<change> out;
  image.begin();
  for (const auto& [key, row] : now) {
    const auto found = image.take(key, row);
    REQUIRE((found == table_image::finding::same || found == table_image::finding::changed));
    if (found == table_image::finding::changed)
      out.emplace_back(key, row);
  }
  for (auto& key : image.end())
    out.emplace_back(std::move(key), std::nullopt);
  image.settle();
  return out;
}

}  // namespace

TEST_CASE("a reading finds rows that are new, changed or gone, and no others") {
  table_image image(10);
  CHECK(changes_of(image, {{"1", "a"}, {"2", "b"}}) == std::vector<change>{{"1", "a"}, {"2", "b"}});
  CHECK(changes_of(image, {{"1", "a"}, {"2", "b"}}).empty());
  CHECK(changes_of(image, {{"1", "A"}, {"3", "c"}}) ==
        std::vector<change>{{"1", "A"}, {"3", "c"}, {"2", std::nullopt}});
  CHECK(changes_of(image, {{"2", "b"}, {"3", "c"}}) == std::vector<change>{{"2", "b"}, {"1", std::nullopt}});
  CHECK(changes_of(image, {}) == std::vector<change>{{"2", std::nullopt}, {"3", std::nullopt}});
  CHECK(changes_of(image, {}).empty());
  CHECK(image.rows() == 0);
}

TEST_CASE("a key that comes twice in a reading is told, whether the row is new, changed or the same") {
  using finding = table_image::finding;
  table_image image(10);
  image.begin();
  CHECK(image.take("1", "a") == finding::changed);
  CHECK(image.take("1", "a") == finding::twice);
  image.settle();
  CHECK(image.take("1", "b") == finding::twice);
  image.begin();
  CHECK(image.take("1", "a") == finding::same);
  CHECK(image.take("1", "a") == finding::twice);
  image.begin();
  CHECK(image.take("1", "b") == finding::changed);
  CHECK(image.take("1", "b") == finding::twice);
}

TEST_CASE("a table has no more rows than it may have") {
  using finding = table_image::finding;
  table_image image(2);
  image.begin();
  CHECK(image.take("1", "a") == finding::changed);
  image.settle();
  CHECK(image.take("2", "a") == finding::changed);
  CHECK(image.take("3", "a") == finding::one_too_many);
  image.settle();
  CHECK(image.take("3", "a") == finding::one_too_many);
  image.begin();
  CHECK(image.take("2", "b") == finding::changed);
  CHECK(image.take("1", "a") == finding::same);
  table_image larger(3);
  changes_of(larger, {{"1", "a"}, {"2", "a"}});
  CHECK(changes_of(larger, {{"1", "b"}, {"2", "b"}, {"3", "b"}}).size() == 3);  // each is changed, one is new
}

TEST_CASE("a note has what has settled, and bytes that are none are refused") {
  table_image image(10);
  image.set_columns({"id", "name"});
  image.set_whole();
  changes_of(image, {{"1", "a"}, {"2", "b"}});
  image.begin();
  CHECK(image.take("3", "c") == table_image::finding::changed);
  const auto note = image.note();
  table_image next(10);
  REQUIRE(next.restore(note));
  CHECK(next.columns() == image.columns());
  CHECK(next.is_whole());
  CHECK(changes_of(next, {{"1", "a"}, {"2", "b"}, {"3", "c"}}) == std::vector<change>{{"3", "c"}});
  for (std::size_t cut = 0; cut < note.size(); ++cut)
    CHECK_FALSE(next.restore(std::string_view(note).substr(0, cut)));
  CHECK_FALSE(next.restore(note + "x"));
  CHECK(next.rows() == 3);
}

TEST_CASE("the log of a table is the table, whatever changes and wherever a life ends") {
  test::seeds{300}.check([](std::uint64_t seed) -> std::optional<std::string> {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    table now, by_log;
    table_image image(100);
    std::string note = image.note();
    std::vector<change> behind;  // of the log, behind the note
    std::vector<change> group;
    const auto commit = [&] {
      if (below(3) == 0) {  // a segment begins, with a note of what was before the group
        note = image.note();
        behind.clear();
      }
      for (const auto& [key, row] : group)
        if (row)
          by_log[key] = *row;
        else
          by_log.erase(key);
      behind.insert(behind.end(), group.begin(), group.end());
      group.clear();
      image.settle();
    };
    for (int reading = 0; reading < 20; ++reading) {
      for (auto n = below(6); n > 0; --n) {
        const auto key = std::to_string(below(12));
        if (below(3) == 0)
          now.erase(key);
        else
          now[key] = std::to_string(below(3));
      }
      image.begin();
      auto left = below(4) == 0 ? below(12) : ~0ULL;  // rows until it dies
      for (auto row = now.begin(); row != now.end() && left > 0; ++row, --left) {
        if (image.take(row->first, row->second) == table_image::finding::changed)
          group.emplace_back(*row);
        if (below(4) == 0)
          commit();
      }
      if (left < now.size() || left == 0) {
        group.clear();
        image = table_image(100);
        if (!image.restore(note))
          return "the note cannot be read";
        for (const auto& [key, row] : behind)
          image.took(key, row);
        continue;
      }
      for (auto& key : image.end())
        group.emplace_back(std::move(key), std::nullopt);
      commit();
      if (by_log != now)
        return "reading " + std::to_string(reading) + ": the log gives another table";
    }
    return std::nullopt;
  });
}
