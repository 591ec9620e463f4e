// Question: u8 version | u8 which | varint number | 1: method | target | body; 2: a change that applies a topology; where it begins
// anew, the removal of the one before stands in front.
// Answer: u8 version | varint number | varint status | body.
#include "actors/node/host/question.hpp"

#include "runtime/wire/bytes.hpp"

#include <utility>

namespace millrace::host {
namespace {

constexpr std::uint8_t question_version = 2;
enum class which : std::uint8_t { request = 1, plan = 2 };

unexpected malformed() { return fatal_error(ec::corrupt, "a question of another node is malformed"); }

cluster::change change_of(cluster::records::topology_applied plan) {
  cluster::change out;
  if (std::exchange(plan.begins_anew, false))
    out.emplace_back(cluster::records::topology_removed{plan.topology});
  out.emplace_back(std::move(plan));
  return out;
}

}  // namespace

std::string encode_question(const question& q) {
  wire::writer out;
  out.fixed(question_version);
  const auto* const r = std::get_if<api::request>(&q.what);
  out.fixed(static_cast<std::uint8_t>(r != nullptr ? which::request : which::plan));
  out.varint(q.number);
  if (r != nullptr) {
    const auto m = api::write_request(*r);
    out.string(m.method);
    out.string(m.target);
    out.string(m.body);
  } else {
    out.string(cluster::encode_change(change_of(std::get<cluster::records::topology_applied>(q.what))));
  }
  return out.take();
}

expected<question> decode_question(std::string_view bytes) {
  wire::reader in(bytes);
  if (in.fixed<std::uint8_t>() != question_version)
    return malformed();
  const auto kind = in.fixed<std::uint8_t>();
  question q;
  q.number = in.varint();
  if (kind == static_cast<std::uint8_t>(which::request)) {
    const std::string method(in.string());
    const std::string target(in.string());
    const std::string body(in.string());
    const auto to = api::find_route(method, target);
    if (!in.ok() || !in.at_end() || !std::holds_alternative<api::routed>(to))
      return malformed();
    auto r = api::read_request(std::get<api::routed>(to), body);
    if (!r)
      return malformed();
    q.what = std::move(*r);
    return q;
  }
  const auto change = cluster::decode_change(in.string());
  if (kind != static_cast<std::uint8_t>(which::plan) || !in.ok() || !in.at_end() || !change ||
      change->empty() || !std::holds_alternative<cluster::records::topology_applied>(change->back()))
    return malformed();
  auto plan = std::get<cluster::records::topology_applied>(change->back());
  plan.begins_anew = change->size() > 1;
  if (*change != change_of(plan))
    return malformed();
  q.what = std::move(plan);
  return q;
}

std::string encode_answer(std::uint64_t number, const expected<api::answer>& a) {
  const auto http = a ? api::write_answer(*a) : api::write_error(a.error());
  wire::writer out;
  out.fixed(question_version);
  out.varint(number);
  out.varint(static_cast<std::uint64_t>(http.status));
  out.string(http.body);
  return out.take();
}

expected<question_answer> decode_answer(std::string_view bytes) {
  wire::reader in(bytes);
  if (in.fixed<std::uint8_t>() != question_version)
    return malformed();
  question_answer a;
  a.number = in.varint();
  a.status = static_cast<int>(in.varint() % 1000);
  a.body = in.string();
  if (!in.ok() || !in.at_end())
    return malformed();
  return a;
}

}  // namespace millrace::host
