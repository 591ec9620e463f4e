// The last bytes of a file's content that a reader has read. They tell, also where many files begin alike,
// whether a file still is the one that was read. The followed reader owns one a file.
#pragma once

#include "actors/connectors/file/source/file_list.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

class recent_bytes {
public:
  /// Reading begins at `end`; the content in front of it is not known.
  explicit recent_bytes(std::uint64_t end = 0) : end_(end) {}

  /// The content's next bytes.
  void take(std::string_view next);
  /// The bytes in front of `end`, as a plain file holds them now.
  [[nodiscard]] static expected<recent_bytes> of(const open_file& file, std::uint64_t end);

  [[nodiscard]] std::uint64_t end() const { return end_; }
  /// The bytes in front of end(), at most `tail_bytes`.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// None until all of the bytes that it is made of are known.
  [[nodiscard]] std::optional<file_tail> tail() const;
  /// Returns whether a plain file holds these bytes in this place.
  [[nodiscard]] expected<bool> are_in(const open_file& file) const;

private:
  std::uint64_t end_;
  std::string bytes_;
};

}  // namespace millrace::source
