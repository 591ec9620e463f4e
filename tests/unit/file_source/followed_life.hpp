// A life of a followed reader, driven as a lane does it.
#pragma once

#include "actors/connectors/file/source/followed_reader.hpp"
#include "tests/unit/file_source/reading.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

using strings = std::vector<std::string>;

/// How many seeds a random test plays; MILLRACE_SEEDS says otherwise.
inline unsigned seeds() {
  const auto* const more = std::getenv("MILLRACE_SEEDS");
  return more == nullptr ? 150 : static_cast<unsigned>(std::atoi(more));
}

/// Writers that come back to a file that was left are not too late, however long this process gets no processor.
inline constexpr std::chrono::hours for_good{1'000};

/// A life of a reader: begins where the last one ended, with the identity that was kept.
class life {
public:
  explicit life(const std::string& pattern, std::string kept = {}, position from = {},
                std::chrono::microseconds late_writes = for_good, const source::wants& wanted = {})
      : life(pattern,
             std::make_shared<source::generations>(pattern, source::file_order::natural, late_writes),
             std::move(kept), from, wanted) {}
  /// `files`: those that another reader of this log has as well.
  life(const std::string& pattern, std::shared_ptr<source::generations> files, std::string kept = {},
       position from = {}, const source::wants& wanted = {})
      : reader_(pattern, std::move(files), wanted), next_(from) {
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
      kept_ = reader_.identity();  // it is made durable before anything of the chunk
      if (!*got)
        return out;
      check_chunk(**got, next_);
      REQUIRE_FALSE((*got)->at_end);
      caught_up = (*got)->caught_up;
      for (std::size_t i = 0; i < (*got)->records(); ++i) {
        out.emplace_back((*got)->record(i));
        positions.push_back((*got)->positions[i]);
        headers.push_back((*got)->header);
      }
      next_ = (*got)->to;
    }
  }
  [[nodiscard]] position next() const { return next_; }
  /// Returns the text as it was made durable with the generation that was found last.
  [[nodiscard]] std::string identity() const { return kept_.empty() ? reader_.identity() : kept_; }
  /// Returns the text as it is made durable now and then, and at an orderly stop.
  [[nodiscard]] std::string noted() {
    reader_.note_progress();
    return kept_ = reader_.identity();
  }
  source::followed_reader& reader() { return reader_; }

  std::optional<error> failure;
  std::vector<position> positions;
  std::vector<std::optional<source::header_line>> headers;
  bool caught_up = false;

private:
  source::followed_reader reader_;
  position next_;
  std::string kept_;
};

}  // namespace millrace::test
