// Drives a reader as a lane does, and checks what every chunk must hold.
#pragma once

#include "actors/stream/source/source.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace millrace::test {

struct record {
  position at;
  std::string bytes;
  friend bool operator==(const record&, const record&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const record& r) {
  return out << '(' << r.at.major << ',' << r.at.minor << ") \"" << r.bytes.substr(0, 60) << '"';
}

inline constexpr std::chrono::milliseconds no_wait{0};

/// Positions of a chunk follow each other within [from, to), from `from` on; the padding is there and zero.
inline void check_chunk(const source::chunk& c, position from) {
  REQUIRE(c.from == from);
  REQUIRE(c.from <= c.to);
  REQUIRE(c.lengths.size() == c.begins.size());
  REQUIRE(c.positions.size() == c.begins.size());
  REQUIRE(c.bytes.size() >= source::padding);
  position last = c.from;
  bool good = true;
  for (std::size_t i = 0; i < c.records(); ++i) {
    good = good && (i == 0 ? c.positions[i] >= last : c.positions[i] > last) && c.positions[i] < c.to;
    good = good && c.begins[i] + c.lengths[i] + source::padding <= c.bytes.size();
    last = c.positions[i];
  }
  REQUIRE(good);
}

struct read_result {
  std::vector<record> records;
  position next;
  bool at_end = false;
  std::optional<error> failure;
};

/// Everything from `from` on, until the end, an error, or nothing more just now.
inline read_result read_all(source::reader& r, const std::string& partition, position from,
                            std::size_t max_bytes) {
  read_result out;
  out.next = from;
  const auto assigned = r.assign(partition, from);
  if (!assigned) {
    out.failure = assigned.error();
    return out;
  }
  const std::vector<std::string> wanted{partition};
  for (;;) {
    auto got = r.read(wanted, max_bytes, no_wait);
    if (!got) {
      out.failure = got.error();
      return out;
    }
    if (!*got)
      return out;
    const source::chunk& c = **got;
    REQUIRE(c.partition == partition);
    check_chunk(c, out.next);
    for (std::size_t i = 0; i < c.records(); ++i)
      out.records.push_back({c.positions[i], std::string(c.record(i))});
    out.next = c.to;
    if (c.at_end) {
      out.at_end = true;
      return out;
    }
  }
}

/// Gives what a log of files holds, by the documented rules and nothing else.
inline std::vector<record> lines_of(const std::vector<std::string>& contents) {
  std::vector<record> out;
  for (std::size_t file = 0; file < contents.size(); ++file) {
    std::string line;
    std::size_t begin = 0;
    const auto end_line = [&](std::size_t next, bool is_ended) {
      if (!line.empty() && line.back() == '\r')
        line.pop_back();
      if (!line.empty() || is_ended)
        out.push_back({{static_cast<std::int64_t>(file), static_cast<std::int64_t>(begin)}, line});
      line.clear();
      begin = next;
    };
    for (std::size_t i = 0; i < contents[file].size(); ++i) {
      if (contents[file][i] == '\n')
        end_line(i + 1, true);
      else
        line += contents[file][i];
    }
    end_line(contents[file].size(), false);
  }
  return out;
}

}  // namespace millrace::test
