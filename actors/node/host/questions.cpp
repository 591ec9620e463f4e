#include "actors/node/host/questions.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::host {
namespace {

constexpr std::size_t most_questions = 256;

/// Ends those that are meant, with this error. An answer's effects may ask again.
template<class F>
void end_where(std::map<std::uint64_t, questions::one>& of, const error& why, F&& is_meant) {
  std::map<std::uint64_t, questions::one> over;
  for (auto q = of.begin(); q != of.end();) {
    const auto at = q++;
    if (is_meant(at->second))
      over.insert(of.extract(at));
  }
  for (const auto& [number, q] : over)
    q.to(unexpected(why));
}

}  // namespace

unexpected busy() { return outside_error(ec::unavailable, "this node has too much to answer; ask again"); }

void questions::ask(one q) {
  if (under_way_.size() >= most_questions)
    return q.to(busy());
  const auto number = ++numbers_;
  send_(q.node, encode_question({number, q.what}));
  under_way_.emplace(number, std::move(q));
}

void questions::on_answer(const std::string& bytes) {
  const auto a = decode_answer(bytes);
  const auto asked = a ? under_way_.extract(a->number) : decltype(under_way_)::node_type();
  if (asked.empty())
    return;
  const auto* const r = std::get_if<api::request>(&asked.mapped().what);
  asked.mapped().to(
      api::read_answer(r != nullptr ? *r : api::request(api::requests::apply{}), a->status, a->body));
}

void questions::on_lost(const std::string& node) {
  const auto why = outside_error(ec::unavailable, fmt::format("node {} is out of reach; ask again", node));
  end_where(under_way_, why.value(), [&](const one& q) { return q.node == node; });
}

void questions::look(clock::time_point now) {
  std::erase_if(under_way_, [](const auto& q) { return q.second.by && !q.second.by->is_wanted(); });
  const auto why = outside_error(ec::unavailable, "the node has not answered in time");
  end_where(under_way_, why.value(), [&](const one& q) { return q.until && now > *q.until; });
}

}  // namespace millrace::host
