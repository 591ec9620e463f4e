// What a state folder knows of itself: whose state it is, which incarnations may have been given out, and its
// small named values. It is a chain of changes (DIR/control); here are their bytes and what they add up to.
// No I/O. Drawn in docs/formats.md.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::snapshot {

/// Of the folder as a whole: raised when anything in it changes its meaning.
/// 2: increments lie one after another in a file. 3: they are runs, each at a place of its own. 4: identity,
/// values and journals are chains, too. Earlier ones are read, and become 4 when they are opened for writing.
inline constexpr std::uint16_t folder_version = 4;

struct folder_record {
  identity id;
  incarnation given_below = 1;  // numbers below this may have been handed out
  /// The folder below the state's own that actors have their files in; empty: the state's own. A state that
  /// becomes blank gets a new one.
  std::string contents;
};

using named_values = std::map<std::string, std::string, std::less<>>;

/// A record of the chain. A base is a change that starts over and has everything.
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

/// The payload of the value "identity", which earlier versions look at first.
struct identity_note {
  std::uint16_t version = 0;
  /// None: the chain has it. Before format 4 it lay here; while such a folder is taken over it does, too.
  std::optional<folder_record> record;
};

/// In this version's format.
[[nodiscard]] std::string encode_note(const std::optional<folder_record>& record);
[[nodiscard]] expected<identity_note> decode_note(std::string_view bytes, const std::string& folder);

}  // namespace millrace::snapshot
