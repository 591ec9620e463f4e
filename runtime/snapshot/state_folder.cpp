// Opens a state folder: finds out what a folder is before anything in it is touched, takes the lock, creates,
// starts over.
#include "runtime/base/random.hpp"
#include "runtime/snapshot/control_chain.hpp"
#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/leftovers.hpp"
#include "runtime/snapshot/made_folders.hpp"
#include "runtime/snapshot/value_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::snapshot {
namespace {

// Finds out whether the chain DIR/control has lost its newest records. A chain whose newest files were deleted
// is a shorter chain that is whole, so the folder would be taken for what it was then. The contents of the
// state tell, where they have changed since.

/// Says whether the chain names other contents by now: another process may have the folder where its lock does
/// not hold, and what it begins stands in the chain before it is used.
expected<bool> has_gone_on(file_system& files, const std::string& folder, const folder_record& since) {
  return look_at_control(files, folder).map([&](const found_control& now) {
    const auto& record = now.state.folder;
    return record && (record->id.state_id != since.id.state_id || record->contents != since.contents);
  });
}

/// `record`: what DIR/control says of the folder. ec::corrupt, with file and remedy, where the contents that
/// the record names are gone and others are there. It changes nothing.
expected<void> check_control_is_newest(file_system& files, const std::string& folder,
                                       const folder_record& record) {
  const auto state = state_folder_of(folder, record.id.state_id);
  ASSIGN_OR_RETURN(const auto entries, files.list(state));
  const auto& named = record.contents.empty() ? std::string(store_name) : record.contents;
  std::string other;
  for (const auto& e : entries) {
    if (e.name == named)
      return {};
    if (e.name.starts_with(contents_begin))
      other = e.name;
  }
  if (other.empty())
    return {};
  ASSIGN_OR_RETURN(const auto gone_on, has_gone_on(files, folder, record));
  if (gone_on)
    return {};
  return user_error(ec::corrupt,
                    fmt::format("{} has lost its newest records: {}/{} is gone, and {} is there; restore the "
                                "state folder from a backup, or start over with --fresh",
                                control_folder(folder), state, named, other));
}

// The note of a state folder's format, in the two copies of the value "identity": any build that opens the
// folder finds it there, also where it cannot read the rest.

/// The value "identity", as it was found.
struct found_note {
  bool is_there = false;
  bool is_damaged = false;       // both copies
  bool copies_differ = false;    // one is
  std::uint64_t generation = 0;  // the newer copy's
  std::uint16_t version = 0;

  [[nodiscard]] bool is_of_now() const {
    return is_there && !is_damaged && !copies_differ && version == folder_version;
  }
  [[nodiscard]] bool is_earlier() const { return is_there && !is_damaged && version < folder_version; }
};
constexpr std::string_view identity_name = "identity";

/// ec::unsupported where a later version has written it.
expected<found_note> read_note(file_system& files, const std::string& folder) {
  found_note found;
  const auto stored = read_value(files, folder, identity_name);
  if (!stored && stored.error().code == ec::not_found)
    return found;
  found.is_there = true;
  found.is_damaged = !stored && stored.error().code == ec::corrupt;
  if (found.is_damaged)
    return found;
  if (!stored)
    return unexpected(stored.error());
  found.generation = stored->generation;
  found.copies_differ = stored->copies_differ;
  return decode_note(stored->payload, folder).map([&](std::uint16_t version) {
    found.version = version;
    return std::move(found);
  });
}

/// Replaces the note `found`, which gets the new one's generation. `writer` tells the temporary files of two
/// writers apart.
expected<void> write_note(file_system& files, const std::string& folder, found_note& found,
                          std::string_view writer) {
  ++found.generation;
  return write_value(files, folder, identity_name, encode_note(), found.generation, writer);
}

/// It is above any number that was counted.
incarnation seconds_of_clock() {
  return static_cast<incarnation>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

class folder_opener {
public:
  folder_opener(const open_options& options, file_system& files,
                std::optional<named_values> kept = std::nullopt)
      : options_(options), files_(files), kept_(std::move(kept)), folder_(options.folder) {
    while (folder_.size() > 1 && folder_.ends_with('/'))
      folder_.pop_back();
  }

  expected<std::unique_ptr<state_store>> run() {
    if (folder_.empty())
      return user_error(ec::invalid_argument, "the state folder has no name; give one with --state DIR");
    auto done = look();
    if (done && !options_.read_only) {
      look_who_was_here();
      done = make_own_folder(files_, folder_)
                 .and_then([this] { return take_lock(); })
                 .and_then([this] { return note_names(files_, folder_); })
                 .map([this](noted_names&& n) { noted_ = std::move(n); });
    }
    if (done)
      done = find();
    if (done && !options_.read_only)
      done = open_for_writing();
    if (!done)
      return unexpected(done.error());
    return std::make_unique<dir_store>(
        files_, opened_folder{folder_, std::move(lock_), std::move(control_), std::move(known_)});
  }

private:
  [[nodiscard]] std::string state_folder() const {
    return state_folder_of(folder_, known_.folder->id.state_id);
  }

  /// Refuses folders of others before it writes anything into them.
  expected<void> look() {
    const auto entries = files_.list(folder_);
    if (!entries && entries.error().code == ec::not_found && !options_.read_only)
      return {};
    if (!entries && entries.error().code == ec::not_found)
      return user_error(ec::not_found, fmt::format("there is no state folder {}", folder_));
    if (!entries)
      return unexpected(entries.error());
    auto foreign = name_of_others(*entries);
    // Another process may be making the folder: a listing that shows what came later may lack the lock.
    if (!foreign.empty())
      foreign = files_.list(folder_).map(name_of_others).value_or(std::move(foreign));
    if (!foreign.empty())
      return user_error(ec::mismatch,
                        fmt::format("{} is not a state folder and not empty (there is {}); choose "
                                    "another --state, or an empty folder",
                                    folder_, foreign));
    return {};
  }

  /// This process looks before it takes the lock: another one that has opened the folder since then has it,
  /// and this process is late. find() says why the chain cannot be read.
  void look_who_was_here() {
    const auto control = look_at_control(files_, folder_);
    highest_ = control ? std::optional(control->highest) : std::nullopt;
  }

  /// Names what says that a folder is somebody else's; empty where nothing does.
  static std::string name_of_others(const std::vector<file_system::entry>& entries) {
    std::string foreign;
    for (const auto& e : entries) {
      if (e.name.starts_with("identity.") || e.name == "lock" || e.name.starts_with(state_begin))
        return {};
      if (foreign.empty() && e.name != "lost+found")  // an empty file system has one
        foreign = e.name;
    }
    return foreign;
  }

  expected<void> take_lock() {
    ASSIGN_OR_RETURN(
        lock_, lock_state_folder(files_, folder_, "lock", "stop that one first, or choose another --state"));
    return {};
  }

  /// Reads what the folder is, and refuses what may not be opened.
  expected<void> find() {
    ASSIGN_OR_RETURN(note_, read_note(files_, folder_));
    // The listing comes before the look, which may find damage: files that come later stay.
    ASSIGN_OR_RETURN(const auto last, options_.fresh ? last_place_of_control(files_, folder_)
                                                     : expected<std::uint64_t>(std::uint64_t{0}));
    auto control = look_at_control(files_, folder_);
    if (!control && options_.fresh && is_given_up_by_fresh(control.error())) {
      forget_up_to_ = last;
      return start_over_blindly();
    }
    if (!control)
      return unexpected(control.error());
    if (!highest_)
      highest_ = control->highest;
    if (control->state.folder) {
      known_ = std::move(control->state);
      return check_known().and_then([this] { return check_newest(); });
    }
    return note_.is_there ? without_control() : without_identity();
  }

  static bool is_given_up_by_fresh(const error& e) {
    return e.code == ec::corrupt || e.code == ec::mismatch;  // an earlier format gives these
  }

  expected<void> check_known() const {
    if (!options_.topology.empty() && known_.folder->id.topology != options_.topology)
      return user_error(ec::mismatch,
                        fmt::format("the state folder {} belongs to the topology {}, not to {}; give "
                                    "each topology a --state of its own",
                                    folder_, known_.folder->id.topology, options_.topology));
    if (options_.fresh)
      return {};
    const auto state = files_.list(state_folder());
    if (!state && state.error().code == ec::not_found)
      return user_error(ec::corrupt,
                        fmt::format("{} is missing; restore it from a backup, or start over with "
                                    "--fresh",
                                    state_folder()));
    if (!state)
      return unexpected(state.error());
    return {};
  }

  expected<void> check_newest() const {
    return options_.fresh || options_.read_only ? expected<void>()
                                                : check_control_is_newest(files_, folder_, *known_.folder);
  }

  /// The note says that there was a chain.
  expected<void> without_control() {
    if (options_.fresh)
      return start_over_blindly();
    if (note_.is_earlier())
      return earlier_folder(folder_, note_.version);
    return user_error(ec::corrupt,
                      fmt::format("{} is {}; restore the folder from a backup, or start over with --fresh",
                                  note_.is_damaged ? folder_ + "/identity" : control_folder(folder_),
                                  note_.is_damaged ? "damaged, both copies of it" : "missing or empty"));
  }

  expected<void> without_identity() {
    ASSIGN_OR_RETURN(const auto entries, files_.list(folder_));
    std::string last_state;
    bool has_others = false;
    for (const auto& e : entries) {
      if (e.name.starts_with(state_begin))
        last_state = e.name;
      has_others = has_others || !(e.name == "lock" || e.name == "lost+found" || e.name == "control" ||
                                   e.name.starts_with("identity.") || e.name.starts_with(state_begin));
    }
    if (options_.read_only)
      return user_error(ec::mismatch, fmt::format("{} is not a state folder", folder_));
    // The state's folder is made before the first record, so it alone may be a first start that was cut
    // short, but then it is empty.
    if (!last_state.empty() && !is_blank(folder_ + "/" + last_state)) {
      if (options_.fresh)
        return start_over_blindly();
      return user_error(ec::corrupt,
                        fmt::format("{} and both copies of {}/identity are missing; restore the folder from "
                                    "a backup, or start over with --fresh",
                                    control_folder(folder_), folder_));
    }
    if (last_state.empty() && has_others)
      return user_error(ec::mismatch,
                        fmt::format("{} is not a state folder and not empty; choose another --state, "
                                    "or an empty folder",
                                    folder_));
    known_.folder.emplace().id.topology = options_.topology;
    is_new_ = true;
    return {};
  }

  bool is_blank(const std::string& state) {
    const auto entries = files_.list(state);
    if (entries)
      for (const auto& e : *entries)
        if (const auto below = files_.list(state + "/" + e.name); below && !below->empty())
          return false;
    return true;
  }

  /// Some lives that have opened DIR/control are not known, so terms go on from the clock.
  expected<void> start_over_blindly() {
    known_.folder.emplace().id.topology = options_.topology;
    highest_ = std::max(highest_.value_or(chain::life()), chain::life{seconds_of_clock(), 0});
    is_new_ = true;
    return {};
  }

  /// The opening of DIR/control shuts other processes of the same age out: they can change nothing any more.
  /// So this process makes folders only after it, and removes then what it has noted before.
  expected<void> open_for_writing() {
    ASSIGN_OR_RETURN(control_, control_chain::open(files_, folder_, *highest_, forget_up_to_));
    if (control_->known().folder) {
      known_ = control_->known();
      is_new_ = false;
      if (auto done = check_known(); !done)
        return done;
    }
    return begin_what_is_new().and_then([this] { return write_what_is_due(); });
  }

  /// The folders come first, so that they are there when the record counts.
  expected<void> begin_what_is_new() {
    auto& record = *known_.folder;
    if (is_new_ || options_.fresh) {
      if (!is_new_)
        record.id.previous_state_id = record.id.state_id;
      record.id.state_id = random_id();
      record.id.finished = false;
      record.contents.clear();
    } else if (kept_) {
      record.contents = std::string(contents_begin) + random_id();
    } else {
      return {};
    }
    change_ = {true, record, kept_.value_or(named_values())};
    const auto state = state_folder();
    const auto contents = contents_folder_of(folder_, record.id.state_id, record.contents);
    for (const auto& path : {state, contents, fmt::format("{}/{}", contents, store_name)})
      RETURN_IF_ERROR(files_.make_folder(path));
    return files_.sync_folder(contents)
        .and_then([&] { return contents == state ? expected<void>() : files_.sync_folder(state); })
        .and_then([this] { return files_.sync_folder(folder_); })
        .and_then([this] { return files_.sync_folder(folder_above(folder_)); });
  }

  /// Writes the record that makes it count, then removes the others. The note comes last: with it, a folder
  /// without its record is damaged.
  expected<void> write_what_is_due() {
    if (change_)
      if (auto done = control_->change(std::move(*change_)); !done)
        return done;
    remove_trees(files_, folder_, leftovers_of(noted_, *control_->known().folder));
    return note_.is_of_now() ? expected<void>() : write_note(files_, folder_, note_, writer_);
  }

  const open_options& options_;
  file_system& files_;
  std::optional<named_values> kept_;  // values of a state that becomes blank
  std::string folder_;
  std::string writer_ = random_id();
  std::unique_ptr<folder_lock> lock_;
  noted_names noted_;  // names that were noted before DIR/control was opened
  found_note note_;
  control_state known_;                 // it has a record
  std::optional<chain::life> highest_;  // the highest life in DIR/control, before the lock was taken
  std::uint64_t forget_up_to_ = 0;
  bool is_new_ = false;  // there is no record
  std::optional<control_change> change_;
  std::unique_ptr<control_chain> control_;
};

}  // namespace

expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options, file_system& files) {
  return folder_opener(options, files).run();
}

expected<std::unique_ptr<state_store>> open_blank_dir_store(const open_options& options, file_system& files,
                                                            named_values kept) {
  return folder_opener(options, files, std::move(kept)).run();
}

expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options) {
  return open_dir_store(options, posix_file_system());
}

}  // namespace millrace::snapshot
