#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/connectors/file/source/value_end.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace millrace::source::value_end_trial {

namespace {

using found = std::optional<std::size_t>;
using strings = std::vector<std::string>;

found ends_at(std::string_view text, bool is_all = false) { return end_of_value(text, is_all); }

class text_stream final : public byte_stream {
public:
  explicit text_stream(std::string text) : text_(std::move(text)) {}
  expected<std::size_t> read(char* to, std::size_t size) override {
    const auto n = text_.copy(to, size, at_);
    at_ += n;
    return n;
  }

private:
  std::string text_;
  std::size_t at_ = 0;
};

struct records {
  strings texts;
  std::vector<std::int64_t> positions;
  std::vector<bool> cut;
  bool operator==(const records&) const = default;
};

/// Reads from `offset` on, at most about so many bytes a chunk.
records read_all(const std::string& text, std::size_t max_bytes, std::size_t offset = 0) {
  line_reader lines(std::make_unique<text_stream>(text.substr(offset)), "f", 0, offset, by_value{});
  records out;
  for (bool ended = false; !ended;) {
    chunk c;
    const auto read = lines.read(c, max_bytes, true);
    REQUIRE(read);
    ended = *read;
    for (std::size_t i = 0; i < c.records(); ++i) {
      out.texts.emplace_back(c.record(i));
      out.positions.push_back(c.positions[i].minor);
      out.cut.push_back(c.is_cut(i));
    }
  }
  return out;
}

std::string random_text(std::mt19937_64& random) {
  const std::string letters = "{[]}\",: \n\r\\a1{\"}\n";
  std::string out;
  for (auto n = random() % 40; n > 0; --n)
    out += letters[random() % letters.size()];
  return out;
}

}  // namespace

TEST_CASE("a value ends with its brackets, its quote or its word, over lines and within one") {
  CHECK(ends_at("{\"a\": 1}{\"a\": 2}") == 8);
  CHECK(ends_at("{\"a\":\n [1,\n{\"b\": \"}\"}]\n}\nx") == 24);
  CHECK(ends_at("[1, 2] 3") == 6);
  CHECK(ends_at("\"a b\\\"c\" 1") == 8);
  CHECK(ends_at("true 1") == 4);
  CHECK(ends_at("-1.5e3\n") == 6);
  CHECK(ends_at(" \r\n\t{}") == 4);
  CHECK(ends_at("\xEF\xBB\xBF{}") == 3);
}

TEST_CASE("a value that is not whole waits for more bytes, or is all that there is") {
  for (const std::string text : {"{\"a\": [1, {}", "\"ab", "12", "tru", "nonsense", "\"a\\"}) {
    CAPTURE(text);
    CHECK(ends_at(text) == std::nullopt);
    CHECK(ends_at(text, true) == text.size());
  }
}

TEST_CASE("a broken value ends with its brackets or in front of the next line that begins with one") {
  CHECK(ends_at("{\"a\" 1} {\"b\": 2}\n") == 7);
  CHECK(ends_at("{\"a\": 1\n{\"b\": 2}\n") == 8);
  CHECK(ends_at("{\"a\": [1}\n  {\"b\": 2}\n{\"c\": 3}\n") == 21);
  CHECK(ends_at("{\"a\": \"x}\n[1]\n") == 10);
  CHECK(ends_at("{\"a\": \"x\\\n[1]\n") == 10);
  CHECK(ends_at("{\"a\": 1\n  {\"b\": 2}\n") == std::nullopt);
  CHECK(ends_at("nonsense {\"b\": 2}\n{}") == 18);
  CHECK(ends_at(",{}\n{}") == 4);
  CHECK(ends_at("}\n{}") == 2);
  CHECK(ends_at("\"a\n\"") == 3);
}

TEST_CASE("what is longer than a value may be is none") {
  const std::string many(longest_value, '1');
  CHECK(ends_at("[" + many.substr(2) + "]") == longest_value);
  CHECK(ends_at("[" + many.substr(1) + "]\n{}") == longest_value + 2);
  CHECK(ends_at("[" + many.substr(1) + "]\n") == std::nullopt);
  CHECK(ends_at("\"" + many + "\" {}\n{}") == longest_value + 6);
}

TEST_CASE("the end of a record never depends on how its bytes come") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    const auto text = random_text(random);
    if (text.empty())
      continue;
    CAPTURE(text);
    const auto whole = ends_at(text, true);
    REQUIRE(whole);
    REQUIRE(*whole > 0);
    for (std::size_t size = 1; size < text.size(); ++size) {
      const auto part = ends_at(std::string_view(text).substr(0, size));
      // White space is its own record, however much of it is there.
      if (part && !begins_blank(text))
        REQUIRE(part == whole);
    }
  }
}

TEST_CASE("chunks of any size give the same records, and so does reading from any record on") {
  std::mt19937_64 random(12);
  for (int round = 0; round < 300; ++round) {
    const auto text = random_text(random) + "\n" + random_text(random);
    CAPTURE(text);
    const auto all = read_all(text, 1'000);
    for (std::size_t max_bytes = 1; max_bytes <= text.size(); ++max_bytes)
      REQUIRE(read_all(text, max_bytes) == all);
    for (std::size_t i = 0; i < all.texts.size(); ++i) {
      const auto rest = read_all(text, 7, static_cast<std::size_t>(all.positions[i]));
      REQUIRE(rest.positions ==
              std::vector(all.positions.begin() + static_cast<std::ptrdiff_t>(i), all.positions.end()));
    }
  }
}

TEST_CASE(
    "a record that is too long gives its beginning, and reading finds the next one, whatever the chunks") {
  const std::string many(longest_value, 'x');
  for (const auto& bad : {"{\"a\": \"" + many + "\"}\n", "[\n" + std::string(longest_value, ' ') + "\n",
                          many + "\n", many.substr(1) + "\n", "\"" + many + "\" \n"}) {
    const auto text = "{\"n\": 1} " + bad + "{\"n\": 2}";
    const auto small = read_all(text, 1'000);
    CHECK(read_all(text, 4 * longest_value) == small);
    CHECK(read_all(text, longest_value) == small);
    REQUIRE(small.texts.size() == 3);
    CHECK(small.texts[2] == "{\"n\": 2}");
    CHECK(small.cut[1] == (bad.size() > longest_value));
  }
}

}  // namespace millrace::source::value_end_trial
