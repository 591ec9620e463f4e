// A life of a followed reader, driven as a lane does it.
#pragma once

#include "actors/connectors/file/source/followed_reader.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

using strings = std::vector<std::string>;

/// A life of a reader: begins where the last one ended, with the identity that was kept.
class life {
public:
  explicit life(const std::string& pattern, std::string kept = {}, position from = {})
      : reader_(pattern), next_(from) {
    const auto found = reader_.discover(no_wait);
    if (!found) {
      failure = found.error();
      return;
    }
    if (!kept.empty())
      REQUIRE(reader_.check_identity(kept));
    REQUIRE(reader_.assign("0", from));
  }

  /// The records that are there now.
  strings more(std::size_t max_bytes = 1000) {
    strings out;
    const strings wanted{"0"};
    for (;;) {
      auto got = reader_.read(wanted, max_bytes, no_wait);
      if (!got) {
        failure = got.error();
        return out;
      }
      if (!*got)
        return out;
      check_chunk(**got, next_);
      REQUIRE_FALSE((*got)->at_end);
      caught_up = (*got)->caught_up;
      for (std::size_t i = 0; i < (*got)->records(); ++i) {
        out.emplace_back((*got)->record(i));
        positions.push_back((*got)->positions[i]);
      }
      next_ = (*got)->to;
    }
  }
  [[nodiscard]] position next() const { return next_; }
  /// Returns the text as it was made durable with the generation that was found last.
  [[nodiscard]] std::string identity() const { return reader_.identity(); }
  /// Returns the text as it is made durable now and then, and at an orderly stop.
  [[nodiscard]] std::string noted() {
    reader_.note_progress();
    return reader_.identity();
  }
  source::followed_reader& reader() { return reader_; }

  std::optional<error> failure;
  std::vector<position> positions;
  bool caught_up = false;

private:
  source::followed_reader reader_;
  position next_;
};

}  // namespace millrace::test
