#include "actors/connectors/file/source/input_seen.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::source;

namespace {

using strings = std::vector<std::string>;

input_seen seen(const strings& records, const std::optional<std::string>& header = {}) {
  input_seen out;
  if (header)
    out.set_header(*header);
  for (const auto& r : records)
    out.add(r);
  return out;
}

struct taken {
  strings given;
  std::string error;
  bool another = false;
  std::uint64_t passed_over = 0;
};

taken take(const input_seen& before, const strings& lines, bool header = false) {
  taken out;
  input_matcher m(before, header);
  for (const auto& line : lines)
    if (const auto done = m.take(line, false, [&](std::string_view r, bool) { out.given.emplace_back(r); });
        !done) {
      out.error = done.error().message;
      break;
    }
  out.another = m.is_another();
  out.passed_over = m.passed_over();
  return out;
}

strings numbered(int from, int to) {
  strings out;
  for (int i = from; i < to; ++i)
    out.push_back("record " + std::to_string(i));
  return out;
}

}  // namespace

TEST_CASE("the first input is given on whole") {
  const auto t = take({}, numbered(0, 300));
  CHECK(t.given == numbered(0, 300));
  CHECK_FALSE(t.another);
  CHECK(t.passed_over == 0);
}

TEST_CASE("of the same input once more, only what is behind the records that are there is given on") {
  for (const int there : {1, 5, 64, 65, 200}) {
    const auto t = take(seen(numbered(0, there)), numbered(0, 300));
    CHECK(t.given == numbered(there, 300));
    CHECK(t.passed_over == static_cast<std::uint64_t>(there));
    CHECK(t.error.empty());
  }
}

TEST_CASE("the same input, cut off earlier, gives nothing") {
  for (const int records : {0, 3, 64, 150}) {
    const auto t = take(seen(numbered(0, 200)), numbered(0, records));
    CHECK(t.given.empty());
    CHECK(t.error.empty());
  }
}

TEST_CASE("another input is given on whole, as soon as it differs") {
  CHECK(take(seen(numbered(0, 200)), numbered(7, 9)).given == numbered(7, 9));
  auto later = numbered(0, 10);
  later.push_back("other");
  const auto t = take(seen(numbered(0, 200)), later);
  CHECK(t.given == later);
  CHECK(t.another);
}

TEST_CASE("an input that differs from the one before far behind its beginning is refused, with the remedy") {
  auto lines = numbered(0, 300);
  lines[100] = "other";
  const auto t = take(seen(numbered(0, 200)), lines);
  CHECK(t.given.empty());
  CHECK_THAT(t.error, Catch::Contains("200 records") && Catch::Contains("--fresh"));
}

TEST_CASE("a header is not a record, and must stay the same") {
  auto lines = numbered(0, 5);
  lines.insert(lines.begin(), "name");
  CHECK(take({}, lines, true).given == numbered(0, 5));
  CHECK(take(seen(numbered(0, 2), "name"), lines, true).given == numbered(2, 5));
  CHECK_THAT(take(seen(numbered(0, 2), "other"), lines, true).error,
             Catch::Contains("\"name\"") && Catch::Contains("--fresh"));
}

TEST_CASE("what was seen comes back from its text") {
  for (const auto& s : {seen({}), seen(numbered(0, 3)), seen(numbered(0, 500), "a,b\nc"), seen({"x"}, "")}) {
    const auto back = input_seen::from(s.text());
    REQUIRE(back);
    CHECK(back->text() == s.text());
    CHECK(back->records() == s.records());
    CHECK(back->chain() == s.chain());
    CHECK(back->head() == s.head());
    CHECK(back->header() == s.header());
  }
  for (const auto* bad : {"", "1", "2 0 0 0 0 0\n", "1 1 1 1 0 1\n", "1 0 0 0 0 ffff\n", "nonsense"})
    CHECK_FALSE(input_seen::from(bad));
}

TEST_CASE("no more than a megabyte is held of an input that may be the same") {
  const strings large(100, std::string(300'000, 'x'));
  CHECK(seen(large).head().size() == 3);
}
