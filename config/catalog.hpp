// Config knows this much of a connector: its kind, type, options and checks, not its code. The list itself is
// actors/catalog.cpp; it is passed in, so that config depends on no connector.
#pragma once

#include "config/options.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/data/type.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {
class zone;
}

namespace millrace::config {

enum class stage_kind : std::uint8_t { source, parser, transform, window, join, sink };
[[nodiscard]] std::string_view to_string(stage_kind k);  // the key that says it: "source", "parser", ...

/// Windows and joins: shards form their rows, once their times are over.
[[nodiscard]] constexpr bool has_shards(stage_kind k) {
  return k == stage_kind::window || k == stage_kind::join;
}

/// A check of one connector may look at these, and report findings.
struct check_input {
  const values& options;
  const data::schema* input = nullptr;  // a sink's: the columns that it gets (hidden ones last)
};
using say = std::function<void(std::string_view option, std::string message)>;  // "" = the stage as a whole

/// Of a parser's option `framing`, the word for records as every source has them: lines, messages.
[[nodiscard]] constexpr bool is_record_framing(std::string_view framing) {
  return framing == "lines" || framing == "record";
}

/// Others know this much of a source; nobody compares the name of a connector.
struct source_traits {
  std::string log{};      // names the log: a topic, a path, an address; empty: it has no name
  std::string place{};    // where it reads, in the user's words
  bool bounded = false;   // the log comes to an end
  bool goes_on = false;   // bounded, and the next run of a state reads what has been added to it
  bool by_bytes = false;  // positions are bytes of a file; otherwise numbers of records, or places in a spool
  bool splits_text =
      false;  // splits a text into records as its parser's `framing` says; others know where a record ends
  bool splits_once = false;   // does so before any parser asks, hence alike for all of them
  bool gives_header = false;  // a line in front of the records names their columns, if a parser asks
  bool stores_timestamps = false;
  bool identity_by_lane =
      false;  // each lane keeps an identity of its partitions, since they may have several lanes
  bool gives_again = false;  // a record with its key, headers and time, by partition and position
  bool asks_server = false;  // its errors at a start may be those of a server that is away
  bool receives = false;     // it cannot be asked again: a spool, its one partition, keeps what has come
  bool is_standard_input =
      false;  // there is one in a process; a spool keeps what has come, and `receives` is false
  bool has_own_files =
      false;  // of the machine: it runs on the node that has them, its spool on the disk there
  /// The type of `_key`, where records have keys. None: `_key` is null.
  std::optional<data::type_id> key_type{};
  /// Keys stand in chunks as records have them, without a change of their bytes, so that a parser can decode them.
  bool gives_keys_as_bytes = false;
};

/// Rows that a sink has written, as a table of other products.
struct written_table {
  enum class format { json, csv, parquet, database };
  format kind = format::json;
  std::string location{};  // path, URL; of a database the table
  bool rolled = false;     // several files: name-000001.jsonl ...
  bool remote = false;     // on another machine
  std::vector<std::string> partition_by{};
  std::string compression{};
  std::vector<std::string> key{};  // one row of each remains; empty: rows are only added
};

/// A file that an option of a sink names, as it was when the plan was made.
struct named_file {
  std::string option{};
  std::shared_ptr<const std::string> bytes{};
};

/// What a sink does with its target when a state begins by `--fresh`.
enum class at_fresh_start : std::uint8_t {
  adds,               // rows stay, and rows that are computed again stand there twice
  replaces_by_key,    // rows stay, and a row that is computed again replaces the one with its key
  empties_file,       // the file loses all rows, also those of others
  removes_own_files,  // files that the state before has written go, and no others
  removes_all_files,  // every file of the table goes
  gives_again         // nothing is kept that could be changed
};

struct sink_traits {
  /// The sink's options name these columns (kafka's key and value, sql's key, a template's), for projection.
  std::vector<std::string> columns_named{};
  bool on_one_disk = false;  // it runs on the node that has its target
  bool records_in_store =
      false;  // the target is on another machine, and the store of a cluster keeps its records
  bool gives_up_later = false;  // a run that ends by itself does not wait for a target that stays away
  at_fresh_start fresh = at_fresh_start::adds;
  std::string own_file{};  // no other sink may write to it; empty: none
  /// Columns that say which row of the target is meant, for a sink that takes its place and deletes it
  /// (deletion_column); empty: rows are only added.
  std::vector<std::string> deletes_by{};
  std::optional<written_table> table{};  // none: it cannot be read as one
  std::vector<named_file> files{};       // a topology's text carries them, since nodes read none
};

/// The format of a timestamp or date in a parser's schema.
struct timestamp_format {
  std::string format;  // "" (ISO), "epoch_s", "epoch_ms", "epoch_us", "epoch_d" or a strptime pattern
  bool trailing_ignored = false;
  const expression::zone* zone = nullptr;   // zone of a text without one; null: UTC
  std::vector<timestamp_format> members{};  // a nested column's: one a member, or the element's
};

/// The schema of a parser's records that stands in a file beside the topology.
struct written_schema {
  std::string bytes;                   // as the topology's text carries it, and the parser gets it
  std::vector<data::field> columns{};  // the columns that it gives, where the topology declares none
  std::string why_no_columns{};        // it gives none
};
/// A declared column that records of a schema cannot fill.
struct misfit {
  std::size_t column = 0;  // of the declared ones
  std::string message;     // what is wrong, and a remedy
};

struct connector {
  stage_kind kind = stage_kind::source;
  std::string type;  // "kafka"
  std::string doc;   // one sentence
  std::vector<option> options{};
  /// Checks what goes beyond single options: combinations, columns that must exist. It sees good values alone and contacts
  /// nothing. May be empty.
  std::function<void(const check_input&, const say&)> check{};
  /// A source says what holds for a stage with these options. Never empty for a source.
  std::function<source_traits(const values&)> source{};
  /// A sink likewise. Empty: a sink without traits.
  std::function<sink_traits(const values&)> sink{};
  /// A parser gives its columns, where they never differ (it takes no schema then), and says if they nest.
  std::vector<data::field> fixed_columns{};
  bool nested_columns = true;
  /// A parser whose records have a schema of their own reads what "schema_file" names, or else asks its "registry" for the
  /// newest schema of "subject", which blocks; the error names the place. Empty: it has no such options. The option `schema` may be left out then.
  std::function<expected<written_schema>(const values&)> schema_in_file{};
  /// Such a parser compares the columns that the topology declares with it. May be empty.
  std::function<std::vector<misfit>(const values&, const written_schema&,
                                    const std::vector<data::field>& declared,
                                    const std::vector<timestamp_format>& formats)>
      misfits{};
  /// A source that cannot be asked again tells what may be lost; a sink "exactly once (rows and position in
  /// one transaction)", as `check` prints it.
  std::string guarantee{};
  /// A sink says where its progress will be kept, where that depends on the logs that feed it. `more`: others
  /// like the last of them, one for each partition that a source turns out to have.
  std::function<std::string(const std::vector<log_id>& logs, bool more)> progress_place{};
};

using catalog = std::vector<connector>;

/// The connector of that kind and type; null: there is none. `declared`: where an item of another list has its declaration.
template<class List, class Declared = std::identity>
[[nodiscard]] auto find_connector(const List& connectors, stage_kind kind, std::string_view type,
                                  Declared declared = {}) {
  const auto at = std::ranges::find_if(
      connectors, [&](const connector& c) { return c.kind == kind && c.type == type; }, declared);
  return at == std::ranges::end(connectors) ? nullptr : &*at;
}

/// The types of stages of this kind: those of connectors, windows and transforms.
[[nodiscard]] std::vector<std::string> offered_types(const catalog& connectors, stage_kind kind);

}  // namespace millrace::config
