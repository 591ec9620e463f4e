// Dead letters as files hold them: a JSON object a line, as the sink for them writes it.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::replay {

struct letter {
  std::string id;
  std::string stage;
  std::string partition;
  std::int64_t position = 0;
  std::string record;
  event_micros time = 0;
};

/// The text of an error says what is wrong and, where that can be said, in which column.
[[nodiscard]] expected<letter> parse_letter(std::string_view line);

/// The files that a name stands for: dead_letters.jsonl behind its parts, in the order in which they were
/// written. Any other name, also that of a part, stands for itself.
[[nodiscard]] std::vector<std::string> files_of_letters(const std::string& name);

struct letters_read {
  std::uint64_t bytes = 0;    // of the file that were read
  std::uint64_t letters = 0;  // given to the visitor
  bool cut_off = false;       // the last line has no end and is no letter: left out
};
/// Gives every letter of the file's first `limit` bytes to `visit`, until that fails. Errors (fault::user)
/// name file and line. At most a line is in memory, which may have 128 MB.
[[nodiscard]] expected<letters_read> read_letters(const std::string& file, std::uint64_t limit,
                                                  const std::function<expected<void>(letter&&)>& visit);

}  // namespace millrace::replay
