// A state folder knows of itself whose state it is, where the contents of that lie, and its small named values. All that is a chain of changes (DIR/control); here are their bytes and what they add up to.
// This header does no I/O. docs/formats.md draws the bytes.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

/// The format of the folder as a whole is raised when anything in it changes its meaning. Folders of earlier
/// formats are refused.
inline constexpr std::uint16_t folder_version = 7;

struct folder_record {
  identity id;
  /// The folder below the state's own that the store of its chains lies in; empty: the state's own. A state
  /// that becomes blank gets a new one.
  std::string contents;
};

using named_values = std::map<std::string, std::string, std::less<>>;

/// A record of the chain is a change. A base is one that starts over and has everything.
struct control_change {
  bool starts_over = false;  // earlier records count no more
  std::optional<folder_record> folder;
  named_values values;  // set or replaced
};

struct control_state {
  std::optional<folder_record> folder;  // none: nobody has begun a state here
  named_values values;

  void apply(control_change change);
};

[[nodiscard]] std::string encode_change(const control_change& c);
/// `folder` is for texts. ec::unsupported: a later version has written it; ec::mismatch: an earlier one.
[[nodiscard]] expected<control_change> decode_change(std::string_view bytes, const std::string& folder);
[[nodiscard]] expected<control_state> sum_up(chain::contents records, const std::string& folder);

/// The value "identity" holds the format of the folder alone.
[[nodiscard]] std::string encode_note();
/// Returns the format; the rest of an earlier one is not read. ec::unsupported: it is a later one.
[[nodiscard]] expected<std::uint16_t> decode_note(std::string_view bytes, const std::string& folder);

/// ec::mismatch: the folder has the earlier format `version`.
[[nodiscard]] unexpected earlier_folder(const std::string& folder, std::uint16_t version);

}  // namespace millrace::snapshot
