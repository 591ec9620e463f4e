// Parts of a batch of changes, against the changes one after the other on a map.
#include "actors/connectors/sql/sink/changes.hpp"
#include "tests/unit/sql_sink/place.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

using namespace sink_sql_test;
using data::type_id;
using sink::sql::change_part;
using sink::sql::in_rounds;
using sink::sql::parts_of;

namespace {

const std::vector<data::field> part_columns{
    {"k", type_id::text}, {"n", type_id::bigint}, {"v", type_id::bigint}, {"_delete", type_id::boolean}};
const std::vector<std::size_t> part_key{0, 1};

std::vector<std::size_t> every_row(const data::batch& rows) {
  std::vector<std::size_t> out(rows.rows);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

using map_of_rows = std::map<std::pair<std::optional<std::string>, std::optional<std::string>>, std::size_t>;

void apply_change(map_of_rows& to, const std::vector<cells>& rows, std::size_t row, bool deletes) {
  const std::pair at{rows[row][0], rows[row][1]};
  if (deletes)
    to.erase(at);
  else
    to[at] = row;
}

std::string shown_parts(const std::vector<change_part>& parts) {
  std::string out;
  for (const auto& p : parts) {
    for (const auto row : p.upserts)
      out += " " + std::to_string(row);
    for (const auto row : p.deletions)
      out += " -" + std::to_string(row);
    out += ";";
  }
  return out;
}

}  // namespace

TEST_CASE("an upsert after a deletion of its key goes into the next part") {
  const auto rows = rows_of(part_columns, {{"a", "1", "0", "false"},
                                           {"b", "1", "1", "true"},
                                           {"a", "1", "2", {}},
                                           {"a", "1", "3", "true"},
                                           {"b", "1", "4", "false"},
                                           {{}, "1", "5", "true"},
                                           {{}, {}, "6", "false"},
                                           {{}, "1", "7", "false"}});
  CHECK(shown_parts(parts_of(rows, every_row(rows), part_key, rows.columns[3].get(), true)) ==
        " 0 2 6 -1 -3 -5; 4 7;");
  CHECK(shown_parts(parts_of(rows, every_row(rows), part_key, rows.columns[3].get(), false)) ==
        " 0; -1; 2; -3; 4; -5; 6 7;");
  CHECK(shown_parts(parts_of(rows, every_row(rows), part_key, nullptr, true)) == " 0 1 2 3 4 5 6 7;");
  const std::vector<std::size_t> some{1, 4};
  CHECK(shown_parts(parts_of(rows, some, part_key, rows.columns[3].get(), true)) == " -1; 4;");
  CHECK(parts_of(rows, {}, part_key, rows.columns[3].get(), true).empty());
}

TEST_CASE("a few keys that are upserted and deleted in turn need no part for each change") {
  std::vector<cells> changes;
  for (unsigned i = 0; i < 7500; ++i)
    changes.push_back(
        {std::to_string(i * 7919 % 200), "1", std::to_string(i), i % 5 == 0 ? "true" : "false"});
  const auto rows = rows_of(part_columns, changes);
  CHECK(parts_of(rows, every_row(rows), part_key, rows.columns[3].get(), true).size() <= 38);
}

TEST_CASE("rounds have each key once, and rows of one key in their order") {
  const auto rows = rows_of(part_columns, {{"a", "1", "0", {}},
                                           {"a", "1", "1", {}},
                                           {"b", "1", "2", {}},
                                           {"a", "1", "3", {}},
                                           {"c", {}, "4", {}},
                                           {"b", "1", "5", {}},
                                           {"c", {}, "6", {}}});
  CHECK(in_rounds(rows, every_row(rows), part_key) == std::vector<std::size_t>{0, 2, 4, 1, 5, 6, 3});
  const std::vector<std::size_t> some{1, 3, 5};
  CHECK(in_rounds(rows, some, part_key) == std::vector<std::size_t>{1, 5, 3});
  CHECK(in_rounds(rows, {}, part_key).empty());
}

TEST_CASE("the parts of random changes do to a table what the changes do one after the other") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const bool keys_alone = seed % 2 == 0;
    const std::vector<std::optional<std::string>> names{std::nullopt, "", "a", "b"};
    std::vector<cells> rows;
    for (unsigned i = 0, count = random() % 60; i < count; ++i)
      rows.push_back({names[random() % names.size()],
                      random() % 5 == 0 ? std::nullopt : std::optional(std::to_string(random() % 3)),
                      std::to_string(i),
                      random() % 7 == 0 ? std::nullopt
                                        : std::optional(std::string(random() % 3 == 0 ? "true" : "false"))});
    const auto batch = rows_of(part_columns, rows);
    const auto parts = parts_of(batch, every_row(batch), part_key, batch.columns[3].get(), keys_alone);
    map_of_rows expected;
    for (std::size_t row = 0; row < rows.size(); ++row)
      apply_change(expected, rows, row, rows[row][3] == "true");
    map_of_rows found;
    std::vector<std::size_t> order;
    for (const auto& part : parts) {
      CHECK(std::is_sorted(part.upserts.begin(), part.upserts.end()));
      CHECK(std::is_sorted(part.deletions.begin(), part.deletions.end()));
      CHECK((keys_alone || part.upserts.empty() || part.deletions.empty()));
      for (const auto row : part.upserts)
        apply_change(found, rows, row, false);
      for (const auto row : part.deletions)
        apply_change(found, rows, row, true);
      order.insert(order.end(), part.upserts.begin(), part.upserts.end());
      order.insert(order.end(), part.deletions.begin(), part.deletions.end());
    }
    CHECK(found == expected);
    if (keys_alone)
      std::sort(order.begin(), order.end());
    CHECK(order == every_row(batch));
  }
}
