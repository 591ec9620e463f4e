#include "actors/connectors/file/source/generations.hpp"

#include "runtime/base/scan.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace millrace::source {

namespace {

// This many files before the durable one stay known, although they are gone: a rotated file that reappears under another
// name must not be taken for a new one.
constexpr std::int64_t remembered = 64;

// A look over more files than these is followed by a pause, so that looks take a hundredth of a core.
constexpr std::size_t few_files = 50;
constexpr int looks_share = 150;

}  // namespace

// --- what is on disk

/// The path of the file that the followed path names: behind a link its own, by which it is found once the link names
/// another one.
void generations::find_live() {
  std::error_code problem;
  live_ = pattern_;
  if (!several_ && std::filesystem::is_symlink(pattern_, problem))
    if (auto behind = std::filesystem::canonical(pattern_, problem); !problem)
      live_ = behind.string();
}

expected<std::vector<present_file>> generations::present() {
  find_live();
  ASSIGN_OR_RETURN(auto names, several_ ? names_of(pattern_) : rotated_names().of(pattern_));
  std::vector<present_file> here;
  here.reserve(names.size() + 1);
  for (const auto& name : names)
    if (auto p = look_at(name))
      here.push_back(std::move(*p));
  if (!several_)
    if (auto live = look_at(live_))
      here.push_back(std::move(*live));
  return here;
}

/// None where it is no file, or gone meanwhile.
expected<std::optional<file_identity>> generations::identified(const std::string& path) {
  auto f = identify_content(path);
  if (f)
    return std::optional(std::move(*f));
  if (f.error().code == ec::not_found || f.error().code == ec::unsupported)
    return std::optional<file_identity>{};
  return tl::make_unexpected(std::move(f.error()));
}

// --- what is known

generations::known_file* generations::file(std::int64_t number) {
  return const_cast<known_file*>(std::as_const(*this).file(number));
}

const generations::known_file* generations::file(std::int64_t number) const {
  const auto at =
      std::ranges::lower_bound(files_, number, {}, [](const known_file& k) { return k.id.number; });
  return at == files_.end() || at->id.number != number ? nullptr : &*at;
}

generations::known_file* generations::file_of(std::int64_t generation) {
  const auto* g = list_.find(generation);
  return g == nullptr ? nullptr : file(g->file);
}

const generations::known_file* generations::file_of(std::int64_t generation) const {
  const auto* g = list_.find(generation);
  return g == nullptr ? nullptr : file(g->file);
}

bool generations::is_left(const known_file& k) const {
  return k.id.number >= 0 && !list_.is_open(k.id.number);
}

bool generations::is_here(const known_file& k, const present_file& p) {
  return k.id.device == p.device && k.id.inode == p.inode;
}

bool generations::may_be_copy(const known_file& k, const std::string& path) const {
  // The path itself holds a copy only where the file was replaced by one, as rsync and editors do.
  if (!several_)
    return path == k.id.path || (path != live_ && k.id.head_length > 0);
  // Files of a glob are files of their own, even if they are the same to the last byte; but what is made of a file by
  // rotation is that file.
  return is_rotated_name(path, name_of(k));
}

std::vector<generations::known_file*> generations::candidates(const std::string& path) {
  std::vector<known_file*> out;
  if (!several_) {
    for (auto& k : files_)
      if (may_be_copy(k, path))
        out.push_back(&k);
    return out;
  }
  const auto add_named = [&](const std::string& name) {
    const auto [begin, end] = names_.equal_range(name);
    for (auto at = begin; at != end; ++at)
      if (auto* k = file(at->second); k != nullptr && may_be_copy(*k, path))
        out.push_back(k);
  };
  add_named(path);
  for (auto at = path.size(); at-- > 1 && path[at] != '/';)
    if (path[at] == '.' || path[at] == '-')
      add_named(path.substr(0, at));
  return out;
}

bool generations::is_another(const file_identity& f, std::int64_t number, beside which) {
  // A file that fits several is the one of which most is known: an inode is used again, and a header says little.
  const auto* const wanted = file(number);
  const auto least = wanted == nullptr ? 0 : wanted->id.tail.end;
  const auto fits = [&](const known_file& k, bool is_still) {
    if (k.id.number == number || (which == beside::later && k.id.number < number) || k.id.tail.end < least)
      return false;
    return is_still
               ? match_.is_still(k.id, f)
               : which == beside::any && k.id.tail.end > least && match_.compare(k.id, f) == likeness::copy;
  };
  return std::ranges::any_of(files_, [&](const auto& k) { return is_same_file(k.id, f) && fits(k, true); }) ||
         (which == beside::any &&
          std::ranges::any_of(candidates(f.path), [&](const auto* k) { return fits(*k, false); }));
}

bool generations::is_known(const file_identity& f) {
  return std::ranges::any_of(files_, [&](const auto& k) { return match_.is_still(k.id, f); }) ||
         std::ranges::any_of(candidates(f.path), [&](const auto* k) {
           // A file that has the beginning only is being packed: it is looked at again.
           const auto found = match_.compare(k->id, f);
           return found == likeness::copy || found == likeness::part;
         });
}

bool generations::holds(known_file& k, const present_file& p) {
  if (p.size == k.id.seen && p.path == k.id.path && p.written == k.written)
    return true;
  const auto f = identified(p.path);
  if (!f || !*f || !match_.is_still(k.id, **f))
    return false;
  k.written = p.written;
  return true;
}

/// The path by which it became known: rotated files have names that are made of it.
const std::string& generations::name_of(const known_file& k) const {
  return !several_ ? pattern_ : k.id.name.empty() ? k.id.path : k.id.name;
}

void generations::moves_to(known_file& k, const std::string& path) {
  if (several_ && k.id.name.empty() && path != k.id.path)
    k.id.name = k.id.path;
  k.id.path = path;
}

generations::known_file& generations::add_file(file_identity f) {
  f.number = files_.empty() ? 0 : std::max<std::int64_t>(files_.back().id.number + 1, 0);
  f.seen = f.length;
  f.length = 0;
  files_.push_back({.id = std::move(f), .is_there = true});
  if (several_)
    names_.emplace(name_of(files_.back()), files_.back().id.number);
  return files_.back();
}

void generations::add(file_identity f, bool is_followed) {
  // An inode is that of one file: the one that had it is known by its content alone from here on.
  for (auto& k : files_)
    if (is_same_file(k.id, f))
      k.id.device = k.id.inode = 0;
  auto& k = add_file(std::move(f));
  auto& g = list_.add(k.id.number, 0);
  // It ends where the file ends now, if others follow: then no reader has to keep the end of each of many files.
  if (is_followed && ends_with_line(k.id)) {
    list_.end(g, k.id.seen);
    k.id.length = k.id.seen;
  }
  changed();
}

/// Returns whether a plain file ends with a newline; a packed one is taken not to.
bool generations::ends_with_line(const file_identity& f) {
  const auto file = open_file::open(f.path);
  char last = 0;
  return file && f.seen > 0 && !is_gzip(*file).value_or(true) &&
         file->read_at(f.seen - 1, &last, 1).value_or(0) == 1 && last == '\n';
}

void generations::changed() {
  is_text_old_ = true;
  has_progress_ = false;
  ++text_version_;
}

std::string generations::text() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(is_text_old_, false)) {
    std::vector<file_identity> all;
    all.reserve(files_.size());
    for (const auto& k : files_)
      all.push_back(k.id);
    text_ = format_identities(all) + list_.text();
  }
  return text_;
}

std::uint64_t generations::text_version() const {
  const std::scoped_lock lock(mutex_);
  return text_version_;
}

void generations::note_progress() {
  const std::scoped_lock lock(mutex_);
  if (has_progress_)
    changed();
}

position generations::first() const {
  const std::scoped_lock lock(mutex_);
  return list_.empty() ? position{-1, 0} : list_.front().begin();
}

// --- the beginning of a life

expected<void> generations::begin() {
  const std::scoped_lock lock(mutex_);
  if (!files_.empty() || !list_.empty())
    return {};
  const auto folder = std::filesystem::path(pattern_).parent_path();
  std::error_code unknown;
  if (!several_ && (folder.empty() || std::filesystem::exists(folder, unknown))) {
    ASSIGN_OR_RETURN(const auto names, rotated_names().of(pattern_));
    for (const auto& name : names) {
      ASSIGN_OR_RETURN(auto f, identified(name));
      if (f)
        files_.push_back({.id = std::move(*f)});
    }
    for (std::size_t i = 0; i < files_.size(); ++i)
      files_[i].id.number = static_cast<std::int64_t>(i) - static_cast<std::int64_t>(files_.size());
    if (!files_.empty())
      changed();
  }
  return has_come_now().map([](bool) {});
}

expected<bool> generations::has_come() {
  const std::scoped_lock lock(mutex_);
  return has_come_now();
}

expected<bool> generations::has_come_now() {
  if (!list_.empty())
    return true;
  find_live();
  auto names = several_ ? list_files(pattern_, order_) : std::vector<std::string>{live_};
  if (!names && names.error().code != ec::not_found)
    return tl::make_unexpected(std::move(names.error()));
  if (names)
    for (const auto& name : *names) {
      auto f = identify_content(name);
      if (f) {
        add(std::move(*f));
        return true;
      }
      if (f.error().code != ec::not_found)
        return tl::make_unexpected(std::move(f.error()));
    }
  return false;
}

expected<void> generations::restore(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(is_restored_, true))
    return {};
  generation_list list;
  std::string lines_of_files;
  bool good = true;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (generation_list::is_line(line))
      good = good && list.take_line(line);
    else
      lines_of_files.append(line).append("\n");
  }
  ASSIGN_OR_RETURN(auto ids, parse_identities(lines_of_files));
  if (!good)
    return fatal_error(ec::corrupt,
                       "the stored order of files is damaged; restore the state folder, or begin "
                       "anew with --fresh");
  if (ids.empty())
    return {};
  std::ranges::sort(ids, {}, &file_identity::number);
  files_.clear();
  names_.clear();
  const bool was_bounded = list.empty();
  for (auto& id : ids) {
    if (was_bounded &&
        id.number >= 0) {  // it was one log already: a generation a file, up to the length that it had
      auto& g = list.add(id.number, 0);
      if (is_packed(id.path))
        id.length = 0;  // its content has another length, and does not grow
      else
        list.end(g, id.length);
    }
    files_.push_back({.id = std::move(id)});
    if (several_)
      names_.emplace(name_of(files_.back()), files_.back().id.number);
  }
  list_ = std::move(list);
  changed();
  return {};
}

// --- the file of a generation

expected<generations::opened> generations::open(std::int64_t number, std::uint64_t offset) {
  const std::scoped_lock lock(mutex_);
  const auto* const g = list_.find(number);
  auto* const wanted = file_of(number);
  const auto opened_now = [&](const std::string& path) {
    return open_file::open(path).map([&](open_file f) { return opened{std::move(f), g->to, g->takes_rest}; });
  };
  const auto is_long_enough = [&](const file_identity& f) { return f.length >= offset || is_packed(f.path); };
  if (wanted != nullptr) {  // its last name comes first: as a rule it is still there
    auto there = identify_content(wanted->id.path);
    if (there && match_.is_still(wanted->id, *there) &&
        !is_another(*there, wanted->id.number, beside::later) && is_long_enough(*there))
      return opened_now(there->path);
  }
  auto here = wanted == nullptr ? expected<std::vector<present_file>>() : present();
  if (here && wanted != nullptr && several_)  // its names beside it need not be those of the glob
    if (const auto names = rotated_names().of(name_of(*wanted)))
      for (const auto& name : *names)
        if (auto p = look_at(name))
          here->push_back(std::move(*p));
  if (!here)
    return tl::make_unexpected(std::move(here.error()));
  std::optional<file_identity> best;
  stamp best_written{};
  bool is_found = false;
  const auto look_into = [&](const present_file& p, bool in_its_place) -> expected<void> {
    const bool is_same = is_here(*wanted, p);
    const bool is_copy = may_be_copy(*wanted, p.path) && (p.path == wanted->id.path) == in_its_place;
    if (is_found || !(is_same || is_copy))
      return {};
    ASSIGN_OR_RETURN(auto identified_now, identified(p.path));
    if (!identified_now || !is_long_enough(*identified_now))
      return {};
    auto& f = *identified_now;
    if (match_.is_still(wanted->id, f)) {
      is_found = !is_another(f, wanted->id.number, beside::later);
      if (is_found)
        best = std::move(f);
    } else if (is_copy && (!best || p.written < best_written) &&
               !is_another(f, wanted->id.number, beside::any) &&
               match_.compare(wanted->id, f) >= likeness::same) {
      // The oldest of several that hold what is known of it is the one: later files may hold no less.
      best = std::move(f);
      best_written = p.written;
    }
    return {};
  };
  for (const bool in_its_place : {false, true})
    for (const auto& p : *here)
      if (!best || (!in_its_place && !is_found))
        RETURN_IF_ERROR(look_into(p, in_its_place));
  if (best) {
    if (is_packed(best->path))
      wanted->id.seen = 0;       // it had the length of the file before
    else if (!is_left(*wanted))  // else the next look finds its growth
      wanted->id.seen = best->length;
    wanted->id.device = best->device;  // the copy is the file now, or it would be taken for a new one
    wanted->id.inode = best->inode;
    moves_to(*wanted, best->path);
    changed();
    return opened_now(best->path);
  }
  return fatal_error(
      ec::log_trimmed,
      fmt::format("{}: the file that was read up to byte {} (generation {}{}) is neither there nor rotated "
                  "beside it: it was deleted or overwritten before it was read. Put it back beside it, or "
                  "begin anew with --fresh",
                  several_ && wanted != nullptr ? wanted->id.path : pattern_, offset, number,
                  wanted == nullptr ? std::string() : fmt::format(", inode {}", wanted->id.inode)));
}

std::optional<position> generations::nothing_left(position at) const {
  const std::scoped_lock lock(mutex_);
  const auto* const here = list_.find(at.major);
  const auto* const next = list_.find(at.major + 1);
  if (here == nullptr || next == nullptr || !here->to || static_cast<std::uint64_t>(at.minor) < *here->to)
    return std::nullopt;
  return next->begin();
}

// --- looking for more

expected<generations::next> generations::after(std::int64_t number, const open_file& current, moment now) {
  const std::scoped_lock lock(mutex_);
  if (list_.find(number + 1) == nullptr && now >= next_look_) {
    ASSIGN_OR_RETURN(const auto quiet, is_quiet(current, now));
    if (!quiet)
      RETURN_IF_ERROR(look(now));
  }
  const auto mine = look_at(current);
  const auto* const k = file_of(number);
  if (k == nullptr || !mine)
    return outside_error(ec::io, fmt::format("{}: its state cannot be read", current.path()));
  if (!is_here(*k, *mine))
    return next::moved;  // it may have more there
  return list_.find(number + 1) != nullptr ? next::later : next::none;
}

/// A path that is no glob costs a stat, and each file that is watched: they say whether nothing is new.
expected<bool> generations::is_quiet(const open_file& current, moment now) {
  if (several_ || is_first_look_)
    return false;
  const auto mine = look_at(current);
  if (!mine)
    return outside_error(ec::io, fmt::format("{}: its state cannot be read", current.path()));
  const auto live = look_at(pattern_);
  bool is_known_live = !live || is_same_file(*live, *mine);
  for (const auto& k : files_) {
    if (k.id.number < 0)
      continue;
    if (!is_left(k)) {  // it may have been replaced by a longer copy
      const auto p = look_at(k.id.path);
      if (!p || !is_here(k, *p))
        return false;
      continue;
    }
    if (live && is_here(k, *live) && live->size == k.id.seen && live->written == k.written)
      is_known_live = true;
    if (k.watched_to == moment{})
      continue;
    if (now >= k.watched_to)
      return false;  // its rest is due, or it is watched no more
    const auto p = look_at(k.id.path);
    if (!p || !is_here(k, *p) || p->size != k.id.seen)
      return false;
  }
  return is_known_live;
}

expected<void> generations::look(moment now) {
  const auto begin = processor_time();
  ASSIGN_OR_RETURN(auto here, present());
  const bool is_many = std::max(here.size(), files_.size()) > few_files;
  // New files cost once and are no reason for a pause: the rest of a look costs about as much as the listing.
  const auto at_least = 2 * (processor_time() - begin);
  const bool is_first = std::exchange(is_first_look_, false);
  for (auto& k : files_) {
    k.is_there = false;
    if (is_first && is_left(k))
      k.watched_to = now + late_writes_;
  }
  found out;
  auto strange = strangers(std::move(here), out);
  find_moved(strange, out, now);
  const auto taken = take_strangers(strange, out);
  note_rests(now, out);
  for (const auto i : out.grown) {  // also where a new file cannot be read: what has grown is noted as seen
    auto& k = files_[i];
    list_.add(k.id.number, std::exchange(k.id.length, 0)).takes_rest = std::exchange(k.rest_is_due, false);
    changed();
  }
  if (!taken)
    return taken;
  if (is_many) {
    const bool is_idle = strange.empty() && out.grown.empty();
    const auto cost = is_idle ? std::max(at_least, processor_time() - begin) : at_least;
    next_look_ = std::chrono::steady_clock::now() +
                 std::chrono::duration_cast<std::chrono::steady_clock::duration>(looks_share * cost);
  }
  if (several_) {
    std::ranges::sort(out.fresh, {}, &std::pair<std::size_t, file_identity>::first);
  } else {
    std::ranges::stable_sort(out.fresh, [&](const auto& a, const auto& b) {
      return (a.second.path == live_) != (b.second.path == live_)
                 ? b.second.path == live_
                 : strange[a.first].written < strange[b.first].written;
    });
  }
  for (std::size_t i = 0; i < out.fresh.size(); ++i) {
    add(std::move(out.fresh[i].second), i + 1 < out.fresh.size());
    const auto& p = strange[out.fresh[i].first];
    if (auto& k = files_.back();
        k.id.seen == p.size)  // its content has been read: the next look need not compare it
      k.written = p.written;
  }
  return {};
}

std::vector<present_file> generations::strangers(std::vector<present_file> here, found& out) {
  by_inode known;
  known.reserve(files_.size());
  for (std::size_t i = 0; i < files_.size(); ++i)
    known.emplace(files_[i].id.inode, i);
  std::vector<present_file> strange;
  for (auto& p : here) {
    const auto [begin, end] = known.equal_range(p.inode);
    const auto same = std::find_if(begin, end, [&](const auto& at) {
      return is_here(files_[at.second], p) && holds(files_[at.second], p);
    });
    if (same != end)
      is_at(files_[same->second], p, out);
    else if (p.size > 0)
      strange.push_back(std::move(p));
  }
  if (several_)
    std::ranges::sort(strange, [&](const auto& a, const auto& b) {
      return order_ == file_order::modified && a.written != b.written
                 ? a.written < b.written
                 : comes_before(a.path, b.path, order_ == file_order::name ? order_ : file_order::natural);
    });
  return strange;
}

/// Looks for the files that are wanted beside the names that they had: those of a glob need not match it any more, and
/// one behind a link has a path of its own. A file that lies rotated beside one of a glob, and was written after that,
/// was part of the log unseen.
void generations::find_moved(std::vector<present_file>& strange, found& out, moment now) {
  std::vector<present_file> rotated_away;
  rotated_names beside;
  for (auto& k : files_) {
    if (k.is_there || k.id.number < 0 || (is_left(k) && now >= k.watched_to))
      continue;
    if (const auto p = look_at(k.id.path); p && is_here(k, *p) && holds(k, *p)) {
      is_at(k, *p, out);
      continue;
    }
    const auto names = several_ ? beside.of(name_of(k)) : std::vector<std::string>{};
    if (!names)
      continue;  // its folder is gone
    std::vector<present_file> others;
    for (const auto& name : *names) {
      auto p = look_at(name);
      if (!p || p->size == 0)
        continue;
      if (is_here(k, *p) && holds(k, *p)) {
        is_at(k, *p, out);
      } else if (is_rotated_name(name, name_of(k)) &&
                 std::ranges::find(strange, name, &present_file::path) == strange.end()) {
        p->made_of = name_of(k);
        others.push_back(std::move(*p));
      }
    }
    for (auto& p : others) {
      p.may_be_new = k.is_there && p.written >= k.written;
      const auto before = std::ranges::find(rotated_away, p.path, &present_file::path);
      if (before == rotated_away.end())
        rotated_away.push_back(std::move(p));
      else
        before->may_be_new = before->may_be_new || p.may_be_new;
    }
  }
  std::ranges::stable_sort(rotated_away, {}, &present_file::written);
  strange.insert(strange.begin(), std::make_move_iterator(rotated_away.begin()),
                 std::make_move_iterator(rotated_away.end()));
}

void generations::is_at(known_file& k, const present_file& p, found& out) {
  k.is_there = true;
  if (!is_here(k, p) || k.id.path != p.path) {
    k.id.device = p.device;
    k.id.inode = p.inode;
    moves_to(k, p.path);
    has_progress_ = true;
  }
  k.written = p.written;
  note_growth(k, p.size, out);
}

void generations::note_growth(known_file& k, std::uint64_t size, found& out) {
  const auto before = std::exchange(k.id.seen, size);
  if (size == before)
    return;
  has_progress_ = true;
  if (!is_left(k))
    return;  // what it gets belongs to the generation that has no end
  bool has_grown = size > before;
  if (is_packed(k.id.path)) {  // it may have got more before it was packed
    const auto f = identified(k.id.path);
    has_grown = f && *f && k.id.length > 0 && match_.compare(k.id, **f) == likeness::same;
  }
  if (!has_grown)
    return;
  k.rest_is_due = false;
  out.grown.push_back(static_cast<std::size_t>(&k - files_.data()));
}

/// An unterminated last line of a file that was left is a record once nobody has ended it for long enough.
void generations::note_rests(moment now, found& out) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    auto& k = files_[i];
    if (k.watched_to == moment{} || !is_left(k) || now < k.watched_to)
      continue;
    k.watched_to = {};
    if (k.id.length >= k.id.seen || is_packed(k.id.path))
      continue;
    if (!k.is_there) {
      spdlog::warn("{}: it is gone, and {} bytes behind its last newline with it: nobody had ended that line",
                   k.id.path, k.id.seen - k.id.length);
      note_gap_();
    } else if (std::ranges::find(out.grown, i) == out.grown.end()) {
      k.rest_is_due = true;
      out.grown.push_back(i);
    }
  }
}

expected<void> generations::take_strangers(const std::vector<present_file>& strange, found& out) {
  // A rotated file comes before one that has the name of a known one: that may be a longer copy in its place only
  // where the file itself is nowhere else.
  std::vector<std::size_t> in_order;
  std::vector<std::size_t> in_place;
  std::unordered_set<std::string_view> at_known_path;
  if (!strange.empty())
    for (const auto& k : files_)
      at_known_path.insert(k.id.path);
  for (std::size_t i = 0; i < strange.size(); ++i)
    (at_known_path.contains(strange[i].path) ? in_place : in_order).push_back(i);
  in_order.insert(in_order.end(), in_place.begin(), in_place.end());
  for (const auto i : in_order) {
    ASSIGN_OR_RETURN(auto fresh, take_stranger(strange[i], out));
    if (!fresh || !strange[i].may_be_new)
      continue;
    fresh->name = strange[i].made_of;
    out.fresh.emplace_back(i, std::move(*fresh));
  }
  return {};
}

expected<std::optional<file_identity>> generations::take_stranger(const present_file& p, found& out) {
  auto f = identified(p.path);
  if (!f || !*f)
    return f;
  known_file* owner = nullptr;
  for (auto* const k : candidates(p.path)) {
    if (is_here(*k, p) && holds(*k, p)) {
      is_at(*k, p, out);
      return std::optional<file_identity>{};
    }
    const auto found = match_.compare(k->id, **f);
    if (found == likeness::none)
      continue;
    if (found == likeness::part) {  // it is being packed: it is looked at again
      k->is_there = true;
      return std::optional<file_identity>{};
    }
    // A copy of a file that is there as well, or of one that is no part of the log.
    if (found == likeness::copy && (k->is_there ? k->id.path != p.path : k->id.number < 0))
      return std::optional<file_identity>{};
    if (!k->is_there && k->id.number >= 0 && (owner == nullptr || k->id.tail.end > owner->id.tail.end))
      owner = k;
  }
  if (owner == nullptr)
    return f;
  if (is_packed(p.path))
    owner->id.seen = 0;  // it had the length of the file before
  is_at(*owner, p, out);
  changed();
  return std::optional<file_identity>{};
}

// --- reading

bool generations::takes_rest(std::int64_t number, const open_file& current) const {
  const std::scoped_lock lock(mutex_);
  const auto* const g = list_.find(number);
  return g == nullptr || late_writes_.count() == 0 || g->takes_rest || is_gzip(current).value_or(false);
}

expected<bool> generations::still(std::int64_t number, const open_file& current, std::uint64_t offset,
                                  const recent_bytes& before) {
  const std::scoped_lock lock(mutex_);
  auto* k = file_of(number);
  ASSIGN_OR_RETURN(auto packed, is_gzip(current));
  const auto now = look_at(current);
  if (k == nullptr || (!now && packed))
    return true;
  const auto size = now ? now->size : 0;
  const auto now_seen = [&] {
    has_progress_ = has_progress_ || k->id.seen != size;
    k->id.seen = size;
  };
  if (packed) {
    now_seen();
    return true;
  }
  if (size < offset)
    return false;
  const auto held = before.are_in(current);
  if (!held || !*held)
    return held;
  const auto head = own_head(current, head_bytes);
  if (!head)
    return tl::make_unexpected(head.error());
  if (head->length < k->id.head_length)
    return false;
  const auto known = head->length == k->id.head_length ? head : own_head(current, k->id.head_length);
  if (!known || *known != file_head{k->id.head_length, k->id.head_hash})
    return false;
  if (is_left(*k))
    return true;  // its growth is that of another generation
  now_seen();
  if (head->length > k->id.head_length) {
    k->id.head_length = head->length;
    k->id.head_hash = head->hash;
    changed();
  }
  return true;
}

bool generations::was_read(std::int64_t number, std::uint64_t end, const std::optional<file_tail>& tail) {
  const std::scoped_lock lock(mutex_);
  auto* const g = list_.find(number);
  if (g == nullptr)
    return true;
  if (g->to && end > *g->to)
    return false;
  g->read_to = std::max(g->read_to, end);
  if (auto* k = file(g->file); k != nullptr && tail && tail->end > k->id.tail.end) {
    k->id.tail = *tail;
    has_progress_ = true;
  }
  return true;
}

std::optional<position> generations::leave(std::int64_t number, std::uint64_t end, std::uint64_t seen,
                                           const open_file* current, moment now) {
  const std::scoped_lock lock(mutex_);
  auto* const g = list_.find(number);
  const auto* const next = list_.find(number + 1);
  if (g == nullptr || next == nullptr || (g->to ? *g->to != end : g->read_to > end))
    return std::nullopt;
  const auto goes_on = next->begin();
  auto* const k = file(g->file);
  if (k != nullptr)
    k->watched_to = now + late_writes_;
  if (g->to)
    return goes_on;
  list_.end(*g, end);
  changed();
  if (k == nullptr)
    return goes_on;
  k->id.length = end;
  k->id.seen = std::max(seen, end);
  const auto mine = current == nullptr ? std::nullopt : look_at(*current);
  if (!mine || !is_here(*k, *mine))
    return goes_on;
  if (is_gzip(*current).value_or(false))
    k->id.seen = mine->size;
  const auto live = several_ ? std::nullopt : look_at(pattern_);
  if (const auto path = present_path(*current); live && !is_here(*k, *live) && look_at(path))
    moves_to(*k, path);
  return goes_on;
}

// --- files that are written anew in place

bool generations::was_written_anew(position at) {
  const std::scoped_lock lock(mutex_);
  const auto* const k = file_of(at.major);
  if (k == nullptr || static_cast<std::uint64_t>(at.minor) < k->id.seen)
    return false;
  if (k->id.inode == 0)
    return true;  // a look has found what is there now
  if (!several_ && list_.find(at.major + 1) != nullptr)
    return false;
  const auto is_anew = [&](const file_identity& f) {
    return is_same_file(k->id, f) && !match_.is_still(k->id, f);
  };
  if (several_) {
    const auto f = identified(k->id.path);
    return f && *f && is_anew(**f);
  }
  const auto here = present();
  return here && std::ranges::all_of(*here, [&](const present_file& p) {
           const auto f = identified(p.path);
           return f && (!*f || (p.path == live_ ? is_anew(**f) : is_known(**f)));
         });
}

expected<void> generations::cut_off(std::int64_t number) {
  const std::scoped_lock lock(mutex_);
  if (list_.find(number + 1) != nullptr)
    return {};
  note_gap_();
  // The same file has what came next; it may be rotated by now.
  ASSIGN_OR_RETURN(auto here, present());
  const auto* const k = file_of(number);
  const auto same =
      std::ranges::find_if(here, [&](const present_file& p) { return k != nullptr && is_here(*k, p); });
  ASSIGN_OR_RETURN(auto f, identify_content(same != here.end()         ? same->path
                                            : k != nullptr && several_ ? k->id.path
                                                                       : pattern_));
  add(std::move(f));
  return {};
}

void generations::forget_below(std::int64_t number) {
  const std::scoped_lock lock(mutex_);
  const auto* const k = file_of(number);
  if (k == nullptr)
    return;
  const auto newest = k->id.number;
  has_progress_ = list_.forget_below(number) || has_progress_;
  if (!several_ && !is_first_look_)  // a glob's file has its name also while its disk is away
    has_progress_ =
        std::erase_if(files_,
                      [&](const known_file& f) {
                        return !f.is_there && f.id.number < newest - remembered && !list_.has(f.id.number);
                      }) > 0 ||
        has_progress_;
}

}  // namespace millrace::source
