// Dead letters as files hold them: a JSON object a line, as the sink for them writes it.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
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

/// Returns the files that a name stands for: the parts of dead_letters.jsonl in the order in which they were
/// written, then that file. Any other name, also that of a part, stands for itself.
[[nodiscard]] std::vector<std::string> files_of_letters(const std::string& name);

struct letters_read {
  std::uint64_t bytes = 0;    // bytes of the file that were read
  std::uint64_t letters = 0;  // given to the visitor
  bool cut_off = false;       // the last line has no end and is no letter: left out
  std::vector<std::string>
      damaged;  // lines that are no letters, passed over: file, line and why, of the first ten
  std::uint64_t more_damaged = 0;  // damaged lines beyond those
};
/// Gives every letter of the file's first `limit` bytes to `visit`, until that fails. Memory holds at most a
/// line, which may have 128 MB; a longer one is damaged.
[[nodiscard]] expected<letters_read> read_letters(const std::string& file, std::uint64_t limit,
                                                  const std::function<expected<void>(letter&&)>& visit);

/// The same of lines that are in memory already. `name`: of the part, for errors.
[[nodiscard]] expected<letters_read> read_letters_in(std::string_view lines, const std::string& name,
                                                     const std::function<expected<void>(letter&&)>& visit);

/// The letters of a place, in parts: each is read twice, and their number may grow and shrink meanwhile.
class letter_parts {
public:
  virtual ~letter_parts() = default;
  /// Names all of them, in the order in which they were written.
  [[nodiscard]] virtual expected<std::vector<std::string>> list() = 0;
  /// Works like read_letters().
  [[nodiscard]] virtual expected<letters_read> read(const std::string& part, std::uint64_t limit,
                                                    const std::function<expected<void>(letter&&)>& visit) = 0;
  /// Errors name the letters so.
  [[nodiscard]] virtual std::string name() const = 0;
};

/// The files that a name stands for.
class letter_files final : public letter_parts {
public:
  explicit letter_files(std::string name) : name_(std::move(name)) {}
  expected<std::vector<std::string>> list() override { return files_of_letters(name_); }
  expected<letters_read> read(const std::string& part, std::uint64_t limit,
                              const std::function<expected<void>(letter&&)>& visit) override {
    return read_letters(part, limit, visit);
  }
  [[nodiscard]] std::string name() const override { return name_; }

private:
  std::string name_;
};

}  // namespace millrace::replay
