// Bytes as a feed gets them, cut into lines with bounded memory: a record a line, whatever its parser is. (Files are split as their
// parsers say.) Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace millrace::source {

class line_splitter {
public:
  /// A line longer than `longest` gives its beginning once, and the rest is passed over.
  line_splitter(std::size_t longest, std::size_t kept_of_longer) : longest_(longest), kept_(kept_of_longer) {}

  using line = std::function<void(std::string_view record, bool cut)>;

  /// Gives every line that is complete now; blank ones are none. LF or CR LF ends a line and is no part of
  /// it.
  void push(std::string_view bytes, const line& take);
  /// The connection has ended: what has no line end is given as cut if it `broke`, else as a line; so is a
  /// whole JSON object, of which only the line end is missing. Begins anew.
  void end(bool broke, const line& take);

private:
  void grow(std::string_view part, const line& take);

  std::size_t longest_;
  std::size_t kept_;
  std::string open_;  // the beginning of a line
  bool passing_over_ = false;
};

}  // namespace millrace::source
