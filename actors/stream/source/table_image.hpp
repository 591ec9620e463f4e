// The rows of a table as its log has them, by key: finds what another reading of the table has changed. Pure. A row is known by its key and 128
// bits of its text (XXH3-128), so that memory goes with keys, and a row that changes is found but once in 2^128.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::source {

class table_image {
public:
  /// What a reading finds of a row.
  enum class finding : std::uint8_t {
    same,
    changed,  // new, or with other values: the log gets it
    twice,    // its key has come before in this reading
    one_too_many,
  };

  explicit table_image(std::uint64_t most_rows) : most_rows_(most_rows) {}

  /// Begins a reading of the whole table.
  void begin() { ++reading_; }
  [[nodiscard]] finding take(std::string_view key, std::string_view row);
  /// Ends it: the keys, sorted, of rows that it has not had. They count as gone.
  [[nodiscard]] std::vector<std::string> end();
  /// All that was found is in the log, and durable there. What was not is forgotten by whoever restores the image.
  void settle();

  /// A row that the log has; none: the row is gone.
  void took(const std::string& key, std::optional<std::string_view> row);

  /// Names of the columns, in the table's order; empty until they are known.
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  void set_columns(std::vector<std::string> names) { columns_ = std::move(names); }
  /// It has been read to its end once.
  [[nodiscard]] bool is_whole() const { return is_whole_; }
  void set_whole() { is_whole_ = true; }
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }

  /// All of it, without what has not settled (docs/development/formats.md). restore(): false for bytes that are none.
  [[nodiscard]] std::string note() const;
  [[nodiscard]] bool restore(std::string_view note);

private:
  struct fingerprint {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const fingerprint&) const = default;
  };
  struct known {
    fingerprint is;
    std::uint32_t reading = 0;  // the last one that had it
  };
  [[nodiscard]] static fingerprint fingerprint_of(std::string_view row);

  std::uint64_t most_rows_;
  std::uint32_t reading_ = 1;
  bool is_whole_ = false;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, known> rows_;
  std::map<std::string, std::optional<fingerprint>, std::less<>> found_;  // not settled; none: gone
  std::size_t added_ = 0;                                                 // new keys among those
  std::string looked_up_;                                                 // spares its memory
};

}  // namespace millrace::source
