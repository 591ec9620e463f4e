#include "actors/connectors/file/source/line_reader.hpp"
#include "actors/connectors/file/source/record_end.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace millrace::source::record_end_trial {

namespace {

using found = std::optional<std::size_t>;

found ends_at(std::string_view text, bool is_all = false, char delimiter = ',') {
  return end_of_record(text, data::csv_dialect{delimiter}, is_all);
}

/// Makes a record as a writer of csv does; it ends with a line feed.
std::string random_record(std::mt19937_64& random) {
  const std::string letters = "a,\"\n\r;x";
  std::string out;
  for (std::size_t fields = 1 + random() % 4; fields > 0; --fields) {
    std::string text;
    for (auto n = random() % 6; n > 0; --n)
      text += letters[random() % letters.size()];
    if (text.find_first_of(",\"\n\r") != std::string::npos || random() % 4 == 0) {
      out += '"';
      for (const char c : text)
        out += c == '"' ? "\"\"" : std::string(1, c);
      out += '"';
    } else {
      out += text;
    }
    out += fields > 1 ? "," : random() % 3 == 0 ? "\r\n" : "\n";
  }
  return out;
}

class text_stream final : public byte_stream {
public:
  explicit text_stream(std::string_view text) : text_(text) {}
  expected<std::size_t> read(char* to, std::size_t size) override {
    const auto n = text_.copy(to, size);
    text_.remove_prefix(n);
    return n;
  }

private:
  std::string_view text_;
};

using placed = std::vector<std::pair<std::int64_t, std::string>>;

/// Reads about so many bytes at a time.
placed read_all(std::string_view text, const framing& frame, std::size_t max_bytes) {
  line_reader lines(std::make_unique<text_stream>(text), "f", 0, 0, frame);
  placed out;
  for (bool ended = false; !ended;) {
    chunk c;
    const auto read = lines.read(c, max_bytes, true);
    REQUIRE(read);
    ended = *read;
    for (std::size_t i = 0; i < c.records(); ++i)
      out.emplace_back(c.positions[i].minor, c.record(i));
  }
  return out;
}

}  // namespace

TEST_CASE(
    "a record goes on behind a line break within quotes, and a quote opens a field at its beginning alone") {
  CHECK(ends_at("a,b\nc\n") == 4);
  CHECK(ends_at("a,\"b\nc\",d\ne\n") == 10);
  CHECK(ends_at("\"a\"\n") == 4);
  CHECK(ends_at("\"a\"\"\n\"\nb\n") == 7);
  CHECK(ends_at("5\" pipe,\"x\ny\"\n") == 14);
  CHECK(ends_at("5\" pipe\nx\n") == 8);
  CHECK(ends_at("\"a\";\"b\nc\"\n", false, ';') == 10);
  CHECK(ends_at("\xEF\xBB\xBF\"a\nb\"\n") == 9);
  CHECK(ends_at("\"a\r\nb\"\r\nc\r\n") == 8);
  CHECK(ends_at("\"a\nb\"", true) == 5);
}

TEST_CASE("a quote that nobody closes, or that something follows, ends the record with its first line") {
  CHECK(ends_at("\"a\nb\n") == std::nullopt);
  CHECK(ends_at("\"a\nb\n", true) == 3);
  CHECK(ends_at("\"a\nb\"c\n") == 3);
  CHECK(ends_at("\"a\"b\nc\n") == 5);
  const std::string long_text(longest_quoted_record, 'x');
  CHECK(ends_at("\"a\n" + long_text + "\n") == 3);
  CHECK(ends_at("\"a\n" + long_text + "\"\n") == 3);
  CHECK(ends_at("\"a\n" + long_text.substr(5) + "\"\n") == long_text.size());
  CHECK(ends_at("\"" + long_text + "\"\nb\n") == long_text.size() + 3);
}

TEST_CASE("random records end where their writer has ended them, whatever of the next ones is there") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const auto first = random_record(random);
    auto text = first;
    for (auto more = random() % 3; more > 0; --more)
      text += random_record(random);
    CAPTURE(text);
    REQUIRE(ends_at(text, random() % 2 == 0) == first.size());
    // A text that is cut after any line feed gives the same decision, or none yet.
    for (auto feed = text.find('\n'); feed != std::string::npos; feed = text.find('\n', feed + 1)) {
      const auto part = ends_at(std::string_view(text).substr(0, feed + 1));
      REQUIRE((feed + 1 < first.size() ? !part : part == first.size()));
    }
  }
}

TEST_CASE("a reader gives the records whose ends are told one by one") {
  std::mt19937_64 random(7);
  const std::vector<std::string> pieces{
      "a", "\"", "\n", "\r\n", ",", "\xEF\xBB\xBF", "\n\n", "\"\"", std::string(70, 'x')};
  const std::vector<framing> frames{by_line{}, data::csv_dialect{}, data::csv_dialect{',', std::nullopt}};
  for (int round = 0; round < 6'000; ++round) {
    std::string text;
    for (auto n = random() % 30; n > 0; --n)
      text += pieces[random() % pieces.size()];
    CAPTURE(text);
    for (const auto& frame : frames) {
      placed wanted;
      for (std::size_t at = 0; at < text.size();) {
        const auto size = *end_of_record(std::string_view(text).substr(at), frame, true);
        const auto piece = std::string_view(text).substr(at, size);
        if (const auto record = text_of_record(piece, frame); !record.empty() || piece.ends_with('\n'))
          wanted.emplace_back(at, record);
        at += size;
      }
      REQUIRE(read_all(text, frame, 1) == wanted);
      REQUIRE(read_all(text, frame, 1 + random() % 200) == wanted);
      REQUIRE(read_all(text, frame, 4'096) == wanted);
    }
  }
}

}  // namespace millrace::source::record_end_trial
