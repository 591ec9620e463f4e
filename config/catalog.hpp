// Config knows this much of a connector: its kind, type, options and checks, not its code. The list itself is
// actors/catalog.cpp; it is passed in, so that config depends on no connector.
#pragma once

#include "config/options.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/data/type.hpp"

#include <functional>
#include <string>
#include <vector>

namespace millrace::config {

enum class stage_kind : std::uint8_t { source, parser, transform, window, sink };
[[nodiscard]] std::string_view to_string(stage_kind k);  // the key that says it: "source", "parser", ...

/// A check of one connector may look at these, and report findings.
struct check_input {
  const values& options;
  const data::schema* input = nullptr;  // a sink's: the columns that it gets (hidden ones last)
};
using say = std::function<void(std::string_view option, std::string message)>;  // "" = the stage as a whole

struct connector {
  stage_kind kind = stage_kind::source;
  std::string type;  // "kafka"
  std::string doc;   // one sentence
  std::vector<option> options{};
  /// Checks what goes beyond single options: combinations, columns that must exist. May be empty.
  std::function<void(const check_input&, const say&)> check{};
  /// A source says whether its log comes to an end, and whether it stores timestamps with its records.
  std::function<bool(const values&)> bounded{};
  bool stores_timestamps = false;
  /// Each lane of the source keeps an identity of the partitions that it reads, since they may have several lanes.
  bool identity_by_lane = false;
  /// A source whose records have keys says of what type they are. None: `_key` is null.
  std::function<data::type_id(const values&)> key_type{};
  /// A source says whether a line in front of the records names their columns, if a parser asks. None: never.
  std::function<bool(const values&)> gives_header{};
  /// A source says whether it splits what it reads into records before any parser asks, hence alike for all of them. None: never.
  std::function<bool(const values&)> splits_once{};
  /// A source splits a text into records as its parser's `framing` says; others get whole messages.
  bool splits_text = false;
  /// A parser gives its columns, where they never differ (it takes no schema then), and says if they nest.
  std::vector<data::field> fixed_columns{};
  bool nested_columns = true;
  /// A source that cannot be asked again tells what may be lost; a sink "exactly once (rows and position in
  /// one transaction)", as `check` prints it.
  std::string guarantee{};
  /// A sink says where its progress will be kept, where that depends on the logs that feed it. `more`: others
  /// like the last of them, one for each partition that a source turns out to have.
  std::function<std::string(const std::vector<log_id>& logs, bool more)> progress_place{};
  /// Columns that a sink's own options name (kafka's key and value, sql's key, a template's), for projection.
  std::function<std::vector<std::string>(const values&)> columns_named{};
};

using catalog = std::vector<connector>;

}  // namespace millrace::config
