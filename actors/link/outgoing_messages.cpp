#include "actors/link/outgoing_messages.hpp"

#include "actors/link/notes.hpp"

#include <functional>

namespace millrace::link {
namespace {

link::stamp stamp_of(const delivery::fence& f) { return {f.life, f.number}; }
std::uint64_t number_of_log(const log_id& log) { return std::hash<log_id>{}(log); }

struct treat {
  const messages::edge_message& whole;

  treatment operator()(const auto&) const { return {}; }
  treatment operator()(const messages::take_frame& m) const {
    if (!is_note(whole))
      return {};
    return {kind::note, stamp_of(m.frame->stamp), number_of_log(m.frame->log)};
  }
  treatment operator()(const messages::output& m) const {
    if (!is_note(whole))
      return {};
    return {kind::note, {m.life, 0}, number_of_log(m.frame->log)};
  }
  treatment operator()(const messages::credit_returned& m) const {
    return {kind::credit, stamp_of(m.stamp), number_of_log(m.log)};
  }
  treatment operator()(const messages::output_taken& m) const {
    return {kind::credit, {m.life, 0}, number_of_log(m.log)};
  }
  treatment operator()(const messages::acknowledged& m) const {
    return {kind::acknowledgement, {}, number_of_log(m.log)};
  }
  treatment operator()(const messages::output_acknowledged& m) const {
    return {kind::acknowledgement, {}, number_of_log(m.log)};
  }
};

}  // namespace

treatment treatment_of(const messages::edge_message& m) { return std::visit(treat{m}, m); }

/// Joins as the link joins what waits in it (runtime/link/fragments.hpp).
bool outgoing_messages::join(const messages::edge_message& m, const treatment& how) {
  for (auto at = items_.rbegin(); at != items_.rend(); ++at) {
    if (how.kind == kind::content || at->how.kind == kind::content)
      return false;
    if (at->how.kind != how.kind || at->how.about != how.about)
      continue;
    if (how.kind == kind::credit && how.stamp < at->how.stamp)
      return true;
    if (how.kind == kind::note && how.stamp != at->how.stamp)
      return false;
    auto sum = how.kind == kind::note ? join_notes(at->what, m) : std::optional(m);
    if (!sum)
      return false;
    *at = {std::move(*sum), how};
    return true;
  }
  return false;
}

void outgoing_messages::push(messages::edge_message m) {
  if (auto* credit = std::get_if<messages::credit_returned>(&m); credit && !credit_.add_up(*credit))
    return;
  const auto how = treatment_of(m);
  if (!join(m, how))
    items_.push_back({std::move(m), how});
}

std::optional<outgoing_messages::item> outgoing_messages::next() {
  if (items_.empty() || unanswered_ >= most_unanswered)
    return std::nullopt;
  auto out = std::move(items_.front());
  items_.pop_front();
  return out;
}

}  // namespace millrace::link
