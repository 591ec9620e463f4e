// Knows a standard input that was read before, and whether another one is the same once more: then
// what the spool has of it is passed over, so that a command that was killed and is given again counts each
// record once. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// Notes an input's records in order: how many, and a checksum that each continues. The checksums of its
/// first records are kept one by one, for another input to be told apart as soon as it differs.
class input_seen {
public:
  void add(std::string_view record);
  /// Another input begins; the header stays.
  void begin_anew();

  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t chain() const { return chain_; }
  /// The checksums of the records up to the first, the second, ... one.
  [[nodiscard]] const std::vector<std::uint64_t>& head() const { return head_; }
  [[nodiscard]] const std::optional<std::string>& header() const { return header_; }
  void set_header(std::string_view line) { header_ = line; }

  /// Formats this for the spool's note.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<input_seen> from(std::string_view text);

private:
  std::uint64_t records_ = 0;
  std::uint64_t chain_ = 0;
  std::vector<std::uint64_t> head_;
  std::uint64_t head_bytes_ = 0;
  std::optional<std::string> header_;
};

/// Takes the lines of an input one by one, and gives on those that are new.
class input_matcher {
public:
  /// `cut`: the record is the beginning of a line that is too long.
  using give = std::function<void(std::string_view record, bool cut)>;

  /// `before`: of the input before this one, which the spool has. `header`: the first line names columns, and
  /// is no record.
  input_matcher(const input_seen& before, bool header);

  /// Errors: the header is too long, or another one than before; the input is the one before up to some
  /// record, and differs then.
  [[nodiscard]] expected<void> take(std::string_view line, bool cut, const give& to);

  /// Set with the first line.
  [[nodiscard]] const std::optional<std::string>& header() const { return header_; }
  /// This input has begun as another one than the last; its records follow that one's.
  [[nodiscard]] bool is_another() const { return state_ == state::another; }
  /// Records that were passed over.
  [[nodiscard]] std::uint64_t passed_over() const { return state_ == state::another ? 0 : seen_.records(); }

private:
  enum class state : std::uint8_t { same_so_far, beyond, another };

  [[nodiscard]] expected<void> compare(std::string_view record, bool cut, const give& to);

  input_seen before_;
  bool wants_header_;
  std::optional<std::string> header_;
  input_seen seen_;  // the records of this input, while it is the same
  struct held_record {
    std::string bytes;
    bool cut;
  };
  std::vector<held_record> held_;
  state state_;
};

}  // namespace millrace::source
