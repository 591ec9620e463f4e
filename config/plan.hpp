// A topology after validation: stages in data-flow order with bound expressions and typed columns. Plain
// data; what actors/ builds its lanes, shards and sinks from, and what `millrace check` prints.
#pragma once

#include "config/catalog.hpp"
#include "config/text/finding.hpp"
#include "runtime/data/valueless.hpp"
#include "runtime/expression/expression.hpp"
#include "runtime/window/window.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::config {

struct projection {
  std::string name;
  expression::bound value;
  std::string text{};     // the user's own text, with the values of variables that may be told
  std::string written{};  // the same with its variables as they are written: a part of the state's identity
};

/// `where`, then `columns`: what a select does, and what a window does on its input and a sink around its
/// own. The expressions are bound over the step's input schema; `columns` empty means all columns as they
/// are.
struct step {
  std::string stage;  // the stage whose ledger it counts in
  std::optional<expression::bound> where;
  std::vector<projection> columns;
  std::string where_text{};
  data::schema_ptr input;
  data::schema_ptr output;  // hidden columns that are still there come last, by the same names
};

/// One of the two inputs of a join.
enum class side : std::uint8_t { left, right };
inline constexpr side both_sides[] = {side::left, side::right};
[[nodiscard]] constexpr std::size_t index_of(side s) { return static_cast<std::size_t>(s); }
/// "left", "right": also the option that names its stages.
[[nodiscard]] constexpr std::string_view to_string(side s) { return s == side::left ? "left" : "right"; }

/// The stage, or its late rows, from which another stage gets its rows.
struct input_ref {
  std::string stage;
  bool late = false;                // "counts.late"
  std::optional<side> late_side{};  // of a join's late rows: "paid.late_left"
  side to = side::left;             // the side of the join that reads it
};
/// "counts", "counts.late", "paid.late_left".
[[nodiscard]] std::string name_of(const input_ref& r);

using source_plan = source_traits;
/// `event_time` etc. stay in the stage's options too; here they are resolved. Mirrors parser::parser_options,
/// which lives with the parsers.
struct parser_plan {
  std::size_t declared = 0;  // columns that come from the record; the others of the schema are hidden
  std::vector<bool> used;    // one a column of the stage's schema: any later stage reads it
  using timestamp_format = config::timestamp_format;
  std::vector<timestamp_format> formats;  // one a declared column
  std::optional<std::size_t> event_time;  // column
  /// The expression that computes that column, over the record's columns: it is the last of the schema then.
  std::optional<projection> timed_by{};
  /// The select downstream that has the event time of its rows, where the parser has none; empty: none.
  std::string timed_select{};
  micros watermark_delay{0};
  std::optional<micros> idle_timeout;
  micros future_skew{3'600'000'000};
  std::optional<event_micros> max_event_time;
  std::optional<micros> max_drift;  // its source's: how far partitions may be apart
  bool fail_on_error = false;
  bool gives_up_crashes = false;  // records that have ended the process three times
  bool validate_whole = true;
  data::valueless on_null = data::valueless::dead_letter;
  /// What the file of "schema_file" holds, as it was read when the plan was made; null: there is none.
  std::shared_ptr<const std::string> schema_text{};
};
struct transform_plan {
  step select;
  std::optional<std::size_t> event_time{};  // column of select.output: the time of each row from there on
};
/// The rows that a window takes, or a join on one of its sides. Aggregates read columns of `input.output`: for
/// aggregate i, arguments[i] and filters[i].
struct intake_plan {
  step input;                            // its `where` (counts as filtered of the window); no columns
  std::vector<std::size_t> key_columns;  // columns of input.output
  std::vector<std::optional<expression::bound>> arguments{};  // one for each of definition.aggregates
  std::vector<std::optional<expression::bound>> filters{};
  std::vector<std::vector<expression::bound>> orders{};  // expressions of their `order by`
  std::vector<std::size_t> row_columns{};  // of a join: columns of input.output that its rows have
};
struct window_plan {
  std::vector<intake_plan> sides{1};  // two of a join: left, right
  window::definition definition;
  step output;  // its `columns`, over definition.output; counted with the window
  std::string emit = "final";
  micros offset{};                        // shift of windows from where they would begin without it
  micros every{};                         // time between ticks of updates
  std::uint64_t retain = 10'000'000'000;  // bytes of output that sinks have not committed, over all shards
  std::uint64_t retain_memory = 128'000'000;   // the part of that in memory
  std::vector<std::string> aggregate_texts{};  // texts of the declared columns, as the user wrote them
  /// One a state: the text that it comes from, "having" for those that only `having` has; of a join `deleted` alone.
  std::vector<std::string> state_texts{};
  std::string having_text{};
  std::string having_written{};  // projection::written
  std::string deleted_text{};    // of a join

  [[nodiscard]] bool is_join() const { return sides.size() > 1; }
  [[nodiscard]] bool is_dedup() const { return definition.join && definition.join->first; }
  [[nodiscard]] const intake_plan& of(side s) const { return sides[is_join() ? index_of(s) : 0]; }
  /// The rows that are late for it, on one of its sides.
  [[nodiscard]] const data::schema_ptr& late_rows(const input_ref& r) const {
    return of(r.late_side.value_or(side::left)).input.output;
  }
};
/// The hidden column of sinks with `updates`: the number of the sink's commit.
inline constexpr std::string_view batch_column = "_batch";
/// The hidden column of rows downstream of `updates`: "upsert", or "delete" for a row that holds no more.
inline constexpr std::string_view change_column = "_change";
inline constexpr std::string_view change_upsert = "upsert";
inline constexpr std::string_view change_delete = "delete";
/// The hidden column of sinks that delete by key: whether the row deletes the one with its key.
inline constexpr std::string_view deletion_column = "_delete";
struct order_item {
  std::size_t column = 0;
  bool descending = false;
};
/// The order in which a sink writes a window's rows, and how many of them.
struct row_order {
  std::vector<order_item> by;          // orders the sink's rows; ties go by the window's key
  std::optional<std::uint64_t> limit;  // the first so many of each window, or of each group of limit_by in it
  std::vector<std::size_t> limit_by{};
  bool ranked = false;  // the last column of the rows is the place of a row among those, from 1
};
/// How a sink takes rows that a window upstream takes back.
enum class removal : std::uint8_t {
  left,    // it does not: they stay in its target
  by_key,  // with deletion_column
  shown    // as rows, since a column or a condition reads change_column
};
struct sink_plan {
  step input;             // its `where` and `columns`
  data::schema_ptr rows;  // the rows that the writer gets: input.output without unused hidden columns
  row_order order;
  sink_traits traits{};
  removal removed = removal::left;
};

/// Returns whether an expression of the step reads the column of its input.
[[nodiscard]] bool reads(const step& s, std::string_view column);

struct stage {
  std::string name;
  stage_kind kind = stage_kind::source;
  std::string type;
  location where;
  std::vector<input_ref> from;
  values options;           // the connector's options
  data::schema_ptr schema;  // the schema of the rows that it gives; null for sources and sinks
  std::variant<std::monostate, source_plan, parser_plan, transform_plan, window_plan, sink_plan> plan;
  std::string guarantee;       // a sink's, or that of a source that cannot be asked again
  std::string progress_place;  // a sink's, where its connector says so
};

/// The traits of a source; of any other stage, as of a source with a mistake, the defaults.
[[nodiscard]] const source_traits& traits_of(const stage& source);
/// The traits of a sink; of any other stage the defaults.
[[nodiscard]] const sink_traits& sink_traits_of(const stage& sink);

struct topology {
  std::string name;
  std::string title;
  std::vector<stage> stages;  // every stage after those it reads from; file order otherwise
  /// An own sink for dead letters (rows: dead_letter_schema()). No type: there is none, and its options are
  /// dead_letter_options(), which say how dead_letters.jsonl in the state folder is kept. They are not part
  /// of the fingerprint and may change between two runs.
  std::optional<stage> dead_letters;
  std::optional<micros> snapshot_every{1'000'000};
  micros commit_every{100'000};
  /// Logs must not show these: passwords, and values from the environment but for those of plain options (of
  /// four bytes and more). Longer ones first, so that replacing them one after another leaves no rest.
  std::vector<std::string> secrets;
  /// This must stay the same for a state folder to fit: stages, keys, types, sizes, shards (canonical text;
  /// not connector options such as brokers or rate).
  std::string state_fingerprint;

  [[nodiscard]] const stage* find(std::string_view name) const;
};

/// id, stage, partition, position, error, record, record_base64, time.
[[nodiscard]] data::schema_ptr dead_letter_schema();

struct load_request {
  std::string file;                   // topology.json
  std::vector<std::string> overlays;  // files of --with
  std::vector<std::string> sets;      // --set path=value
};
struct loaded {
  std::optional<topology> plan;   // no value when a finding is an error
  std::vector<finding> findings;  // errors and warnings, in the order of the files
};
/// Reads, overlays, fills in the environment, checks everything, plans. Reads the named files and the
/// environment only.
[[nodiscard]] loaded load(const load_request& request, const catalog& connectors);

/// The typed plan as `check` prints it: columns of each stage, guarantee of each sink, bound of each window's
/// state.
[[nodiscard]] std::string describe_plan(const topology& t);

/// The expression of the column that has the event time of a parser's `timed_select`.
[[nodiscard]] const projection& time_of_elements(const topology& t, const parser_plan& p);

}  // namespace millrace::config
