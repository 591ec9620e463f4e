// Opening a state folder: finds out what a folder is before anything in it is touched, takes the lock,
// creates, starts over, repairs.
#include "runtime/snapshot/dir_store.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/size_limits.hpp"
#include "runtime/snapshot/value_file.hpp"
#include "runtime/wire/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace millrace::snapshot {
namespace {

/// Of the folder as a whole: raised when anything in it changes its meaning.
/// 2: increments lie one after another in a file. 3: they are runs, each at a place of its own.
/// Earlier ones are read, and become 3 when they are opened for writing.
constexpr std::uint16_t folder_version = 3;
constexpr std::string_view identity_name = "identity";

std::string random_id() {
  std::random_device random;  // the kernel's
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

expected<folder_record> decode_folder_record(std::string_view bytes, const std::string& folder) {
  wire::reader in(bytes);
  const auto version = in.fixed<std::uint16_t>();
  if (in.ok() && version > folder_version)
    return user_error(
        ec::unsupported,
        fmt::format("the state folder {} has format {}, this version of millrace reads up to {}; run "
                    "the later version, or choose another --state",
                    folder, version, folder_version));
  folder_record r;
  r.is_older = version < folder_version;
  r.id.state_id = in.string();
  r.id.topology = in.string();
  r.id.previous_state_id = in.string();
  r.id.finished = in.fixed<std::uint8_t>() != 0;
  r.given_below = in.fixed<std::uint64_t>();
  if (!in.ok() || !in.at_end())
    return our_error(fmt::format("the identity of the state folder {} is whole but unreadable", folder));
  return r;
}

class opening {
public:
  opening(const open_options& options, file_system& files, base_rule rule, bool blank = false)
      : options_(options), files_(files), rule_(rule), blank_(blank), folder_(options.folder) {
    while (folder_.size() > 1 && folder_.ends_with('/'))
      folder_.pop_back();
  }

  expected<std::unique_ptr<state_store>> run() {
    if (folder_.empty())
      return user_error(ec::invalid_argument, "the state folder has no name; give one with --state DIR");
    auto done = look();
    if (done && !options_.read_only)
      done = make_parents().and_then([this] { return files_.claim_folder(folder_); }).and_then([this] {
        return take_lock();
      });
    if (done)
      done = read_identity();
    if (done && !options_.read_only)
      done = write_what_is_due();
    if (!done)
      return unexpected(done.error());
    return std::make_unique<dir_store>(files_, folder_, std::move(lock_), std::move(record_),
                                       options_.read_only, rule_);
  }

private:
  [[nodiscard]] std::string state_folder(const std::string& id) const { return folder_ + "/state-" + id; }

  /// Refuses folders of others before it writes anything into them.
  expected<void> look() {
    const auto entries = files_.list(folder_);
    if (!entries && entries.error().code == ec::not_found && !options_.read_only)
      return {};
    if (!entries && entries.error().code == ec::not_found)
      return user_error(ec::not_found, fmt::format("there is no state folder {}", folder_));
    if (!entries)
      return unexpected(entries.error());
    std::string foreign;
    bool is_ours = false;
    for (const auto& e : *entries) {
      if (e.name.starts_with("identity.") || e.name == "lock" || e.name.starts_with("state-"))
        is_ours = true;
      else if (foreign.empty() && e.name != "lost+found")  // of an empty file system
        foreign = e.name;
    }
    if (!is_ours && !foreign.empty())
      return user_error(ec::mismatch,
                        fmt::format("{} is not a state folder and not empty (there is {}); choose "
                                    "another --state, or an empty folder",
                                    folder_, foreign));
    return {};
  }

  expected<void> make_parents() {
    for (std::size_t slash = 0; slash != std::string::npos;) {
      slash = folder_.find('/', slash + 1);
      const auto path = folder_.substr(0, slash);
      const auto made = files_.make_folder(path);
      if (!made)
        return unexpected(made.error());
      if (*made)
        if (auto done = files_.sync_folder(parent_of(path)); !done)
          return done;
    }
    return {};
  }

  static std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  }

  expected<void> take_lock() {
    auto lock = files_.lock(folder_ + "/lock");
    if (!lock && lock.error().code == ec::locked)
      return user_error(ec::locked,
                        fmt::format("the state folder {} is in use by {}; stop that one first, or "
                                    "choose another --state",
                                    folder_, lock.error().message));
    if (!lock)
      return unexpected(lock.error());
    lock_ = std::move(*lock);
    return {};
  }

  expected<void> read_identity() {
    const auto stored = read_value(files_, folder_, identity_name);
    if (!stored && stored.error().code == ec::not_found)
      return without_identity();
    if (!stored && stored.error().code == ec::corrupt && options_.fresh)
      return start_over_blindly();
    if (!stored)
      return unexpected(stored.error());
    auto record = decode_folder_record(stored->payload, folder_);
    if (!record)
      return unexpected(record.error());
    record_ = std::move(*record);
    record_.generation = stored->generation;
    if (!options_.topology.empty() && record_.id.topology != options_.topology)
      return user_error(ec::mismatch,
                        fmt::format("the state folder {} belongs to the topology {}, not to {}; give "
                                    "each topology a --state of its own",
                                    folder_, record_.id.topology, options_.topology));
    is_due_ = stored->copies_differ || record_.is_older;
    if (options_.fresh) {
      record_.id.previous_state_id = record_.id.state_id;
      begin_new_state();
      return {};
    }
    const auto state = files_.list(state_folder(record_.id.state_id));
    if (!state && state.error().code == ec::not_found)
      return user_error(ec::corrupt,
                        fmt::format("{} is missing; restore it from a backup, or start over with "
                                    "--fresh",
                                    state_folder(record_.id.state_id)));
    if (!state)
      return unexpected(state.error());
    return {};
  }

  expected<void> without_identity() {
    const auto entries = files_.list(folder_);
    if (!entries)
      return unexpected(entries.error());
    std::string last_state;
    bool has_others = false;
    for (const auto& e : *entries) {
      if (e.name.starts_with("state-"))
        last_state = e.name;
      has_others = has_others || !(e.name == "lock" || e.name == "lost+found" ||
                                   e.name.starts_with("identity.") || e.name.starts_with("state-"));
    }
    if (options_.read_only)
      return user_error(ec::mismatch, fmt::format("{} is not a state folder", folder_));
    // The state's folder is made before the first identity, so it alone may be a first start that was cut
    // short, but then it is empty.
    if (!last_state.empty() && !is_blank(folder_ + "/" + last_state)) {
      if (options_.fresh)
        return start_over_blindly();
      return user_error(ec::corrupt,
                        fmt::format("both copies of {}/identity are missing; restore the folder from a "
                                    "backup, or start over with --fresh",
                                    folder_));
    }
    if (last_state.empty() && has_others)
      return user_error(ec::mismatch,
                        fmt::format("{} is not a state folder and not empty; choose another --state, "
                                    "or an empty folder",
                                    folder_));
    record_.id.topology = options_.topology;
    begin_new_state();
    return {};
  }

  bool is_blank(const std::string& state) {
    for (const auto* part : {"/snapshots", "/journals", "/values"})
      if (const auto entries = files_.list(state + part); entries && !entries->empty())
        return false;
    return true;
  }

  /// The identity is lost: incarnation numbers go on from the clock, which is above any that was counted.
  expected<void> start_over_blindly() {
    record_.id.topology = options_.topology;
    record_.given_below = static_cast<incarnation>(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
    begin_new_state();
    return {};
  }

  void begin_new_state() {
    record_.id.state_id = random_id();
    record_.id.finished = false;
    is_new_ = is_due_ = true;
  }

  /// First the new state's folder, then the identity that makes it count, then the removal of the others.
  expected<void> write_what_is_due() {
    if (is_new_)
      if (auto done = make_state_folder(); !done)
        return done;
    if (is_due_) {
      ++record_.generation;
      if (auto done =
              write_value(files_, folder_, identity_name, encode_folder_record(record_), record_.generation);
          !done)
        return done;
    }
    if (blank_ && !is_new_)
      if (auto done = forget_contents(); !done)
        return done;
    return clean_up();
  }

  /// A process that dies within it leaves values, and asks for it again.
  expected<void> forget_contents() {
    const auto state = state_folder(record_.id.state_id);
    for (const auto* part : {"/snapshots", "/segments", "/journals", "/values"})
      if (const auto entries = files_.list(state + part))
        for (const auto& e : in_order_of_removal(*entries)) {
          const auto path = state + part + "/" + e.name;
          auto done = e.is_folder ? remove_tree(path) : files_.remove(path);
          if (!done)
            return done;
        }
    return {};
  }

  /// What says that this state was tried by another topology is removed last.
  static std::vector<file_system::entry> in_order_of_removal(std::vector<file_system::entry> entries) {
    std::stable_partition(entries.begin(), entries.end(), [](const file_system::entry& e) {
      return !e.name.starts_with(file_name_of(tried_name));
    });
    return entries;
  }

  expected<void> make_state_folder() {
    const auto state = state_folder(record_.id.state_id);
    for (const auto& path : {state, state + "/snapshots", state + "/journals", state + "/values"})
      if (const auto made = files_.make_folder(path); !made)
        return unexpected(made.error());
    return files_.sync_folder(state)
        .and_then([this] { return files_.sync_folder(folder_); })
        .and_then([this] { return files_.sync_folder(parent_of(folder_)); });
  }

  /// States that no longer count, and what writes that were cut short have left.
  expected<void> clean_up() {
    const auto current = "state-" + record_.id.state_id;
    const auto entries = files_.list(folder_);
    if (!entries)
      return unexpected(entries.error());
    for (const auto& e : *entries) {
      const bool is_old_state = e.name.starts_with("state-") && e.name != current;
      if (!is_old_state && !(e.name.starts_with("identity.") && e.name.ends_with(".tmp")))
        continue;
      if (auto done = remove_tree(folder_ + "/" + e.name); !done)
        return done;
    }
    for (const auto* part : {"/journals", "/values"}) {
      const auto names = files_.list(folder_ + "/" + current + part);
      if (!names)
        return unexpected(names.error());
      for (const auto& e : *names)
        if (e.name.ends_with(".tmp"))
          if (auto done = files_.remove(folder_ + "/" + current + part + "/" + e.name); !done)
            return done;
    }
    const auto values = folder_ + "/" + current + "/values";
    // What is read from here on must last, also where its writer died before it had synced the names.
    return repair_values(values).and_then([&] { return files_.sync_folder(values); }).and_then([this] {
      return files_.sync_folder(folder_);
    });
  }

  /// A value of which one copy is damaged or older gets two equal ones again.
  expected<void> repair_values(const std::string& folder);

  expected<void> remove_tree(const std::string& path) {
    if (const auto entries = files_.list(path))
      for (const auto& e : *entries) {
        auto done = e.is_folder ? remove_tree(path + "/" + e.name) : files_.remove(path + "/" + e.name);
        if (!done)
          return done;
      }
    return files_.remove(path);
  }

  const open_options& options_;
  file_system& files_;
  base_rule rule_;
  bool blank_;
  std::string folder_;
  std::unique_ptr<folder_lock> lock_;
  folder_record record_;
  bool is_new_ = false;  // a new state id
  bool is_due_ = false;  // the identity has to be written
};

expected<void> opening::repair_values(const std::string& folder) {
  const auto entries = files_.list(folder);
  if (!entries)
    return unexpected(entries.error());
  for (const auto& e : *entries) {
    const auto bytes = read_at_most(files_, folder + "/" + e.name, largest_value);
    const auto name = bytes ? value_name(*bytes) : std::nullopt;
    if (!name)
      continue;  // its other copy says the name
    const auto stored = read_value(files_, folder, *name);
    if (!stored && stored.error().code == ec::corrupt)
      continue;  // told when somebody asks for it
    if (!stored)
      return unexpected(stored.error());
    if (!stored->copies_differ)
      continue;
    if (auto done = write_value(files_, folder, *name, stored->payload, stored->generation + 1); !done)
      return done;
  }
  return {};
}

}  // namespace

std::string encode_folder_record(const folder_record& r) {
  wire::writer out;
  out.fixed(folder_version);
  out.string(r.id.state_id);
  out.string(r.id.topology);
  out.string(r.id.previous_state_id);
  out.fixed(static_cast<std::uint8_t>(r.id.finished));
  out.fixed(r.given_below);
  return out.take();
}

expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options, file_system& files,
                                                      base_rule rule) {
  return opening(options, files, rule).run();
}

expected<std::unique_ptr<state_store>> open_blank_dir_store(const open_options& options, file_system& files) {
  return opening(options, files, {}, true).run();
}

expected<std::unique_ptr<state_store>> open_dir_store(const open_options& options) {
  return open_dir_store(options, posix_file_system());
}

}  // namespace millrace::snapshot
