// From a JSON value to a column's value, by the table "From JSON": a value is read into a cell first (its
// type checked, numbers converted), and appended only when the whole record is known to be good.
#pragma once

#include "actors/parsers/json/record_walk.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "runtime/base/decimal.hpp"
#include "runtime/base/digits.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::parser {

/// Which column a member of a record goes to. Records of one log mostly have the same members in the same
/// order, so what stood there in the record before is compared first, name, quotes and colon in one go.
class member_layout {
public:
  static constexpr std::int32_t unknown = -1;

  /// Names in column order.
  explicit member_layout(const std::vector<std::string>& names);

  static constexpr std::size_t head_bytes = 16;
  struct member {
    // The first 16 bytes, and which of them belong to the member. As they are here, no text begins so.
    std::uint64_t low = 1, low_mask = 0, high = 0, high_mask = 0;
    std::int32_t column = unknown;
    std::uint32_t behind_head = 0;  // how many bytes
    std::string text;               // `"name":`

    member() = default;
    member(std::string_view raw, std::int32_t column);
    /// Whether this member stands at its opening quote, `"name":` without blanks. The text is readable up to where the
    /// member's value begins, and 16 bytes at least.
    [[nodiscard]] bool is(const char* quote) const {
      return (((load8(quote) & low_mask) ^ low) | ((load8(quote + 8) & high_mask) ^ high)) == 0 &&
             (behind_head == 0 ||
              std::memcmp(quote + head_bytes, text.data() + head_bytes, behind_head) == 0);
    }
  };

  /// The member that an object is expected to begin with. Behind the last one follows one that no text is.
  [[nodiscard]] const member* first() const { return seen_.data(); }
  struct found {
    std::int32_t column = unknown;
    const member* next = nullptr;  // expected behind it
  };
  /// Finds any member by the name between its quotes; it is expected at this place from now on.
  [[nodiscard]] found look_up(const member* expected, std::string_view raw, bool escapes);

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> columns_;
  std::vector<member> seen_;  // the last one is none
  std::string unescaped_;
};

/// A declared column, or a value within a nested one.
struct column_reader {
  std::string name;
  data::type type;
  parser_options::timestamp_format format;
  std::optional<expression::timestamp_pattern> pattern;  // of a strptime format
  std::vector<column_reader> children{};                 // of an object one a member, of a list its element
  /// Where a record has the value once or not at all: its place among the record's slots, and the end of those of the
  /// values within it. Elements of lists, and what is within them, have none.
  std::uint32_t slot = 0, slots_end = 0;
  std::optional<member_layout> layout{};  // of an object with a slot
};
/// The column and its children. Formats are checked with the configuration.
[[nodiscard]] column_reader make_column_reader(std::string name, const data::type& type,
                                               const parser_options::timestamp_format& format);
/// Numbers the slots of the column from `first`, and of all that has one within it. Returns the next free number.
std::uint32_t number_slots(column_reader& column, std::uint32_t first);

struct cell {
  enum class state : std::uint8_t { null, plain, escaped, nested } is = state::null;
  std::int64_t number = 0;  // bigint, timestamp, boolean; of a nested value its first token
  double real = 0;
  decimal exact;          // numeric
  std::string_view text;  // text and json: bytes of the record (`escaped`: with escapes in it)
};

class value_reader {
public:
  explicit value_reader(std::uint32_t slots) : tokens_(slots), cells_(slots) {}

  /// A record begins: it has none of the values yet.
  void forget_all() { std::fill(tokens_.begin(), tokens_.end(), 0); }
  /// The column's value begins at this token, which is checked; of duplicates the last counts. The members of an object are
  /// noted one by one.
  void note(const column_reader& column, std::uint32_t token) {
    if (tokens_[column.slot] != 0 && column.layout) [[unlikely]]
      std::fill(tokens_.begin() + column.slot, tokens_.begin() + column.slots_end, 0);
    tokens_[column.slot] = token;
  }
  /// Reads the value that was noted of a column; false leaves why() as the error, without the column's name.
  [[nodiscard]] bool read(const record_walk& record, const column_reader& column);
  /// The column has no value.
  void leave_out(const column_reader& column) { cells_[column.slot].is = cell::state::null; }
  [[nodiscard]] const cell& cell_of(const column_reader& column) const { return cells_[column.slot]; }
  /// Appends what was read of a column from this record.
  void append(const record_walk& record, const column_reader& column, data::column_builder& out);
  /// Explains the last failure: `found the string "x", expected bigint; declare it text and cast it`, and the
  /// member within the column (".lat") where the column is nested.
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  [[nodiscard]] bool read_slot(const record_walk& record, const column_reader& to);
  [[nodiscard]] bool read_leaf(const record_walk& record, const column_reader& to);
  void append_slot(const record_walk& record, const column_reader& from, data::column_builder& out);
  [[nodiscard]] bool read_value(const record_walk& record, std::uint32_t token, const column_reader& to,
                                cell& out);
  [[nodiscard]] bool read_text(const record_walk& record, std::uint32_t token, char kind, cell& out);
  [[nodiscard]] bool read_bigint(std::string_view text, cell& out);
  [[nodiscard]] bool read_numeric(std::string_view text, const data::type& type, cell& out);
  [[nodiscard]] bool read_timestamp(const record_walk& record, std::uint32_t token, char kind,
                                    const column_reader& to, cell& out);
  [[nodiscard]] bool read_date(const record_walk& record, std::uint32_t token, char kind,
                               const column_reader& to, cell& out);
  [[nodiscard]] bool read_epoch(const record_walk& record, std::uint32_t token, char kind,
                                const parser_options::timestamp_format& format, cell& out);
  /// The text between the quotes; nothing where an escape stands for no character.
  [[nodiscard]] std::optional<std::string_view> text_of(const record_walk& record, std::uint32_t token);
  [[nodiscard]] bool check_object(const record_walk& record, std::uint32_t token, const column_reader& to);
  [[nodiscard]] bool check_list(const record_walk& record, std::uint32_t token, const column_reader& to);
  void append_value(const record_walk& record, const cell& from, const column_reader& to,
                    data::column_builder& out);
  void append_object(const record_walk& record, std::uint32_t token, const column_reader& to,
                     data::column_builder& out);
  void append_list(const record_walk& record, std::uint32_t token, const column_reader& to,
                   data::column_builder& out);
  /// Pushes the first token of each member of the type (0: missing; the last of duplicates) on members_.
  void find_members(const record_walk& record, std::uint32_t token, const data::type& type);
  /// Notes "found ..., expected ...".
  bool mismatch(std::string_view text, std::string_view expected);

  std::vector<std::uint32_t> tokens_;  // by slot: the value's first token; 0 is missing
  std::vector<cell> cells_;            // by slot
  std::string why_;
  std::string path_;
  std::string scratch_;
  day_memory day_;
  std::vector<std::uint32_t> members_;  // a stack over nested objects within lists
};

}  // namespace millrace::parser
