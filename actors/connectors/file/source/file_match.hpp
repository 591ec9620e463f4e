// Compares a file with what is known of another: is it the same, or a copy, packed perhaps? generations asks.
#pragma once

#include "actors/connectors/file/source/file_list.hpp"

#include <compare>
#include <cstdint>
#include <map>

namespace millrace::source {

enum class likeness : std::uint8_t {
  none,  // another file
  part,  // begins alike, and ends too early for more, as what is just being packed
  same,  // holds all that is known of the other's content, and more perhaps
  copy,  // the same, and where the other one's length is known it has that length
};

/// Remembers what it found of packed files: it has to inflate them.
class file_match {
public:
  /// Compares the file `f`, identified by the head of its content, with `known`.
  [[nodiscard]] likeness compare(const file_identity& known, const file_identity& f);
  /// The same file, by device and inode, and it still holds what is known of it.
  [[nodiscard]] bool is_still(const file_identity& known, const file_identity& f);

private:
  struct question {
    std::uint64_t device, inode, length;
    std::int64_t seconds, nanos;
    std::uint64_t head_hash, tail_end, tail_hash, content_length;
    friend auto operator<=>(const question&, const question&) = default;
  };
  std::map<question, likeness> answers_;
};

[[nodiscard]] inline bool is_same_file(const file_identity& a, const file_identity& b) {
  return a.device == b.device && a.inode == b.inode;
}
[[nodiscard]] bool is_packed(const std::string& path);

}  // namespace millrace::source
