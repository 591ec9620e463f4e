// Rows that `updates` takes back: which, once, and over captures.
#include "tests/support/golden_file.hpp"
#include "tests/unit/window/captures.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::window {

using data::type_id;
using expression::aggregate_function;
using namespace test;

namespace {

using strings = std::vector<std::string>;

definition updates_of(shape kind) {
  auto d = test::windows_of(10, 10, {count_rows()});
  d.kind = kind;
  d.gap = micros(10);
  d.updates = true;
  return d;
}

definition up_to_two(shape kind) {
  auto d = updates_of(kind);
  const auto bound = expression::bind_condition("a0 <= 2", {d.output.get(), {}});
  REQUIRE(bound);
  d.having = *bound;
  return d;
}

/// "-a 0 10" for a row that is taken back, "a=3 0 10" for one that holds; sorted.
strings changes_in(shard_windows& w) {
  strings out;
  for (const auto& part : tick(w))
    for (std::size_t row = 0; row < part.rows->rows; ++row) {
      const auto& c = part.rows->columns;
      const auto moment = [&](std::size_t column) { return std::to_string(c[column]->ints()[row]); };
      const bool removed = c.back()->boolean_at(row);
      CHECK(removed == c[1]->is_null(row));
      out.push_back((removed ? "-" : "") + std::string(c[0]->text_at(row)) +
                    (removed ? "" : "=" + moment(1)) + " " + moment(2) + " " + moment(3));
    }
  std::ranges::sort(out);
  return out;
}

/// Itself, or its next life.
std::unique_ptr<shard_windows> lived_again(const definition& d, std::vector<std::string>& chain,
                                           std::unique_ptr<shard_windows> w) {
  chain.push_back(chain.empty() ? all_of(*w) : changes_of(*w));
  auto next = make_shard_windows(d);
  for (const auto& bytes : chain)
    REQUIRE(applied_to(*next, bytes));
  return next;
}

}  // namespace

TEST_CASE("sessions that grow together leave one row, also over captures") {
  const auto d = updates_of(shape::session);
  auto w = make_shard_windows(d);
  std::vector<std::string> chain;
  absorb(*w, d, {{0, "a"}, {15, "a"}, {0, "b"}});
  CHECK(changes_in(*w) == strings{"a=1 0 10", "a=1 15 25", "b=1 0 10"});
  w = lived_again(d, chain, std::move(w));
  absorb(*w, d, {{8, "a"}, {3, "b"}});
  w = lived_again(d, chain, std::move(w));
  CHECK(changes_in(*w) == strings{"-a 0 10", "-a 15 25", "-b 0 10", "a=3 0 25", "b=2 0 13"});
  w = lived_again(d, chain, std::move(w));
  absorb(*w, d, {{1, "b"}});
  CHECK(changes_in(*w) == strings{"b=3 0 13"});
}

TEST_CASE("a session that has given nothing takes nothing back") {
  const auto d = updates_of(shape::session);
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}, {15, "a"}});
  absorb(*w, d, {{8, "a"}});
  CHECK(changes_in(*w) == strings{"a=3 0 25"});
}

TEST_CASE("sessions without bounds stand under their key alone") {
  auto d = up_to_two(shape::session);
  d.bounded = false;
  const auto w = make_shard_windows(d);
  absorb(*w, d, {{0, "a"}});
  CHECK(tick(*w).size() == 1);
  absorb(*w, d, {{5, "a"}});
  CHECK(tick(*w).size() == 1);  // it has grown, and its row takes the former one's place
  absorb(*w, d, {{6, "a"}});
  const auto given = tick(*w);
  REQUIRE(given.size() == 2);
  CHECK(given[0].rows->rows == 1);
  CHECK(given[0].rows->columns.back()->boolean_at(0));
  CHECK(given[1].rows->rows == 0);
}

TEST_CASE("a row that having no longer lets through is taken back once, also over captures") {
  for (const auto kind : {shape::aligned, shape::session}) {
    const auto d = up_to_two(kind);
    auto w = make_shard_windows(d);
    std::vector<std::string> chain;
    absorb(*w, d, {{0, "a"}, {0, "b"}, {0, "b"}, {0, "b"}});
    CHECK(changes_in(*w) == strings{"a=1 0 10"});
    w = lived_again(d, chain, std::move(w));
    absorb(*w, d, {{0, "a"}, {0, "a"}, {0, "b"}});
    w = lived_again(d, chain, std::move(w));
    CHECK(changes_in(*w) == strings{"-a 0 10"});
    w = lived_again(d, chain, std::move(w));
    absorb(*w, d, {{0, "a"}, {0, "b"}});
    CHECK(changes_in(*w).empty());
  }
}

TEST_CASE("what was given is forgotten with its window") {
  const auto d = up_to_two(shape::aligned);
  const auto w = make_shard_windows(d);
  const auto before = w->size().bytes;
  for (int i = 0; i < 100; ++i) {
    absorb(*w, d, {{i * 10, "a"}});
    CHECK(changes_in(*w).size() == 1);
    CHECK(test::fire_all(*w, no_watermark, i * 10 + 10).empty());
  }
  CHECK(w->size().keys == 0);
  CHECK(w->size().bytes < before + 1000);
}

TEST_CASE("bytes of what was given are the golden ones") {
  std::string bytes;
  for (const auto kind : {shape::aligned, shape::session}) {
    const auto d = up_to_two(kind);
    const auto w = make_shard_windows(d);
    absorb(*w, d, {{0, "a"}, {15, "a"}, {0, "b"}, {40, "c"}});
    static_cast<void>(tick(*w));
    bytes += all_of(*w);
    absorb(*w, d, {{8, "a"}, {1, "b"}, {1, "b"}, {41, "c"}});
    bytes += changes_of(*w);
    static_cast<void>(tick(*w));
    bytes += changes_of(*w);
  }
  millrace::test::check_golden("tests/unit/window/golden/given_4.bin", bytes);
}

TEST_CASE("damaged bytes of what was given are refused, or give other rows") {
  for (const auto kind : {shape::aligned, shape::session}) {
    const auto d = up_to_two(kind);
    const auto w = make_shard_windows(d);
    absorb(*w, d, {{0, "a"}, {15, "a"}, {0, "b"}});
    static_cast<void>(tick(*w));
    absorb(*w, d, {{8, "a"}});
    const auto bytes = all_of(*w);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_FALSE(applied_to(*make_shard_windows(d), bytes.substr(0, size)));
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (int value = 0; value < 256; ++value) {
        auto damaged = bytes;
        damaged[at] = static_cast<char>(value);
        if (const auto other = make_shard_windows(d); applied_to(*other, damaged))
          static_cast<void>(tick(*other));
      }
  }
}

}  // namespace millrace::window
