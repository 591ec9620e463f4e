#include "actors/api/answers.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace millrace::api {
namespace {

namespace json = boost::json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view page_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::size_t shown_body = 200;

constexpr std::array<std::string_view, 5> topology_states{"running", "drained", "ended", "stopped", "failed"};
constexpr std::array<std::string_view, 4> node_states{"up", "silent", "draining", "drained"};

struct code_status {
  ec code;
  int status;
};
constexpr auto statuses = std::to_array<code_status>({
    {ec::invalid_argument, 400},
    {ec::unsupported, 422},
    {ec::not_found, 404},
    {ec::already_exists, 409},
    {ec::locked, 409},
    {ec::mismatch, 409},
    {ec::unavailable, 503},
    {ec::fenced, 503},
    {ec::corrupt, 500},
    {ec::log_trimmed, 500},
    {ec::refused, 403},
    {ec::io, 500},
    {ec::cancelled, 503},
    {ec::internal, 500},
});

json::array texts(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }

/// Makes one member. Braces within braces could mean a copy as well.
json::object with(std::string_view name, json::value v) {
  json::object out;
  out.emplace(name, std::move(v));
  return out;
}

json::object to_json(const answers::topology& t) {
  return {{"topology", t.name}, {"state", std::string(to_string(t.state))}, {"reason", t.reason}};
}
json::array to_json(const answers::topologies& t) {
  json::array out;
  for (const auto& one : t.all)
    out.emplace_back(to_json(one));
  return out;
}
json::array to_json(const answers::nodes& n) {
  json::array out;
  for (const auto& one : n.all)
    out.emplace_back(json::object{{"name", one.name},
                                  {"session", one.session},
                                  {"coordinator", one.is_coordinator},
                                  {"state", std::string(to_string(one.state))},
                                  {"actors", texts(one.actors)}});
  return out;
}
json::object to_json(const answers::applied& a) { return with("generation", a.generation); }
json::object to_json(const answers::waited& w) { return {{"over", w.is_over}, {"now", to_json(w.now)}}; }
json::object to_json(const answers::accepted&) { return {}; }
json::object to_json(const answers::forgotten& f) { return with("lost", texts(f.lost)); }
json::object to_json(const answers::status& s) {
  return {{"cluster", s.cluster}, {"node", s.node}, {"session", s.session}, {"coordinator", s.coordinator}};
}

/// The letters are JSON already.
std::string text_of(const answers::dead_letters& d) {
  return fmt::format(R"({{"letters":[{}],"next":{}}})", fmt::join(d.letters, ","),
                     d.next ? fmt::to_string(*d.next) : "null");
}

/// Reads members by name; the first that is missing or of another form is remembered, and all fail then.
class answer_reader {
public:
  explicit answer_reader(std::string_view text) {
    json::error_code failed;
    root_ = json::parse(text, failed);
    good_ = !failed;
  }

  [[nodiscard]] const json::value& root() const { return root_; }
  [[nodiscard]] bool good() const { return good_; }
  void fail() { good_ = false; }

  const json::value& member(const json::value& of, std::string_view name) {
    static const json::value nothing;
    const auto* const o = of.if_object();
    const auto* const found = o == nullptr ? nullptr : o->if_contains(name);
    if (found == nullptr)
      fail();
    return found == nullptr ? nothing : *found;
  }
  std::string text(const json::value& of, std::string_view name) {
    const auto* const s = member(of, name).if_string();
    if (s == nullptr)
      fail();
    return s == nullptr ? std::string() : std::string(*s);
  }
  std::uint64_t number(const json::value& of, std::string_view name) {
    json::error_code failed;
    const auto n = member(of, name).to_number<std::uint64_t>(failed);
    if (failed)
      fail();
    return failed ? 0 : n;
  }
  bool flag(const json::value& of, std::string_view name) {
    const auto* const b = member(of, name).if_bool();
    if (b == nullptr)
      fail();
    return b != nullptr && *b;
  }
  const json::array& items(const json::value& v) {
    static const json::array none;
    const auto* const a = v.if_array();
    if (a == nullptr)
      fail();
    return a == nullptr ? none : *a;
  }
  std::vector<std::string> texts(const json::value& of, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& one : items(member(of, name)))
      if (const auto* const s = one.if_string())
        out.emplace_back(*s);
      else
        fail();
    return out;
  }
  template<class Enum, std::size_t N>
  Enum word(const json::value& of, std::string_view name, const std::array<std::string_view, N>& all) {
    const auto found = text(of, name);
    for (std::size_t i = 0; i < N; ++i)
      if (all[i] == found)
        return static_cast<Enum>(i);
    fail();
    return {};
  }

private:
  json::value root_;
  bool good_ = false;
};

answers::topology read_topology(answer_reader& in, const json::value& v) {
  return {in.text(v, "topology"), in.word<topology_state>(v, "state", topology_states), in.text(v, "reason")};
}

answer read_one(answer_reader& in, const requests::list&) {
  answers::topologies out;
  for (const auto& one : in.items(in.root()))
    out.all.push_back(read_topology(in, one));
  return out;
}
answer read_one(answer_reader& in, const requests::nodes&) {
  answers::nodes out;
  for (const auto& one : in.items(in.root()))
    out.all.push_back({in.text(one, "name"), in.number(one, "session"), in.flag(one, "coordinator"),
                       in.word<node_state>(one, "state", node_states), in.texts(one, "actors")});
  return out;
}
answer read_one(answer_reader& in, const requests::apply&) {
  return answers::applied{in.number(in.root(), "generation")};
}
answer read_one(answer_reader& in, const requests::wait&) {
  return answers::waited{in.flag(in.root(), "over"), read_topology(in, in.member(in.root(), "now"))};
}
answer read_one(answer_reader& in, const requests::forget&) {
  return answers::forgotten{in.texts(in.root(), "lost")};
}
answer read_one(answer_reader& in, const requests::status&) {
  return answers::status{in.text(in.root(), "cluster"), in.text(in.root(), "node"),
                         in.number(in.root(), "session"), in.text(in.root(), "coordinator")};
}
answer read_one(answer_reader& in, const requests::dead_letters&) {
  answers::dead_letters out;
  for (const auto& one : in.items(in.member(in.root(), "letters"))) {
    if (!one.is_object())
      in.fail();
    out.letters.push_back(data::json_text(one));
  }
  if (!in.member(in.root(), "next").is_null())
    out.next = in.number(in.root(), "next");
  return out;
}
/// stop, drain, and report, whose text stays as it is.
answer read_one(answer_reader& in, const auto&) {
  if (!in.root().is_object())
    in.fail();
  return answers::accepted{};
}

bool is_page(const request& r) {
  return std::holds_alternative<requests::metrics>(r) || std::holds_alternative<requests::healthz>(r) ||
         std::holds_alternative<requests::readyz>(r) || std::holds_alternative<requests::livez>(r);
}

/// Its answer is JSON that others write and read.
bool is_document(const request& r) {
  using namespace requests;
  return std::holds_alternative<report>(r) || std::holds_alternative<graph>(r) ||
         std::holds_alternative<stage_figures>(r) || std::holds_alternative<explain>(r) ||
         std::holds_alternative<figures>(r) || std::holds_alternative<own_figures>(r) ||
         std::holds_alternative<ledger>(r);
}

/// Nothing where the body is no error of ours.
std::optional<error> read_error(std::string_view body) {
  answer_reader in(body);
  const auto& e = in.member(in.root(), "error");
  const auto code = in.text(e, "code");
  error out{ec::internal, fault::outside, in.flag(e, "retry"), visible_lines(in.text(e, "message")), {}};
  if (!in.good())
    return std::nullopt;
  for (const auto& s : statuses)
    if (to_string(s.code) == code)
      out.code = s.code;
  return out;
}

}  // namespace

std::string_view to_string(topology_state s) { return topology_states[static_cast<std::size_t>(s)]; }
std::string_view to_string(node_state s) { return node_states[static_cast<std::size_t>(s)]; }

http_answer write_answer(const answer& a) {
  if (const auto* const p = std::get_if<answers::page>(&a))
    return {p->is_good ? 200 : 503, std::string(page_type), visible_lines(p->text)};
  if (const auto* const d = std::get_if<answers::document>(&a))
    return {200, std::string(json_type), d->json};
  auto text = std::visit(
      []<class A>(const A& one) {
        if constexpr (requires { to_json(one); })
          return data::json_text(to_json(one));
        else if constexpr (requires { text_of(one); })
          return text_of(one);
        else
          return std::string();
      },
      a);
  return {200, std::string(json_type), std::move(text) + '\n'};
}

http_answer write_error(const error& e) {
  int status = 500;
  for (const auto& s : statuses)
    if (s.code == e.code)
      status = s.status;
  const auto text = with(
      "error",
      json::object{{"code", std::string(to_string(e.code))}, {"retry", e.retry}, {"message", describe(e)}});
  return {status, std::string(json_type), data::json_text(text) + '\n'};
}

expected<answer> read_answer(const request& asked, int status, std::string_view body) {
  if (is_page(asked) && (status == 200 || status == 503))
    return answers::page{status == 200, std::string(body)};
  if (status != 200) {
    if (auto told = read_error(body))
      return unexpected(std::move(*told));
    return fatal_error(ec::internal,
                       fmt::format("the answer is none of millrace's, with status {}: {}; expected the "
                                   "address of a node's API",
                                   status, visible(body.substr(0, shown_body))));
  }
  answer_reader in(body);
  auto out = std::visit([&](const auto& r) { return read_one(in, r); }, asked);
  if (!in.good())
    return fatal_error(ec::corrupt,
                       fmt::format("the answer is none of millrace's: {}; expected the address of a "
                                   "node's API",
                                   visible(body.substr(0, shown_body))));
  if (is_document(asked))
    return answers::document{std::string(body)};
  return out;
}

std::string json_of(const answers::topologies& t) { return data::json_text(to_json(t)); }
std::string json_of(const answers::nodes& n) { return data::json_text(to_json(n)); }

}  // namespace millrace::api
