// A state folder knows of itself whose state it is, which incarnations may have been given out, and its small
// named values. All that is a chain of changes (DIR/control); here are their bytes and what they add up to.
// Nothing here does I/O. docs/formats.md draws the bytes.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

/// The format of the folder as a whole is raised when anything in it changes its meaning. In format 2
/// increments lie one after another in a file, in format 3 they are runs, each at a place of its own, and in
/// format 4 identity, values and journals are chains, too. Folders of earlier formats are read, and become 4
/// when they are opened for writing.
inline constexpr std::uint16_t folder_version = 4;

struct folder_record {
  identity id;
  incarnation given_below = 1;  // numbers below this may have been handed out
  /// The folder below the state's own that actors have their files in; empty: the state's own. A state that
  /// becomes blank gets a new one.
  std::string contents;
};

using named_values = std::map<std::string, std::string, std::less<>>;

/// A record of the chain is a change. A base is one that starts over and has everything.
struct control_change {
  bool starts_over = false;  // nothing that stands before counts any more
  std::optional<folder_record> folder;
  named_values values;  // set or replaced
};

struct control_state {
  std::optional<folder_record> folder;  // none: nobody has begun a state here
  named_values values;

  void apply(control_change change);
};

[[nodiscard]] std::string encode_change(const control_change& c);
/// `folder` is for texts. ec::unsupported: a later version has written it.
[[nodiscard]] expected<control_change> decode_change(std::string_view bytes, const std::string& folder);
[[nodiscard]] expected<control_state> sum_up(chain::contents records, const std::string& folder);

/// The value "identity" holds this; earlier versions look at it first.
struct identity_note {
  std::uint16_t version = 0;
  /// It is none where the chain has it. Before format 4 it lay here, and does while such a folder is taken
  /// over.
  std::optional<folder_record> record;
};

/// Writes the note in this version's format.
[[nodiscard]] std::string encode_note(const std::optional<folder_record>& record);
[[nodiscard]] expected<identity_note> decode_note(std::string_view bytes, const std::string& folder);

}  // namespace millrace::snapshot
