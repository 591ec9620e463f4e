#include "runtime/snapshot/chain_scan.hpp"

#include "runtime/snapshot/size_limits.hpp"

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

  /// None: missing, or `is_unreadable`.
  expected<std::optional<std::string>> contents_of(const record_name& name, bool& is_unreadable) {
    auto bytes = read_at_most(files_, folder_ + "/" + to_file_name(name), largest_chain_file);
    if (!bytes && bytes.error().code != ec::not_found && bytes.error().code != ec::corrupt)
      return unexpected(bytes.error());
    is_unreadable = !bytes && bytes.error().code == ec::corrupt;
    return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
  }
  expected<std::optional<std::string>> contents_of(const record_name& name) {
    bool ignored = false;
    return contents_of(name, ignored);
  }

  /// The record that `bytes` begin with, `size` bytes long; none: damaged.
  expected<std::optional<record>> first_of(std::string_view bytes, const record_name& name,
                                           std::size_t& size) {
    record r;
    const auto found = decode_first_record(bytes, actor_, r, size);
    if (found == reading::later)
      return user_error(ec::unsupported,
                        fmt::format("{}/{} was written by a later version of millrace; run that version, or "
                                    "choose another --state",
                                    folder_, to_file_name(name)));
    if (found == reading::damaged || (r.kind == record_kind::base) != name.is_base)
      return std::nullopt;
    return r;
  }

  expected<void> find_base() {
    for (auto sequence = bases_.rbegin(); sequence != bases_.rend(); ++sequence) {
      const record_name name{true, false, *sequence};
      const auto bytes = contents_of(name);
      if (!bytes)
        return unexpected(bytes.error());
      std::size_t size = 0;
      auto r = first_of(bytes->value_or(""), name, size);
      if (!r)
        return unexpected(r.error());
      if (*r && (*r)->sequence == *sequence && size == (*bytes)->size()) {
        out_.chain.base = std::move((*r)->payload);
        out_.base_sequence = *sequence;
        out_.base_bytes = size;
        out_.tail = {(*r)->sequence, (*r)->predecessor_checksum};
        out_.life = (*r)->life;
        return {};
      }
      drop(name);
      fell_back_ = true;
    }
    return {};
  }

  /// From the base (or the beginning) along the links, as far as they go.
  expected<void> walk() {
    for (lost_ = increments_.upper_bound(out_.tail.sequence); lost_ != increments_.end(); ++lost_) {
      const auto followed = follow(lost_);
      if (!followed)
        return unexpected(followed.error());
      if (!*followed)
        return {};
    }
    return {};
  }

  /// One file of increments and its second copy, in which the same record lies at the same place. False where
  /// the chain does not go on in it.
  expected<bool> follow(std::map<std::uint64_t, copies>::const_iterator at) {
    const auto next = std::next(at);
    const bool is_newest = next == increments_.end();
    both_files f{{{false, false, at->first}, {}}, {{false, true, at->first}, {}}};
    for (auto* file : {&f.original, &f.copy}) {
      auto bytes = contents_of(file->name, file->is_unreadable);
      if (!bytes)
        return unexpected(bytes.error());
      file->is_there = bytes->has_value() || file->is_unreadable;
      file->bytes = std::move(*bytes).value_or("");
    }
    for (;;) {
      // What bears a number of the next file's is the rest of an append that failed.
      const auto wanted = f.end == 0 ? at->first : out_.tail.sequence + 1;
      if (!is_newest && wanted >= next->first)
        break;
      const auto taken = take_record(f, wanted);
      if (!taken)
        return unexpected(taken.error());
      if (!*taken)
        break;
    }
    if (f.end == 0)
      return false;
    ++out_.files;
    note_repairs(f);
    if (is_newest) {
      ends_in_copy_alone_ = f.ends_in_copy_alone;
      out_.newest = f.original.name;
      out_.newest_bytes = f.original.whole == f.end ? f.original.bytes.size() : f.end;
      rest_ = {f.original.bytes.substr(std::min(f.end, f.original.bytes.size())),
               f.copy.bytes.substr(std::min(f.end, f.copy.bytes.size()))};
    }
    return true;
  }

  struct one_file {
    record_name name;
    std::string bytes;
    bool is_there = false;
    bool is_unreadable = false;
    bool is_short = false;  // its records up to `whole` are the chain's, further ones are not
    std::size_t whole = 0;
  };
  struct both_files {
    one_file original, copy;
    std::size_t end = 0;  // of the records that the chain has taken
    bool ends_in_copy_alone = false;
  };

  expected<bool> take_record(both_files& f, std::uint64_t wanted) {
    std::optional<record> taken;
    std::size_t size = 0;
    bool original_has_last = false;
    for (auto* file : {&f.original, &f.copy}) {
      std::size_t length = 0;
      const auto bytes = std::string_view(file->bytes).substr(std::min(f.end, file->bytes.size()));
      auto r = first_of(bytes, file->name, length);
      if (!r)
        return unexpected(r.error());
      const bool is_whole = *r && (*r)->sequence == wanted &&
                            chain_link{(*r)->predecessor, (*r)->predecessor_checksum} == out_.tail;
      if (is_whole && !file->is_short)
        file->whole = f.end + length;
      file->is_short = file->is_short || !is_whole;
      original_has_last = original_has_last || (is_whole && file == &f.original);
      if (is_whole && !taken) {
        taken = std::move(*r);
        size = length;
      }
    }
    if (!taken)
      return false;
    f.end += size;
    f.ends_in_copy_alone = !original_has_last;
    out_.tail = {taken->sequence, taken->checksum};
    out_.life = taken->life;
    out_.increments_bytes += size;
    ++out_.increments;
    if (taken->kind == record_kind::increment)
      out_.chain.increments.push_back(std::move(taken->payload));
    return true;
  }

  /// Each file is to hold all that the chain has of the two.
  void note_repairs(const both_files& f) {
    for (const auto* file : {&f.original, &f.copy}) {
      if (file->whole == f.end)
        continue;
      // A second copy lags by the newest record, and its file is made with the second one.
      const bool only_lags = file == &f.copy && !file->is_unreadable && file->whole == file->bytes.size();
      if (file->is_there && !only_lags) {
        if (file == &f.original)
          drop(file->name);
        else
          unreadable_copies_.push_back(to_file_name(file->name));
      }
      std::string wanted;
      for (std::size_t at = only_lags ? file->whole : 0; at < f.end;) {
        record r;
        std::size_t size = 0;
        const auto in_original =
            std::string_view(f.original.bytes).substr(std::min(at, f.original.bytes.size()));
        const auto in_copy = std::string_view(f.copy.bytes).substr(std::min(at, f.copy.bytes.size()));
        const bool is_original = decode_first_record(in_original, actor_, r, size) == reading::whole;
        if (!is_original && decode_first_record(in_copy, actor_, r, size) != reading::whole)
          break;  // it has been read a moment ago
        wanted += (is_original ? in_original : in_copy).substr(0, size);
        at += size;
      }
      out_.to_repair.push_back({file->name, std::move(wanted), only_lags && file->is_there});
    }
  }

  /// What lies behind the end of the chain: one damaged newest increment may be passed over, more may not.
  expected<void> judge_the_rest() {
    out_.chain.sequence = out_.tail.sequence;
    const bool base_beyond = !bases_.empty() && *bases_.rbegin() > out_.tail.sequence;
    const auto may_go =
        lost_ == increments_.end() ? expected<bool>(is_one_record_at_most()) : is_one_record_alone();
    if (!may_go)
      return unexpected(may_go.error());
    if (*may_go && !base_beyond) {
      drop_copies();
      return {};
    }
    return user_error(
        ec::corrupt,
        fmt::format(
            "more than one snapshot file of {} in {} is damaged or missing: what is whole ends at number "
            "{} of {}; restore the folder from a backup, or start over with --fresh",
            actor_, folder_, out_.tail.sequence, out_.highest));
  }

  /// What follows the chain in its newest file. A record that was kept twice has a rest in both files.
  bool is_one_record_at_most() {
    const auto& [in_original, in_copy] = rest_;
    if (!in_original.empty() && (!in_copy.empty() || holds_a_record(in_original, actor_)))
      return false;
    // The copy lags by one: whether the original had a further record, it does not say any more.
    if (ends_in_copy_alone_ || !in_original.empty())
      give_up(out_.tail.sequence + 1);
    if (!ends_in_copy_alone_ && !in_original.empty())
      ++out_.chain.passed_over;
    return true;
  }

  /// A newest file that cannot be read at all. Where a second copy was made, both would have to be damaged;
  /// where numbers are left out before it, what had them is gone as well, and passing over this one would go
  /// back to before those.
  expected<bool> is_one_record_alone() {
    const record_name name{false, false, lost_->first};
    if (std::next(lost_) != increments_.end() || lost_->second.copy || lost_->first != out_.tail.sequence + 1)
      return false;
    const auto bytes = contents_of(name);
    if (!bytes)
      return unexpected(bytes.error());
    // A record that is whole but without its predecessor would mean that the latter is gone, too.
    if (holds_a_record(bytes->value_or(""), actor_))
      return false;
    drop(name);
    give_up(lost_->first);
    return true;
  }

  void give_up(std::uint64_t sequence) {
    out_.chain.fell_back_to = out_.tail.sequence;
    out_.highest = std::max(out_.highest, sequence);
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
  std::map<std::uint64_t, copies> increments_;  // by the number of the first record
  std::map<std::uint64_t, copies>::const_iterator lost_ =
      increments_.end();                      // where the chain does not go on
  std::pair<std::string, std::string> rest_;  // of the newest file and its copy, behind the chain's end
  bool ends_in_copy_alone_ = false;           // the newest file
  std::vector<std::string> unreadable_copies_;
  bool fell_back_ = false;
  scanned_chain out_;
};

}  // namespace

expected<scanned_chain> scan_chain(file_system& files, const std::string& folder, std::string_view actor) {
  return scan(files, folder, actor).run();
}

}  // namespace millrace::snapshot
