// Random files against a naive oracle: read straight, and again from each position that was ever given out.
#include "actors/connectors/file/source/bounded_reader.hpp"
#include "tests/unit/file_source/folder.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <random>

using namespace millrace;
using namespace millrace::test;

namespace {

class random_text {
public:
  explicit random_text(unsigned seed) : random_(seed) {}
  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

  std::string make() {
    std::string out;
    const unsigned lines = below(3) == 0 ? below(3) : below(40);
    const unsigned longest = below(4) == 0 ? 2000 : 30;
    for (unsigned i = 0; i < lines; ++i) {
      if (below(5) != 0) {
        for (unsigned n = below(longest); n > 0; --n)
          out += "ab\r\t {}\"\xFF\0"[below(10)];
      }
      if (below(4) == 0)
        out += '\r';
      if (i + 1 < lines || below(2) == 0)
        out += '\n';
    }
    if (out.find('\n') == std::string::npos)  // CR alone would end its lines
      std::erase(out, '\r');
    return out;
  }

  /// Returns the bytes on the disk: plain, or gzip of some members.
  std::string packed(const std::string& text) {
    if (below(2) == 0)
      return text;
    const std::size_t cut = text.empty() ? 0 : below(static_cast<unsigned>(text.size()));
    return below(2) == 0 ? gzip(text) : gzip(text.substr(0, cut)) + gzip(text.substr(cut));
  }

private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("random files give the oracle's records, straight and again from any position") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    random_text random(seed);
    const folder f;
    std::vector<std::string> contents;
    for (unsigned n = 1 + random.below(4); n > 0; --n) {
      contents.push_back(random.make());
      if (contents.back().substr(0, 2) == "\x1F\x8B")
        contents.back()[0] = 'x';
      f.write("file" + std::to_string(contents.size()), random.packed(contents.back()));
    }
    const auto expected_records = lines_of(contents);
    const std::size_t max_bytes = 1 + random.below(random.below(2) == 0 ? 20 : 3000);
    source::bounded_reader r(f / "file*", false);
    REQUIRE(r.discover(no_wait));
    const auto straight = read_all(r, "0", {}, max_bytes);
    REQUIRE_FALSE(straight.failure);
    REQUIRE(straight.at_end);
    REQUIRE(straight.records == expected_records);

    // Cut at each record; other chunk sizes must not change what follows.
    for (std::size_t from = 0; from < expected_records.size(); from += 1 + random.below(5)) {
      const auto again = read_all(r, "0", expected_records[from].at, 1 + random.below(500));
      REQUIRE_FALSE(again.failure);
      REQUIRE(again.at_end);
      REQUIRE(again.records ==
              std::vector<record>(expected_records.begin() + static_cast<std::ptrdiff_t>(from),
                                  expected_records.end()));
    }
    const auto rest = read_all(r, "0", straight.next, max_bytes);
    REQUIRE(rest.at_end);
    REQUIRE(rest.records.empty());
  }
}

TEST_CASE("any end of a chunk is a place to read on from") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    random_text random(seed);
    const folder f;
    std::vector<std::string> contents{random.make(), random.make()};
    f.write("file1", random.packed(contents[0]));
    f.write("file2", random.packed(contents[1]));
    source::bounded_reader r(f / "file*", false);
    REQUIRE(r.discover(no_wait));
    std::vector<record> got;
    position next{};
    const std::vector<std::string> wanted{"0"};
    for (bool ended = false; !ended;) {  // a new life after each chunk
      REQUIRE(r.assign("0", next));
      const auto c = r.read(wanted, 1 + random.below(200), no_wait);
      REQUIRE(c);
      REQUIRE(*c);
      check_chunk(**c, next);
      for (std::size_t i = 0; i < (*c)->records(); ++i)
        got.push_back({(*c)->positions[i], std::string((*c)->record(i))});
      next = (*c)->to;
      ended = (*c)->at_end;
    }
    REQUIRE(got == lines_of(contents));
  }
}
