// Bytes of a shard's sessions, whole or changes (docs/development/formats.md):
//   head (state_bytes.hpp)
//   varint n, n dropped sessions: string key, svarint start
//   varint n, n sessions:         string key, svarint start, svarint last, varint open_from - start,
//                                 with `updates` u8 given (0 no, 1 with these bounds, 2 with others:
//                                 svarint start, svarint end) and u8 unsent; states
//   with `updates` varint n, n rows to be taken back: string key, svarint start, svarint end
#include "runtime/data/key_encoding.hpp"
#include "runtime/window/session_windows.hpp"
#include "runtime/window/state_bytes.hpp"

namespace millrace::window {
namespace {

enum class row_given : std::uint8_t { no, as_it_is, other_bounds };

}  // namespace

void session_windows::put_row(wire::writer& out, std::uint32_t row) {
  auto& s = sessions_[row];
  out.string(rows_.key(row));
  out.svarint(s.start);
  out.svarint(s.last);
  out.varint(static_cast<std::uint64_t>(s.open_from) - static_cast<std::uint64_t>(s.start));
  if (window_.updates) {
    const bool has_same = s.given_start == s.start && s.given_end == end_of(s);
    const auto given = !s.is_given() ? row_given::no
                       : has_same    ? row_given::as_it_is
                                     : row_given::other_bounds;
    out.fixed(static_cast<std::uint8_t>(given));
    if (given == row_given::other_bounds) {
      out.svarint(s.given_start);
      out.svarint(s.given_end);
    }
    out.fixed(static_cast<std::uint8_t>(rows_.is_unsent(row)));
  }
  put_states(out, rows_, row);
  s.captured = s.start;
}

/// Writes the rows that no capture has yet.
void session_windows::put_outdated(wire::writer& out) {
  if (!window_.updates)
    return;
  out.varint(outdated_.size() - captured_outdated_);
  for (; captured_outdated_ < outdated_.size(); ++captured_outdated_) {
    const auto& row = outdated_[captured_outdated_];
    out.string(row.key);
    out.svarint(row.start);
    out.svarint(row.end);
  }
}

void session_windows::capture_all(wire::writer& out) {
  put_head(out, *layout_, captured::all);
  out.varint(0);
  out.varint(keys());
  for (std::uint32_t row = 0; row < sessions_.size(); ++row)
    if (sessions_[row].alive)
      put_row(out, row);
  captured_outdated_ = 0;
  put_outdated(out);
  for (const auto row : touched_)
    rows_.untouch(row);
  touched_.clear();
  dropped_.clear();
  sent_ = false;
}

void session_windows::capture_changes(wire::writer& out) {
  put_head(out, *layout_, std::exchange(sent_, false) ? captured::changes_after_tick : captured::changes);
  std::vector<std::uint32_t> alive;
  for (const auto row : touched_) {
    rows_.untouch(row);
    const auto& s = sessions_[row];
    if (!s.alive)
      continue;
    alive.push_back(row);
    if (s.captured && *s.captured != s.start)
      dropped_.emplace_back(rows_.key(row), *s.captured);
  }
  touched_.clear();
  out.varint(dropped_.size());
  for (const auto& [key, start] : dropped_) {
    out.string(key);
    out.svarint(start);
  }
  dropped_.clear();
  out.varint(alive.size());
  for (const auto row : alive)
    put_row(out, row);
  put_outdated(out);
}

std::uint32_t session_windows::find(std::string_view key, event_micros start) const {
  const auto key_row = keys_.find(key, tag_of(data::hash_key(key)));
  auto row = key_row == none ? none : heads_[key_row];
  while (row != none && sessions_[row].start != start)
    row = sessions_[row].next;
  return row;
}

expected<void> session_windows::apply_row(wire::reader& in) {
  const auto key = in.string();
  session read;
  read.start = in.svarint();
  read.last = in.svarint();
  const auto closed_part = in.varint();
  if (!in.ok() || read.start > read.last || !valid_key(window_, key) ||
      closed_part >= static_cast<std::uint64_t>(end_of(read)) - static_cast<std::uint64_t>(read.start))
    return damaged("a session");
  read.open_from = read.start + static_cast<event_micros>(closed_part);
  auto row = find(key, read.start);
  if (row == none) {
    const auto key_row = keys_.locate(key, tag_of(data::hash_key(key)));
    if (key_row == heads_.size())
      heads_.push_back(none);
    row = add(key, key_row, read);
  } else {
    auto& s = sessions_[row];
    by_end_.erase({end_of(s), row});
    s.last = read.last;
    s.open_from = read.open_from;
    by_end_.emplace(end_of(s), row);
  }
  sessions_[row].captured = read.start;
  if (window_.updates) {
    if (!read_given(in, row))
      return damaged("a row that was given");
    if (in.fixed<std::uint8_t>() != 0 && rows_.mark_unsent(row))
      unsent_.push_back(row);
  }
  return read_states(in, rows_, row);
}

bool session_windows::read_given(wire::reader& in, std::uint32_t row) {
  const auto given = in.fixed<std::uint8_t>();
  if (!in.ok() || given > static_cast<std::uint8_t>(row_given::other_bounds))
    return false;
  set_given(row, static_cast<row_given>(given) != row_given::no);
  if (static_cast<row_given>(given) == row_given::other_bounds) {
    sessions_[row].given_start = in.svarint();
    sessions_[row].given_end = in.svarint();
  }
  return in.ok();
}

bool session_windows::read_outdated(wire::reader& in) {
  for (auto n = window_.updates ? in.varint() : 0; n > 0 && in.ok(); --n) {
    outdated_row row;
    row.key = in.string();
    row.start = in.svarint();
    row.end = in.svarint();
    if (!in.ok() || !valid_key(window_, row.key))
      return false;
    outdated_.push_back(std::move(row));
  }
  captured_outdated_ = outdated_.size();
  return in.ok();
}

expected<void> session_windows::apply(wire::reader& in) {
  ASSIGN_OR_RETURN(const auto what, read_head(in, *layout_, keys() == 0));
  if (what == captured::changes_after_tick) {
    for (const auto row : unsent_) {
      rows_.mark_sent(row);
      set_given(row, true);
    }
    unsent_.clear();
    outdated_.clear();
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto key = in.string();
    const auto row = find(key, in.svarint());
    if (!in.ok() || row == none)
      return damaged("a session that was dropped");
    remove(row);
  }
  dropped_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n)
    if (auto applied = apply_row(in); !applied)
      return applied;
  if (!read_outdated(in))
    return damaged("a row to be taken back");
  if (!in.ok())
    return damaged("cut off");
  compact();
  return {};
}

}  // namespace millrace::window
