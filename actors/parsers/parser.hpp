// A parser makes typed rows of a chunk of raw records, as a pure function of the chunk. One lane owns
// it.
#pragma once

#include "actors/parsers/key_decoder.hpp"
#include "actors/stream/source/source.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/data/valueless.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {
class zone;
}

namespace millrace::parser {

/// A record that is no row; the record's bytes are those of the chunk.
struct dead_record {
  std::uint32_t record;  // index in the chunk
  std::string error;
};

/// The error of a record of which the source has kept the beginning alone.
inline constexpr std::string_view cut_record = "the record is cut, and this is its beginning: it is too long "
                                               "to be taken, or its connection broke within it";
/// The same of a record of this chunk, where its source knows more.
[[nodiscard]] inline std::string why_cut(const source::chunk& c, std::size_t record) {
  const auto known = c.why_cut.find(static_cast<std::uint32_t>(record));
  return known == c.why_cut.end() ? std::string(cut_record) : known->second;
}

struct parsed {
  data::batch rows;  // rows of the parser's schema; columns that nobody uses are null pointers
  std::vector<std::uint32_t> records;   // each row's record, as an index in the chunk, ascending
  std::vector<dead_record> dead;        // ascending
  std::vector<std::uint32_t> filtered;  // blank lines and skipped nulls, ascending
  std::uint32_t header_lines = 0;       // lines that name the columns, which are counted nowhere
};

class record_parser {
public:
  virtual ~record_parser() = default;
  [[nodiscard]] virtual parsed parse(const source::chunk& c) = 0;
};

/// A parser stage after validation. The schema is: declared columns, then the hidden ones (_raw text, _key
/// text, bigint or json, _timestamp timestamp, _timestamp_type bigint, _topic text, _partition text, _position bigint,
/// _headers json).
struct parser_options {
  data::schema_ptr schema;
  std::size_t declared = 0;  // columns of the schema that come from the record
  std::vector<bool> used;    // one a column: is it read by anyone? (event time always is)
  /// What the file of `schema_file` holds, as the connector's schema_in_file gave it; null: there is none.
  std::shared_ptr<const std::string> schema_text{};
  struct timestamp_format {
    enum class kind : std::uint8_t { iso, strptime, epoch_s, epoch_ms, epoch_us, epoch_d } kind = kind::iso;
    std::string pattern;  // strptime's
    bool trailing_ignored = false;
    const expression::zone* zone = nullptr;   // zone of a text without one; null: UTC
    std::vector<timestamp_format> members{};  // a nested column's: one a member, or the element's
  };
  std::vector<timestamp_format> formats;  // one a declared column; for timestamps and dates only
  std::optional<std::size_t> event_time;  // column
  std::optional<std::string>
      timed_by{};  // the expression that computes that column (timed_parser.hpp), for errors
  micros watermark_delay{0};
  std::optional<micros> idle_timeout;
  micros future_skew{3'600'000'000};  // limit beyond the source's timestamp, where it stores one
  std::optional<event_micros> max_event_time;
  bool fail_on_error = false;  // on_error: fail
  bool validate_whole = true;  // validate: projected turns it off
  data::valueless on_null = data::valueless::dead_letter;
  bool is_binary = false;  // records are no text: _raw is their base64
  /// Makes the JSON of _key, which is of that type then; null: keys stand in the chunk as _key has them. One parser has it.
  std::shared_ptr<key_decoder> keys{};
};

}  // namespace millrace::parser
