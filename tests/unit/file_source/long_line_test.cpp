// Lines longer than the longest that is taken whole: what is given of them, where reading goes on, and that
// no position lies within one.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "actors/connectors/file/source/followed_reader.hpp"
#include "actors/connectors/file/source/line_reader.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <algorithm>
#include <cstring>

using namespace millrace;
using namespace millrace::test;
using namespace millrace::source;

namespace {

/// `before`, a line of `length` bytes, and `after`; damaged at its end if so wanted.
class long_stream final : public byte_stream {
public:
  long_stream(std::string before, std::uint64_t length, std::string after, bool damaged = false)
      : before_(std::move(before)), length_(length), after_(std::move(after)), damaged_(damaged) {}

  expected<std::size_t> read(char* to, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && at_ < total())
      done += some(to + done, size - done);
    if (done == 0 && size > 0 && damaged_)
      return fatal_error(ec::corrupt, "damaged");
    return done;
  }

private:
  [[nodiscard]] std::uint64_t total() const { return before_.size() + length_ + after_.size(); }
  std::size_t some(char* to, std::size_t size) {
    const auto filler = before_.size() + length_;
    if (at_ >= before_.size() && at_ < filler) {
      size = std::min<std::uint64_t>(size, filler - at_);
      std::memset(to, 'x', size);
    } else {
      const auto& text = at_ < before_.size() ? before_ : after_;
      const auto from = at_ < before_.size() ? at_ : at_ - filler;
      size = std::min<std::uint64_t>(size, text.size() - from);
      text.copy(to, size, from);
    }
    at_ += size;
    return size;
  }

  std::string before_;
  std::uint64_t length_;
  std::string after_;
  bool damaged_;
  std::uint64_t at_ = 0;
};

struct taken {
  std::vector<record> records;
  std::vector<position> cut;
  std::size_t steps = 0;    // steps without any record
  std::size_t largest = 0;  // bytes of a chunk
  bool ended = false;
  std::optional<error> failure;
  position next{};
};

taken take_all(line_reader& lines, bool complete) {
  taken out;
  for (int i = 0; i < 1000 && !out.ended && !out.failure; ++i) {
    chunk c;
    const auto ended = lines.read(c, 1 << 16, complete);
    if (!ended) {
      out.failure = ended.error();
      break;
    }
    check_chunk(c, c.from);
    for (std::size_t r = 0; r < c.records(); ++r) {
      out.records.push_back({c.positions[r], std::string(c.record(r))});
      if (c.is_cut(r))
        out.cut.push_back(c.positions[r]);
    }
    out.steps += c.records() == 0 ? 1 : 0;
    out.largest = std::max(out.largest, c.bytes.capacity());
    out.ended = *ended;
    out.next = lines.next();
  }
  return out;
}

constexpr auto longer = static_cast<std::uint64_t>(longest_line) + 1;

}  // namespace

TEST_CASE("a line that is too long is given as its first 64 KiB, and reading goes on behind its end") {
  const auto length = GENERATE(1, 2, 5) * longer;
  line_reader lines(std::make_unique<long_stream>("one\n", length, "\nthree\nfour"), "f", 7, 0);
  const auto got = take_all(lines, true);
  REQUIRE(got.records.size() == 4);
  CHECK(got.records[0] == record{{7, 0}, "one"});
  CHECK(got.records[1] == record{{7, 4}, std::string(kept_of_longer_line, 'x')});
  CHECK(got.records[2] == record{{7, static_cast<std::int64_t>(4 + length + 1)}, "three"});
  CHECK(got.records[3].bytes == "four");
  CHECK(got.cut == std::vector<position>{{7, 4}});
  CHECK(got.next == position{7, static_cast<std::int64_t>(4 + length + 1 + 6 + 4)});
  CHECK(got.steps <= length / longest_line + 1);
  CHECK(got.largest <= longest_line + (1 << 20));
}

TEST_CASE("the longest line that is allowed is taken whole") {
  line_reader lines(std::make_unique<long_stream>("", longest_line, "\nb\n"), "f", 0, 0);
  const auto got = take_all(lines, true);
  REQUIRE(got.records.size() == 2);
  CHECK(got.records[0].bytes.size() == longest_line);
  CHECK(got.cut.empty());
}

TEST_CASE("a line that is too long and has no end is a record where the file is whole, and else waits") {
  {
    line_reader lines(std::make_unique<long_stream>("", 3 * longer, ""), "f", 0, 0);
    const auto got = take_all(lines, true);
    REQUIRE(got.records.size() == 1);
    CHECK(got.cut.size() == 1);
    CHECK(got.next == position{0, static_cast<std::int64_t>(3 * longer)});
  }
  line_reader lines(std::make_unique<long_stream>("a\n", 3 * longer, ""), "f", 0, 0);
  const auto got = take_all(lines, false);
  CHECK(got.records.size() == 1);
  CHECK(got.next == position{0, 2});  // a restart begins with the line
  CHECK(lines.unfinished() == 3 * longer);
}

TEST_CASE("a line that is too long and ends in damage is not a record") {
  line_reader lines(std::make_unique<long_stream>("", 2 * longer, "", true), "f", 0, 0);
  const auto got = take_all(lines, true);
  CHECK(got.records.empty());
  REQUIRE(got.failure);
  CHECK(got.failure->code == ec::corrupt);
}

TEST_CASE("what is kept of a line ends between two characters") {
  std::string text(kept_of_longer_line - 1, 'a');
  CHECK(beginning_of(text + "\xC3\xA4") == text);
  CHECK(beginning_of(text + "aa").size() == kept_of_longer_line);
  CHECK(beginning_of(std::string(kept_of_longer_line + 9, '\x80')).size() == kept_of_longer_line - 3);
}

TEST_CASE("a file with a line that is too long is read to its end, from any position between its records") {
  const folder f;
  const auto path = f.write("a", "one\n" + std::string(longer, 'x') + "\nthree\n");
  for (const auto from : {position{0, 0}, position{0, 4}}) {
    bounded_reader r(path, false);
    REQUIRE(r.discover(no_wait));
    const auto got = read_all(r, "0", from, 1 << 16);
    CHECK_FALSE(got.failure);
    CHECK(got.at_end);
    REQUIRE(got.records.size() == (from.minor == 0 ? 3 : 2));
    CHECK(got.records.back() == record{{0, static_cast<std::int64_t>(4 + longer + 1)}, "three"});
  }
  bounded_reader r(path, false, {.header = true});
  CHECK(r.discover(no_wait));
}

TEST_CASE("a header line that is too long is refused") {
  const folder f;
  const auto path = f.write("a", std::string(longer, 'x') + "\n1\n");
  bounded_reader r(path, false, {.header = true});
  REQUIRE(r.discover(no_wait));
  const auto got = read_all(r, "0", {0, 0}, 1 << 16);
  REQUIRE(got.failure);
  CHECK_THAT(got.failure->message, Catch::Contains("header line is longer than 64 MiB"));
}

TEST_CASE("a followed file goes on behind a line that is too long") {
  const folder f;
  const auto path = f.write("a", "one\n" + std::string(longer, 'x') + "\nthree\n");
  followed_reader r(path);
  REQUIRE(r.discover(no_wait));
  const auto got = read_all(r, "0", {0, 0}, 1 << 16);
  CHECK_FALSE(got.failure);
  REQUIRE(got.records.size() == 3);
  CHECK(got.records[1].bytes.size() == kept_of_longer_line);
  CHECK(got.records[2].bytes == "three");
}
