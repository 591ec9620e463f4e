// A source connector is a blocking reader of one or more partitions of one system. A source actor owns
// it on a thread of its own; nothing else calls it, except interrupt(). Records keep their order and
// positions within a partition; the same range read again gives the same records.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"
#include "runtime/data/csv_text.hpp"
#include "runtime/data/text_decoder.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::source {

/// Bytes that simdjson demands after its input.
inline constexpr std::size_t padding = 64;

/// A file's first line, where it names columns. It stands among the records, too.
struct header_line {
  std::string text;
  position at{};
};

/// Schemas that records were written with, where those come beside them.
struct record_schemas {
  std::shared_ptr<const std::string> of_all{};  // the schema of every record of the chunk: its file has it
  std::map<std::uint64_t, std::shared_ptr<const std::string>> by_id{};  // a registry's
  std::map<std::uint64_t, std::string> unknown{};  // ids that have none, and why, as a dead letter says it
};

/// Some consecutive records of one partition: positions [from, to), without those that the log itself has
/// dropped.
struct chunk {
  std::string partition;
  position from{};
  position to{};
  std::string bytes;                          // the records' values one after another, then `padding` bytes
  std::vector<std::uint32_t> begins;          // each record's first byte
  std::vector<std::uint32_t> lengths;         // a record with length `no_value` has a null value (Kafka)
  std::vector<position> positions;            // each record's position
  std::vector<event_micros> timestamps;       // the source's timestamps; empty where it stores none
  std::vector<std::uint8_t> timestamp_types;  // 0 create, 1 append; empty with timestamps
  std::vector<std::uint32_t> cut;  // records that are beginnings of ones too long to be taken, ascending
  /// Reasons of some of these, for their dead letters.
  std::map<std::uint32_t, std::string> why_cut{};
  bool lines = false;  // its records are lines of a text: a blank one is no record, and counted as filtered
  // These are filled only when asked for by wants::...
  std::vector<std::optional<std::string>> keys;  // keys as text; the digits where _key is a bigint
  std::vector<std::string> headers;              // JSON object text
  std::optional<header_line> header;
  std::shared_ptr<const record_schemas> schemas{};  // null: the log has none
  std::string topic;                                // topic or path
  std::string part;                                 // this file of a log of several: dead letters name it
  bool at_end = false;     // `to` is the end of a bounded log: nothing will ever follow
  bool caught_up = false;  // no more was there just now (for progress and idleness)
  // The next records have yet to be fetched, from a log with hardly more in it: no frame waits for them.
  bool drained = false;

  [[nodiscard]] std::size_t records() const { return begins.size(); }
  [[nodiscard]] std::string_view record(std::size_t i) const {
    return {bytes.data() + begins[i], lengths[i]};
  }
  [[nodiscard]] bool is_cut(std::size_t i) const {
    return !cut.empty() && std::binary_search(cut.begin(), cut.end(), i);
  }
};
inline constexpr std::uint32_t no_value = 0xFFFF'FFFF;

struct partition_info {
  std::string name;  // unique in the source, stable: part of the log's identity
  position start{};  // the beginning by the `start` option, resolved now
  position first{};  // the first position that there is
};

/// Records that are there and not yet read, by assigned partition; one that is not named is unknown.
struct backlog {
  std::map<std::string, std::uint64_t> records;
  /// The source makes its records by its `rate`: these are yet to be made, and the lane knows how many of them are due.
  bool comes_by_rate = false;
  friend bool operator==(const backlog&, const backlog&) = default;
};

/// Records that have come since a bounded log was read to its end.
struct continuation {
  std::string identity;                    // the log's identity from there on
  std::vector<partition_info> partitions;  // partitions with new records, and where each begins; or none
};

class reader {
public:
  virtual ~reader() = default;

  /// Connects and lists the partitions. Blocks up to `timeout`; ec::unavailable when the server is away
  /// (retry), fault::user for what retrying cannot mend (no such topic, missing file).
  [[nodiscard]] virtual expected<std::vector<partition_info>> discover(std::chrono::milliseconds timeout) = 0;

  /// Looks again, after discover(): partitions beside the known ones, each with its first position; none
  /// where their number is fixed. Blocks up to `timeout`; an error says only that this look was in vain.
  [[nodiscard]] virtual expected<std::vector<partition_info>>
  discover_beside(const std::set<std::string>& known, std::chrono::milliseconds timeout) {
    (void)known;
    (void)timeout;
    return {};
  }

  /// Reads this partition from here on; replaces an earlier assignment of it. Blocks on the server at most
  /// for a moment, and only for a partition that it has yet to hear of.
  [[nodiscard]] virtual expected<void> assign(const std::string& partition, position from) = 0;
  virtual void unassign(const std::string& partition) = 0;

  /// The next records of the first of `wanted` (in order of preference, each assigned) that has any; no value
  /// when none had any within `timeout`. At most about `max_bytes` (a single larger record comes whole).
  /// Errors: ec::unavailable (goes on by itself, call again), ec::log_trimmed (position gone: names partition
  /// and remedy).
  [[nodiscard]] virtual expected<std::optional<chunk>>
  read(std::span<const std::string> wanted, std::size_t max_bytes, std::chrono::milliseconds timeout) = 0;

  /// Everything below is durable downstream (group offset for monitoring, spool trimming). Cheap, never
  /// blocks long.
  virtual void acknowledge(const std::string& partition, position durable) = 0;

  /// Returns nothing if it is unknown of every partition.
  [[nodiscard]] virtual std::optional<backlog> lag() = 0;

  /// The same in bytes, of sources that know those and no records (files).
  [[nodiscard]] virtual std::optional<std::uint64_t> lag_bytes() { return std::nullopt; }

  /// Makes a blocked call return soon with ec::cancelled. Any thread may call.
  virtual void interrupt() = 0;
  /// The last call but for interrupt(): gives back what it holds. May block.
  virtual void close() {}

  /// Warns a user who is going to rely on this log; asked once, after discover(). May block as long
  /// as that.
  [[nodiscard]] virtual std::optional<std::string> warning() { return std::nullopt; }

  /// Describes the log as text to keep with the state: a bounded source's files, their lengths and
  /// fingerprints; a followed file's generations; a record of each partition of a Kafka topic. Known after
  /// discover(), or after note_progress(). A followed log's grows while it is read: if it differs after
  /// read(), it must be durable before anything that depends on that chunk is. Empty where positions alone
  /// identify the log.
  [[nodiscard]] virtual std::string identity() const { return {}; }
  /// Another number whenever identity() has become another text since connecting: that may be long, and is asked for after each
  /// read(). The default is for logs whose text stays.
  [[nodiscard]] virtual std::uint64_t identity_version() const { return 0; }
  /// Takes into identity() how far was read since the text before, of an endless log: by that a later life knows the log
  /// again. The one source actor that reads for all calls it now and then, and before close().
  virtual void note_progress() {}
  /// Gives the text kept last, once, between the first discover() and the first assign(). ec::mismatch with
  /// fault::user: the log is not the one that the stored positions belong to; the text says the remedy. A reader that
  /// has to read for it says so by read() instead, before it gives anything of that partition.
  [[nodiscard]] virtual expected<void> check_identity(std::string_view stored) {
    (void)stored;
    return {};
  }
};

/// The ways in which a source that splits what it reads finds the ends of records: csv goes on after a line
/// break within quotes.
struct by_line {};
struct by_value {};      // a record is a JSON value, wherever lines break
struct by_container {};  // a record is a datum of an Avro object container file
struct by_length {};     // the length of a record stands in front of it, as a varint
using framing = std::variant<by_line, data::csv_dialect, by_value, by_container, by_length>;

/// The parts of a record that later stages use.
struct wants {
  bool key = false;
  bool headers = false;
  bool header = false;  // the file's first line
  framing frame = {};
  std::size_t skip = 0;                             // lines at the beginning of each file that are no records
  data::encoding encoding = data::encoding::utf_8;  // encoding of files that are read to their end
};

}  // namespace millrace::source
