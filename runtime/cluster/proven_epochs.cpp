#include "runtime/cluster/proven_epochs.hpp"

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

constexpr std::size_t most_waiting = 256;  // envelopes of one process
/// A look follows one that has not shown the epoch, or has shown nothing, after so long.
constexpr micros between_looks = std::chrono::seconds(1);

}  // namespace

std::optional<epoch> epoch_in(const envelope& l) {
  if (const auto* const w = std::get_if<signs::word>(&l.what))
    return w->of;
  if (const auto* const h = std::get_if<signs::heard>(&l.what))
    return h->of;
  if (const auto* const c = std::get_if<node_command>(&l.what))
    return c->from;
  if (const auto* const e = std::get_if<node_event>(&l.what))
    if (const auto* const refused = std::get_if<epoch_refused>(e))
      return refused->highest;
  return std::nullopt;
}

proven_epochs::decided proven_epochs::on_envelope(envelope l, moment now) {
  decided out;
  auto found = senders_.find(l.from);
  const bool is_first = found == senders_.end() || found->second.waiting.empty();
  if (is_first && epoch_in(l).value_or(epoch()) <= proven_) {
    out.count.push_back(std::move(l));
    return out;
  }
  if (found == senders_.end())
    found = senders_.try_emplace(l.from).first;
  auto& s = found->second;
  if (s.waiting.size() < most_waiting)
    s.waiting.push_back({std::move(l), looks_ + 1});
  out.looks = now.running >= s.looks_at && begin_look();
  return out;
}

proven_epochs::decided proven_epochs::on_seen(const epoch& highest, moment now) {
  is_looking_ = false;
  answered_ = looks_;
  prove(highest);
  decided out;
  bool is_wanted = false;
  for (auto& [_, s] : senders_)
    is_wanted = sort_out(s, out.count, now) || is_wanted;
  out.looks = is_wanted && begin_look();
  return out;
}

void proven_epochs::on_not_seen(moment now) {
  is_looking_ = false;
  for (auto& [_, s] : senders_)
    s.looks_at = now.running + between_looks;
}

void proven_epochs::prove(const epoch& known) { proven_ = std::max(proven_, known); }

bool proven_epochs::sort_out(sender& s, std::vector<envelope>& out, moment now) {
  while (!s.waiting.empty()) {
    auto& first = s.waiting.front();
    const bool counts = epoch_in(first.what).value_or(epoch()) <= proven_;
    if (!counts && first.look > answered_)
      return now.running >= s.looks_at;
    if (counts)
      out.push_back(std::move(first.what));
    else
      s.looks_at = now.running + between_looks;
    s.waiting.pop_front();
  }
  return false;
}

bool proven_epochs::begin_look() {
  if (is_looking_)
    return false;
  is_looking_ = true;
  ++looks_;
  return true;
}

}  // namespace millrace::cluster
