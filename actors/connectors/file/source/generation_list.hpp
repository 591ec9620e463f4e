// The order in which the files of a followed log are one log: generation after generation, each a part of one file
// that is read without another file in between. A file that grows after the reader has left it has a further one, at
// the end. A generation's number is a position's major, an offset in its file's content the minor. Pure; the text
// lies in the state folder:
//   one line a generation:  generation NUMBER FILE FROM TO   (TO is - while it has no end)
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace millrace::source {

struct generation {
  std::int64_t number = 0;
  std::int64_t file = 0;  // file_identity::number
  std::uint64_t from = 0;
  std::optional<std::uint64_t> to{};  // all readers leave it here
  std::uint64_t read_to = 0;          // the furthest that a reader has come in it; not kept
  bool takes_rest = false;            // an unterminated last line is a record, however soon it ends; not kept

  [[nodiscard]] position begin() const { return {number, static_cast<std::int64_t>(from)}; }
};

class generation_list {
public:
  [[nodiscard]] bool empty() const { return all_.empty(); }
  /// Neither may be asked of an empty list.
  [[nodiscard]] const generation& front() const { return all_.front(); }
  [[nodiscard]] const generation& back() const { return all_.back(); }
  /// Null: it is forgotten, or none yet.
  [[nodiscard]] generation* find(std::int64_t number);
  [[nodiscard]] const generation* find(std::int64_t number) const;
  /// Returns whether a generation of the file has no end: what the file gets belongs to that one.
  [[nodiscard]] bool is_open(std::int64_t file) const { return open_.contains(file); }
  /// Returns whether the file has a generation that is not forgotten.
  [[nodiscard]] bool has(std::int64_t file) const { return counts_.contains(file); }

  generation& add(std::int64_t file, std::uint64_t from);
  void end(generation& g, std::uint64_t to);
  /// Returns whether there were any.
  bool forget_below(std::int64_t number);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static bool is_line(std::string_view line);
  /// Returns whether a kept identity, files and generations, has such a line.
  [[nodiscard]] static bool is_text(std::string_view identity);
  /// Takes a line of text(); false where it is damaged.
  [[nodiscard]] bool take_line(std::string_view line);

private:
  void add(generation g);

  std::deque<generation> all_;  // numbers follow one another
  std::unordered_map<std::int64_t, std::int64_t>
      open_;  // keyed by file: the number of the one without an end
  std::unordered_map<std::int64_t, std::uint64_t> counts_;  // keyed by file
};

}  // namespace millrace::source
