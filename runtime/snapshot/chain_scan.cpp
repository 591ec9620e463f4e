#include "runtime/snapshot/chain_scan.hpp"

#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace millrace::snapshot {
namespace {

class scan {
public:
  scan(file_system& files, const std::string& folder, const run_listing& listed, std::string_view actor)
      : files_(files), folder_(folder), listed_(listed), runs_(listed.runs), actor_(actor) {}

  expected<scanned_chain> run() {
    out_.last_place = listed_.last();
    out_.is_sealed = !runs_.empty() && runs_.back().is_sealed;
    out_.mark = listed_.mark;
    if (runs_.empty() && listed_.mark != 0)
      return user_error(
          ec::corrupt, fmt::format("all snapshots of {} in {} are missing; restore the folder from a backup, "
                                   "or start over with --fresh",
                                   actor_, folder_));
    auto done = find_base().and_then([this] { return walk(); }).and_then([this] { return judge_the_rest(); });
    if (!done)
      return unexpected(done.error());
    out_.contents.sequence = out_.tail.sequence;
    out_.highest = std::max(out_.highest, out_.tail.sequence);
    out_.base_due = fell_back_ || (has_base_ && !has_older_ && !begins_at_first());
    return std::move(out_);
  }

private:
  expected<loaded_run*> load(std::size_t i) {
    if (const auto known = loaded_.find(i); known != loaded_.end())
      return &known->second;
    ASSIGN_OR_RETURN(auto done, loaded_run::load(files_, folder_, runs_[i], actor_));
    return &loaded_.emplace(i, std::move(done)).first->second;
  }

  expected<void> find_base() {
    is_base_.assign(runs_.size(), false);
    for (auto i = runs_.size(); i-- > 0;) {
      ASSIGN_OR_RETURN(const auto head, head_of(files_, folder_, runs_[i]));
      is_base_[i] = head && head->kind == record_kind::base;
      if (!is_base_[i])
        continue;
      if (has_base_) {
        has_older_ = true;
        continue;
      }
      ASSIGN_OR_RETURN(auto run, load(i));
      ASSIGN_OR_RETURN(auto r, run->first());
      if (r && r->kind != record_kind::base) {
        is_base_[i] = false;  // its header is damaged, and a copy is whole
      } else if (r) {
        has_base_ = true;
        begin_ = i + 1;
        out_.base_place = runs_[i].place;
        out_.base_bytes = run->original().bytes.size();
        out_.tail = {r->sequence, r->predecessor_checksum};
        out_.life = chain::life_of(r->life);
        out_.contents.base = std::move(r->payload);
      } else {
        pass_over();
      }
      loaded_.erase(i);
    }
    return {};
  }

  /// Returns whether the first record is the very first; asked where there is no base, or only one without
  /// another before it.
  [[nodiscard]] bool begins_at_first() const {
    const auto head =
        runs_.empty() ? std::nullopt : head_of(files_, folder_, runs_.front()).value_or(std::nullopt);
    return head && head->kind != record_kind::base && head->predecessor == 0;
  }

  /// Returns the link to the record that the next run builds upon which can be read and is not void.
  expected<std::optional<chain::link>> predecessor_in_next(std::size_t i) {
    auto highest = out_.life;
    for (auto at = i; at < runs_.size(); ++at) {
      ASSIGN_OR_RETURN(const auto run, is_base_[at] ? expected<loaded_run*>(nullptr) : load(at));
      ASSIGN_OR_RETURN(const auto r, run ? run->first() : expected<std::optional<record>>(std::nullopt));
      if (!r || chain::is_void(chain::life_of(r->life), highest))
        continue;
      if (at > i)
        return chain::link{r->predecessor, r->predecessor_checksum};
      highest = chain::life_of(r->life);
    }
    return std::nullopt;
  }

  /// Follows the links from the base (or the beginning), as far as they go.
  expected<void> walk() {
    for (lost_ = begin_; lost_ < runs_.size(); ++lost_) {
      ASSIGN_OR_RETURN(const auto next, predecessor_in_next(lost_));
      ASSIGN_OR_RETURN(const auto followed, follow(lost_, next));
      if (!followed)
        return {};
      loaded_.erase(lost_);
    }
    return {};
  }

  /// One run and its copies. False where the chain does not go on in it.
  expected<bool> follow(std::size_t i, const std::optional<chain::link>& next) {
    if (is_base_[i])
      return true;  // a damaged one
    ASSIGN_OR_RETURN(const auto loaded, load(i));
    auto& run = *loaded;
    const auto first = run.first();
    if (!first)
      return unexpected(first.error());
    if (*first && chain::is_void(chain::life_of((*first)->life), out_.life))
      return true;
    if (chain::is_passed_by(out_.tail, next)) {
      if (!*first)
        pass_over();  // a base, or a newest record that was given up before
      return true;
    }
    while (!chain::is_passed_by(out_.tail, next)) {
      ASSIGN_OR_RETURN(const auto taken, take_record(run));
      if (!taken)
        break;
    }
    if (run.taken() == 0)
      return false;
    ++out_.runs;
    if (!run.is_original_whole()) {
      ++out_.contents.passed_over;
      for (const auto& name : {runs_[i].copy, runs_[i].mended})
        if (!name.empty())
          out_.copies.push_back(name);
    }
    std::ranges::move(run.repairs(), std::back_inserter(out_.to_repair));
    out_.newest = runs_[i].original;
    if (i + 1 == runs_.size()) {
      ends_in_copies_alone_ = run.ends_in_copies_alone();
      rest_ = {run.rest_of_original(), run.rest_of_copy()};
    }
    return true;
  }

  expected<bool> take_record(loaded_run& run) {
    const auto before = run.taken();
    auto found = run.take([&](const record& r) { return is_next(r, before == 0); });
    if (!found)
      return unexpected(found.error());
    auto& taken = *found;
    if (!taken)
      return false;
    out_.tail = {taken->sequence, taken->checksum};
    out_.life = chain::life_of(taken->life);
    out_.increments_bytes += run.taken() - before;
    ++out_.increments;
    if (taken->kind == record_kind::increment)
      out_.contents.increments.push_back(std::move(taken->payload));
    return true;
  }

  /// Numbers may be left out between runs, not within one.
  [[nodiscard]] bool is_next(const record& r, bool begins_run) const {
    return r.kind != record_kind::base && chain::link{r.predecessor, r.predecessor_checksum} == out_.tail &&
           (begins_run ? r.sequence > out_.tail.sequence : r.sequence == out_.tail.sequence + 1) &&
           !chain::is_void(chain::life_of(r.life), out_.life);
  }

  /// Judges what follows the end of the chain: one damaged newest increment may be passed over, more may not.
  expected<void> judge_the_rest() {
    ASSIGN_OR_RETURN(const auto may_go,
                     lost_ == runs_.size() ? expected<bool>(is_one_record_at_most()) : is_one_record_alone());
    if (may_go)
      return {};
    return user_error(
        ec::corrupt,
        fmt::format(
            "more than one snapshot file of {} in {} is damaged or missing: what is whole ends at number "
            "{}; restore the folder from a backup, or start over with --fresh",
            actor_, folder_, out_.tail.sequence));
  }

  /// Returns whether at most one record follows the chain in its newest run.
  bool is_one_record_at_most() {
    const auto& [in_original, in_copy] = rest_;
    if (was_kept_twice(in_original, in_copy) || holds_a_record(in_original, actor_))
      return false;
    // The copy lags by one: whether the original had a further record, it does not say any more.
    if (ends_in_copies_alone_ || !in_original.empty() || !in_copy.empty())
      give_up(out_.tail.sequence + 1);
    if (!ends_in_copies_alone_ && !in_original.empty())
      ++out_.contents.passed_over;
    return true;
  }

  /// The copy of a record is begun when the original is durable, and the append succeeds when both are. A
  /// copy that ends within the record is one that was never completed, unless it has more of the record than
  /// an original of which nothing has been cut off.
  static bool was_kept_twice(std::string_view in_original, std::string_view in_copy) {
    if (in_copy.empty())
      return false;
    return !is_cut_short(in_copy) || (in_copy.size() >= in_original.size() && !is_cut_short(in_original));
  }

  /// A newest run that cannot be read at all. A second copy would have to be damaged as well.
  expected<bool> is_one_record_alone() {
    // Places are taken one after another: where one is free before it, what had that is gone as well.
    const auto before = lost_ == 0 ? listed_.mark : runs_[lost_ - 1].place;
    if (lost_ + 1 != runs_.size() || runs_[lost_].place != before + 1)
      return false;
    ASSIGN_OR_RETURN(const auto run, load(lost_));
    const auto& copy = run->copy();
    if (copy.is_there && !(runs_[lost_].is_sealed && copy.bytes.empty() && !copy.is_unreadable))
      return false;
    // A record that is whole but without its predecessor would mean that the latter is gone, too.
    if (holds_a_record(run->original().bytes, actor_))
      return false;
    pass_over();
    give_up(out_.tail.sequence + 1);
    return true;
  }

  void give_up(std::uint64_t sequence) {
    out_.contents.fell_back_to = out_.tail.sequence;
    out_.highest = std::max(out_.highest, sequence);
  }

  void pass_over() {
    ++out_.contents.passed_over;
    fell_back_ = true;
  }

  file_system& files_;
  const std::string& folder_;
  const run_listing& listed_;
  const std::vector<run_files>& runs_;
  std::string_view actor_;
  std::vector<bool> is_base_;  // told by their headers, which may be damaged
  bool has_base_ = false;
  bool has_older_ = false;  // a base before that
  std::size_t begin_ = 0;   // the first run after the base
  std::size_t lost_ = 0;    // the first run in which the chain does not go on
  std::map<std::size_t, loaded_run> loaded_;
  std::pair<std::string, std::string> rest_;  // the rest of the newest run and its copy, after the chain's
                                              // end
  bool ends_in_copies_alone_ = false;         // the newest run
  bool fell_back_ = false;
  scanned_chain out_;
};

}  // namespace

expected<loaded_run> loaded_run::load(file_system& files, const std::string& folder, const run_files& names,
                                      std::string_view actor) {
  loaded_run r(folder, names, actor);
  const auto done = r.load(files, r.files_[0], names.original)
                        .and_then([&] { return r.load(files, r.files_[1], names.copy); })
                        .and_then([&] { return r.load(files, r.files_[2], names.mended); });
  if (!done)
    return unexpected(done.error());
  return r;
}

expected<void> loaded_run::load(file_system& files, one_file& file, const std::string& name) const {
  file.name = name;
  if (name.empty())
    return {};
  auto bytes = read_at_most(files, *folder_ + "/" + name, largest_chain_file);
  if (!bytes && !is_lost(bytes.error()))
    return unexpected(bytes.error());
  file.is_unreadable = !bytes && bytes.error().code == ec::corrupt;
  file.is_there = bytes || file.is_unreadable;
  file.bytes = std::move(bytes).value_or("");
  return {};
}

/// The record that `bytes` begin with, `size` bytes long; none: damaged.
expected<std::optional<record>> loaded_run::first_of(std::string_view bytes, const std::string& name,
                                                     std::size_t& size) const {
  record r;
  const auto found = decode_first_record(bytes, actor_, r, size);
  if (found == reading::later)
    return user_error(ec::unsupported,
                      fmt::format("{}/{} was written by a later version of millrace; run that version, or "
                                  "choose another --state",
                                  *folder_, name));
  if (found == reading::damaged)
    return std::nullopt;
  return r;
}

expected<std::optional<record>> loaded_run::first() const {
  for (const auto& file : files_) {
    std::size_t size = 0;
    auto r = first_of(file.bytes, file.name, size);
    if (!r || *r)
      return r;
  }
  return std::nullopt;
}

expected<std::optional<record>> loaded_run::take(const std::function<bool(const record&)>& is_next) {
  std::optional<record> taken;
  std::size_t size = 0;
  bool original_has_it = false;
  for (auto& file : files_) {
    std::size_t length = 0;
    const auto bytes = std::string_view(file.bytes).substr(std::min(end_, file.bytes.size()));
    ASSIGN_OR_RETURN(auto r, first_of(bytes, file.name, length));
    const bool is_whole = r && is_next(*r);
    if (is_whole && !file.is_short)
      file.whole = end_ + length;
    file.is_short = file.is_short || !is_whole;
    original_has_it = original_has_it || (is_whole && &file == files_.data());
    if (is_whole && !taken) {
      taken = std::move(r);
      size = length;
    }
  }
  if (taken) {
    end_ += size;
    ends_in_copies_alone_ = !original_has_it;
  }
  return taken;
}

std::string loaded_run::rest_of(const one_file& file) const {
  return file.bytes.substr(std::min(end_, file.bytes.size()));
}

std::vector<file_repair> loaded_run::repairs() const {
  std::vector<file_repair> out;
  if (!is_original_whole() && files_[2].whole != end_)
    out.push_back({run_file(names_->place, run_part::mended), taken_from(0), false});
  if (copy().whole == end_)
    return out;
  // It lags by the newest record, and its file is made with the second one.
  const bool only_lags = copy().is_there && !copy().is_unreadable && copy().whole == copy().bytes.size();
  const auto name = names_->copy.empty() ? run_file(names_->place, run_part::copy) : names_->copy;
  out.push_back({name, taken_from(only_lags ? copy().whole : 0), only_lags});
  return out;
}

/// The records that were taken, from `at` on, each from a file that has it whole.
std::string loaded_run::taken_from(std::size_t at) const {
  std::string all;
  while (at < end_) {
    const auto before = at;
    for (const auto& file : files_) {
      record r;
      std::size_t size = 0;
      const auto bytes = std::string_view(file.bytes).substr(std::min(at, file.bytes.size()));
      if (decode_first_record(bytes, actor_, r, size) != reading::whole)
        continue;
      all += bytes.substr(0, size);
      at += size;
      break;
    }
    if (at == before)
      break;  // it has been read a moment ago
  }
  return all;
}

expected<std::optional<record_header>> head_of(file_system& files, const std::string& folder,
                                               const run_files& run) {
  for (const auto* name : {&run.original, &run.copy, &run.mended}) {
    if (name->empty())
      continue;
    const auto bytes = files.read_part(folder + "/" + *name, 0, sizeof(record_header));
    if (!bytes && !is_lost(bytes.error()))
      return unexpected(bytes.error());
    if (auto h = bytes ? record_head(*bytes) : std::nullopt)
      return h;
  }
  return std::nullopt;
}

expected<std::optional<chain::life>> life_of_run(file_system& files, const std::string& folder,
                                                 const run_files& run, std::string_view actor,
                                                 const std::function<bool(chain::life)>& matters) {
  ASSIGN_OR_RETURN(const auto head, head_of(files, folder, run));
  if (!head || !matters(chain::life_of(head->life)))
    return std::nullopt;
  for (const auto* name : {&run.original, &run.copy, &run.mended}) {
    const auto bytes = name->empty() ? expected<std::string>()
                                     : read_at_most(files, folder + "/" + *name, largest_chain_file);
    if (!bytes && !is_lost(bytes.error()))
      return unexpected(bytes.error());
    record r;
    std::size_t size = 0;
    if (bytes && decode_first_record(*bytes, actor, r, size) == reading::whole)
      return matters(chain::life_of(r.life)) ? std::optional(chain::life_of(r.life)) : std::nullopt;
  }
  return std::nullopt;
}

expected<scanned_chain> scan_chain(file_system& files, const std::string& folder, const run_listing& runs,
                                   std::string_view actor) {
  return scan(files, folder, runs, actor).run();
}

}  // namespace millrace::snapshot
