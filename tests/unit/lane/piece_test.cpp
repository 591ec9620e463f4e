#include "actors/stream/lane/piece.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace millrace;
using delivery::failing_records;
using lane::next_piece;

namespace {

/// Records at positions 10, 20, ... with their number as text; the third has no value.
std::shared_ptr<const source::chunk> records(int n) {
  source::chunk c;
  c.partition = "a";
  c.topic = "t";
  c.part = "f";
  c.lines = true;
  c.header = source::header_line{"a,b", {0, 5}};
  c.schemas = std::make_shared<const source::record_schemas>();
  c.cut = {1};
  c.why_cut = {{1, "it is long"}};
  c.from = {0, 5};
  c.to = {0, 10 * n + 7};
  for (int i = 1; i <= n; ++i) {
    const auto text = i == 3 ? std::string() : std::to_string(i);
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(i == 3 ? source::no_value : static_cast<std::uint32_t>(text.size()));
    c.positions.push_back({0, 10 * i});
    c.timestamps.push_back(i);
    c.bytes += text;
  }
  c.bytes.append(source::padding, '\0');
  return std::make_shared<const source::chunk>(std::move(c));
}

/// "first-last", with what is special about it, for all pieces of the chunk.
std::vector<std::string> pieces(const std::shared_ptr<const source::chunk>& c,
                                const delivery::verdicts& verdicts, const failing_records& failing) {
  std::vector<std::string> out;
  for (std::size_t next = 0; next < c->records();) {
    const auto p = next_piece(c, next, "parsed/a", verdicts, failing);
    REQUIRE(p.first == next);
    REQUIRE(p.last > next);
    REQUIRE(p.chunk->records() == p.last - p.first);
    REQUIRE(p.chunk->partition == c->partition);
    REQUIRE(p.chunk->topic == c->topic);
    REQUIRE(p.chunk->part == c->part);
    REQUIRE(p.chunk->lines);
    REQUIRE(p.chunk->header);
    REQUIRE(p.chunk->header->text == "a,b");
    REQUIRE(p.chunk->schemas == c->schemas);
    for (auto i = p.first; i < p.last; ++i) {
      REQUIRE(p.chunk->positions[i - p.first] == c->positions[i]);
      REQUIRE(p.chunk->lengths[i - p.first] == c->lengths[i]);
      REQUIRE(p.chunk->timestamps[i - p.first] == c->timestamps[i]);
      REQUIRE(p.chunk->is_cut(i - p.first) == c->is_cut(i));
      REQUIRE(p.chunk->why_cut.contains(static_cast<std::uint32_t>(i - p.first)) == c->is_cut(i));
      if (c->lengths[i] != source::no_value)
        REQUIRE(p.chunk->record(i - p.first) == c->record(i));
    }
    out.push_back(std::to_string(p.first) + "-" + std::to_string(p.last) +
                  (p.given_up    ? " given up: " + *p.given_up
                   : p.own_frame ? " in its own frame"
                                 : ""));
    next = p.last;
  }
  return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("without verdict and suspicion a chunk is one piece, not copied") {
  const auto c = records(5);
  const auto p = next_piece(c, 0, "parsed/a", {}, {});
  CHECK(p.chunk == c);
  CHECK(p.last == 5);
  CHECK_FALSE(p.own_frame);
  CHECK_FALSE(p.given_up);
}

TEST_CASE("behind the last record there is an empty piece") {
  CHECK(next_piece(records(5), 5, "parsed/a", {}, {}).last == 5);
  CHECK(next_piece(records(0), 0, "parsed/a", {}, {}).last == 0);
}

TEST_CASE("a record that was given up is a piece of its own, also the first and the last") {
  delivery::verdicts v;
  v.add({"parsed/a", {0, 10}, "x"});
  v.add({"parsed/a", {0, 40}, "y"});
  v.add({"parsed/a", {0, 50}, "z"});
  v.add({"parsed/b", {0, 20}, "of another log"});
  CHECK(pieces(records(5), v, {}) == texts{"0-1 given up: x", "1-3", "3-4 given up: y", "4-5 given up: z"});
}

TEST_CASE("a position that the log no longer has divides nothing wrongly") {
  delivery::verdicts v;
  v.add({"parsed/a", {0, 25}, "x"});
  CHECK(pieces(records(4), v, {}) == texts{"0-2", "2-4"});
}

TEST_CASE("a range in which a life has failed falls into parts, what is around it does not") {
  failing_records failing;
  attempt failed{"parsed/a", {0, 20}, {0, 50}, 3};
  failing.failed(failed, "x");
  CHECK(pieces(records(6), {}, failing) == texts{"0-1", "1-2", "2-3", "3-4", "4-6"});
  failed.cutting = true;
  failing.failed(failed, "x");
  delivery::verdicts v;
  v.add({"parsed/a", {0, 30}, "y"});
  CHECK(pieces(records(6), v, failing) ==
        texts{"0-1", "1-2 in its own frame", "2-3 given up: y", "3-4 in its own frame", "4-6"});
}
