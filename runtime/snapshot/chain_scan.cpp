#include "runtime/snapshot/chain_scan.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

namespace millrace::snapshot {
namespace {

class scan {
public:
  scan(file_system& files, const std::string& folder, std::string_view actor)
      : files_(files), folder_(folder), actor_(actor) {}

  expected<scanned_chain> run() {
    auto done = list_names();
    if (done)
      done = find_base();
    if (done)
      done = walk();
    if (done)
      done = judge_the_rest();
    if (!done)
      return unexpected(done.error());
    find_superseded();
    return std::move(out_);
  }

private:
  struct copies {
    bool original = false;
    bool copy = false;
  };

  expected<void> list_names() {
    const auto entries = files_.list(folder_);
    if (!entries)
      return unexpected(entries.error());
    for (const auto& e : *entries) {
      record_name name;
      if (e.name.starts_with("tmp-")) {
        out_.superseded.push_back(e.name);
      } else if (!e.is_folder && parse_file_name(e.name, name)) {
        if (name.is_base)
          bases_.insert(name.sequence);
        else
          (name.is_copy ? increments_[name.sequence].copy : increments_[name.sequence].original) = true;
        out_.highest = std::max(out_.highest, name.sequence);
      }
    }
    return {};
  }

  /// None: missing or damaged.
  expected<std::optional<record>> read(const record_name& name, std::uint64_t* size) {
    const auto bytes = files_.read(folder_ + "/" + to_file_name(name));
    if (!bytes) {
      if (bytes.error().code == ec::not_found || bytes.error().code == ec::corrupt)
        return std::nullopt;
      return unexpected(bytes.error());
    }
    record r;
    switch (decode_record(*bytes, actor_, r)) {
    case reading::later:
      return user_error(ec::unsupported,
                        fmt::format("{}/{} was written by a later version of millrace; run that version, or "
                                    "choose another --state",
                                    folder_, to_file_name(name)));
    case reading::damaged:
      return std::nullopt;
    case reading::whole:
      break;
    }
    if (r.sequence != name.sequence || (r.kind == record_kind::base) != name.is_base)
      return std::nullopt;
    if (size)
      *size = bytes->size();
    return r;
  }

  expected<void> find_base() {
    for (auto sequence = bases_.rbegin(); sequence != bases_.rend(); ++sequence) {
      const record_name name{true, false, *sequence};
      auto r = read(name, &out_.base_bytes);
      if (!r)
        return unexpected(r.error());
      if (*r) {
        out_.chain.base = std::move((*r)->payload);
        out_.base_sequence = *sequence;
        out_.tail = {(*r)->sequence, (*r)->predecessor_checksum};
        out_.life = (*r)->life;
        out_.tail_has_copy = true;  // the base itself is the other copy of what precedes it
        return {};
      }
      drop(name);
      fell_back_ = true;
    }
    return {};
  }

  /// From the base (or the beginning) along the links, as far as they go.
  expected<void> walk() {
    for (auto at = increments_.upper_bound(out_.tail.sequence); at != increments_.end(); ++at) {
      const record_name original{false, false, at->first}, copy{false, true, at->first};
      std::uint64_t size = 0;
      auto first = at->second.original ? read(original, &size) : std::nullopt;
      auto second = at->second.copy ? read(copy, &size) : std::nullopt;
      if (!first || !second)
        return unexpected(first ? second.error() : first.error());
      auto& whole = *first ? *first : *second;
      if (!whole || chain_link{whole->predecessor, whole->predecessor_checksum} != out_.tail)
        return {};
      if (at->second.original && !*first)
        drop(original);
      if (at->second.copy && !*second)
        unreadable_copies_.push_back(to_file_name(copy));
      const bool is_newest = std::next(at) == increments_.end();
      const bool wants_copy = !is_newest || whole->copies > 1;
      if (!*first)
        out_.to_repair.push_back(original);
      if (!*second && wants_copy)
        out_.to_repair.push_back(copy);
      out_.tail = {whole->sequence, whole->checksum};
      out_.life = whole->life;
      out_.tail_has_copy = wants_copy || second->has_value();
      out_.increments_bytes += size;
      ++out_.increments;
      if (whole->kind == record_kind::increment)
        out_.chain.increments.push_back(std::move(whole->payload));
    }
    return {};
  }

  /// What lies behind the end of the chain: one damaged newest increment may be passed over, more may not.
  expected<void> judge_the_rest() {
    out_.chain.sequence = out_.tail.sequence;
    const auto lost = increments_.upper_bound(out_.tail.sequence);
    const bool base_beyond = !bases_.empty() && *bases_.rbegin() > out_.tail.sequence;
    if (lost == increments_.end() && !base_beyond) {
      drop_copies();
      return {};
    }
    // Where a second copy was made, both would have to be damaged; where numbers are left out before it, what
    // had them is gone as well, and passing over this one would go back to before those.
    const bool is_one = !base_beyond && lost != increments_.end() && std::next(lost) == increments_.end() &&
                        !lost->second.copy && lost->first == out_.tail.sequence + 1;
    if (is_one) {
      const record_name name{false, false, lost->first};
      const auto r = read(name, nullptr);
      if (!r)
        return unexpected(r.error());
      if (!*r) {  // whole but without its predecessor would mean that the latter is gone, too
        drop(name);
        drop_copies();
        out_.chain.fell_back_to = out_.tail.sequence;
        return {};
      }
    }
    return user_error(
        ec::corrupt,
        fmt::format(
            "more than one snapshot file of {} in {} is damaged or missing: what is whole ends at number "
            "{} of {}; restore the folder from a backup, or start over with --fresh",
            actor_, folder_, out_.tail.sequence, out_.highest));
  }

  void find_superseded() {
    // One generation alone: its base is the only way to what came before.
    out_.base_due =
        fell_back_ || (bases_.size() == 1 && (increments_.empty() || increments_.begin()->first != 1));
    // Only a whole newest base lets go of what precedes the one before it.
    if (bases_.empty() || *bases_.rbegin() != out_.base_sequence)
      return;
    const auto previous = bases_.size() > 1 ? *std::next(bases_.rbegin()) : 0;
    for (const auto sequence : bases_)
      if (sequence < previous)
        out_.superseded.push_back(to_file_name({true, false, sequence}));
    for (const auto& [sequence, which] : increments_) {
      if (which.original && sequence <= previous)
        out_.superseded.push_back(to_file_name({false, false, sequence}));
      if (which.copy && sequence <= out_.base_sequence)
        out_.superseded.push_back(to_file_name({false, true, sequence}));
    }
  }

  void drop(const record_name& name) {
    out_.damaged.push_back(to_file_name(name));
    ++out_.chain.passed_over;
  }
  void drop_copies() {
    // A second copy that was under way when the power went is no damage worth telling.
    out_.damaged.insert(out_.damaged.end(), unreadable_copies_.begin(), unreadable_copies_.end());
  }

  file_system& files_;
  const std::string& folder_;
  std::string_view actor_;
  std::set<std::uint64_t> bases_;
  std::map<std::uint64_t, copies> increments_;
  std::vector<std::string> unreadable_copies_;
  bool fell_back_ = false;
  scanned_chain out_;
};

}  // namespace

expected<scanned_chain> scan_chain(file_system& files, const std::string& folder, std::string_view actor) {
  return scan(files, folder, actor).run();
}

}  // namespace millrace::snapshot
