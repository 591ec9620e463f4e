// The page of functions promises signatures, and each of them can be called: with and without its optional
// parts, with every kind that it names, and with the result that follows its arrow.
#include "runtime/expression/functions/manual.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

#include <cctype>
#include <map>
#include <set>

using namespace millrace;
using namespace millrace::expression;

namespace {

using texts = std::vector<std::string>;

/// Gives what stands for a parameter of that name, over the columns of sample().
const std::map<std::string, texts, std::less<>> samples{
    {"number", {"a", "x", "x::numeric"}},
    {"double", {"x"}},
    {"numeric", {"x::numeric"}},
    {"bigint", {"a"}},
    {"digits", {"a"}},
    {"x", {"a", "x", "s", "ts"}},
    {"text", {"s"}},
    {"separator", {"s"}},
    {"template", {"s"}},
    {"part", {"s"}},
    {"beginning", {"s"}},
    {"to", {"s"}},
    {"by", {"s"}},
    {"characters", {"s"}},
    {"fill", {"s"}},
    {"name", {"s"}},
    {"delimiter", {"','"}},
    {"null", {"'-'"}},
    {"pattern", {"'9'", "s"}},
    {"flags", {"'i'", "s"}},
    {"from", {"a"}},
    {"count", {"a"}},
    {"n", {"a"}},
    {"start", {"a"}},
    {"endoption", {"a"}},
    {"group", {"a"}},
    {"length", {"a"}},
    {"field", {"'year'"}},
    {"timestamp", {"ts", "(ts at time zone 'UTC')"}},
    {"date", {"ts::date"}},
    {"origin", {"ts"}},
    {"interval", {"interval '1 day'"}},
    {"width", {"interval '1 day'"}},
    {"zone", {"'Europe/Berlin'", "s"}},
    {"seconds", {"a", "x"}},
    {"year", {"a"}},
    {"month", {"a"}},
    {"day", {"a"}},
    {"hour", {"a"}},
    {"minute", {"a"}},
    {"second", {"x"}},
    {"years", {"a"}},
    {"months", {"a"}},
    {"weeks", {"a"}},
    {"days", {"a"}},
    {"hours", {"a"}},
    {"mins", {"a"}},
    {"secs", {"x"}},
    {"time", {"time '10:30'", "ts::time"}},
    {"lines", {"true", "p"}},
    {"list", {"array[a, 1]", "array[s, 'x']"}},
    {"element", {"'1'"}},
    {"other", {"'2'"}},
    {"object", {"venue"}},
    {"json", {"j"}},
    {"jsonb", {"j::jsonb"}},
    {"path", {"'{k,0}'", "array[s]"}},
    {"names", {"array['k', s]"}},
    {"step", {"'k'", "s"}},
    {"value", {"a", "s", "p"}},
    {"condition", {"p"}},
    {"key", {"s", "'secret'"}},
    {"message", {"s"}},
    {"fraction", {"0.5"}},
};

/// Parameters that are of one kind in one call.
std::string_view alike(std::string_view name, std::string_view chapter) {
  if (name == "y" || name == "low" || name == "high")
    name = "x";
  return name == "x" && chapter == "Numbers" ? "number" : name;
}

/// Gives it without the first [...], and with what is in it.
texts with_and_without(const std::string& text) {
  const auto begin = text.find('[');
  if (begin == std::string::npos)
    return {text};
  auto end = begin;
  for (int depth = 0; depth += (text[end] == '[') - (text[end] == ']'), depth > 0;)
    ++end;
  texts out;
  for (const auto& inside : {std::string(), text.substr(begin + 1, end - begin - 1)})
    for (auto& t : with_and_without(text.substr(0, begin) + inside + text.substr(end + 1)))
      out.push_back(std::move(t));
  return out;
}

/// "a or b" as two signatures.
texts alternatives(const std::string& text) {
  const auto at = text.find(" or ");
  if (at == std::string::npos)
    return {text};
  const auto begin = text.find_last_of("( ", at - 1) + 1;
  const auto end = text.find_first_of(",) ", at + 4);
  auto out = alternatives(text.substr(0, at) + text.substr(end));
  for (auto& t : alternatives(text.substr(0, begin) + text.substr(at + 4)))
    out.push_back(std::move(t));
  return out;
}

struct word {
  std::string text;
  bool is_name;
};

/// Names of parameters and all between them. Every second word of "text from pattern" is the language's.
std::vector<word> words_of(std::string_view text) {
  static const std::set<std::string_view> language{"distinct", "order",  "case", "when",    "then", "else",
                                                   "end",      "within", "in",   "placing", "group"};
  std::vector<word> out;
  std::size_t place = 0;  // the place within the parameter
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
      ++end;
    if (end == at) {
      place = text[at] == ',' || text[at] == '(' ? 0 : place;
      out.push_back({std::string(1, text[at++]), false});
      continue;
    }
    const auto t = text.substr(at, end - at);
    const bool alone = place == 0 && (end == text.size() || text[end] == ',' || text[end] == ')');
    const bool called = end < text.size() && text[end] == '(';
    const bool between = (t == "from" || t == "for" || t == "by") &&
                         (place % 2 == 1 || (out.size() > 1 && out[out.size() - 2].text == "order"));
    const bool digit = std::isdigit(static_cast<unsigned char>(t[0])) != 0;
    out.push_back({std::string(t), !called && !digit && (alone || (!between && !language.contains(t)))});
    at = end;
    ++place;
  }
  return out;
}

/// Every choice of samples for the names; one name has one sample in a call.
texts calls_of(const std::string& signature, std::string_view chapter) {
  const auto words = words_of(signature);
  std::vector<std::map<std::string, std::string, std::less<>>> choices(1);
  for (const auto& w : words) {
    const auto name = alike(w.text, chapter);
    if (!w.is_name || choices[0].contains(name))
      continue;
    const auto known = samples.find(name);
    INFO("of " << signature << " the parameter " << w.text << " has no sample here");
    REQUIRE(known != samples.end());
    decltype(choices) more;
    for (const auto& c : choices)
      for (const auto& s : known->second)
        (more.push_back(c), more.back()[std::string(name)] = s);
    choices = std::move(more);
  }
  texts out;
  for (const auto& c : choices) {
    std::string call;
    for (const auto& w : words)
      call += w.is_name ? c.find(alike(w.text, chapter))->second : w.text;
    out.push_back(std::move(call));
  }
  return out;
}

/// "f(x), f(x, y) -> bigint": each signature, and the result.
std::pair<texts, std::string> signatures_of(std::string_view described) {
  const auto arrow = described.find(" -> ");
  const auto result =
      arrow == std::string_view::npos ? std::string() : std::string(described.substr(arrow + 4));
  auto rest = std::string(described.substr(0, arrow));
  texts out;
  int depth = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    depth += (rest[i] == '(' || rest[i] == '[') - (rest[i] == ')' || rest[i] == ']');
    if (depth == 0 && rest[i] == ',') {
      out.push_back(rest.substr(0, i));
      rest.erase(0, i + 2);
      i = 0;
    }
  }
  out.push_back(rest);
  return {out, result};
}

/// The signature with what its ... stands for.
std::string repeated(std::string signature) {
  const auto at = signature.find("...");
  if (at == std::string::npos)
    return signature;
  for (const auto& [before, meant] :
       {std::pair{"order by ", "x"}, {"when ", "condition then x"}, {"x, ", "x, x"}, {"step, ", "step"}})
    if (std::string_view(signature).substr(0, at).ends_with(before))
      return signature.replace(at, 3, meant);
  return signature.replace(at, 3, "name, value");
}

/// All calls that a described function promises; the second: the result's type, empty where it is not told.
std::pair<texts, std::string> promised(const described& d, std::string_view chapter) {
  const auto [signatures, result] = signatures_of(d.signature);
  texts out;
  for (const auto& s : signatures)
    for (const auto& one : with_and_without(repeated(s)))
      for (const auto& a : alternatives(one))
        for (auto& call : calls_of(a, chapter))
          out.push_back(std::move(call));
  return {out, result};
}

}  // namespace

TEST_CASE("every signature of a function on the page can be called") {
  const auto input = sample();
  const scope names{input.schema.get(), {}};
  std::size_t calls = 0;
  for (const auto& c : described_functions())
    for (const auto& d : c.functions) {
      if (d.name == "unnest")  // it stands in a select alone
        continue;
      const auto [all, result] = promised(d, c.title);
      for (const auto& call : all) {
        CAPTURE(d.signature, call);
        const bool column = result != "interval" && result != "time";
        const auto e = expression::bind(column ? call : "(" + call + ")::text", names);
        CHECK((e ? "" : e.error().front().message) == "");
        if (e && column && !result.empty())
          CHECK((result == "numeric" ? data::type(e->type.id()) : e->type).name() ==
                (result == "jsonb" ? "json" : result));  // as a column
        ++calls;
      }
    }
  CHECK(calls > 250);
}

TEST_CASE("every signature of an aggregate on the page can be called") {
  const auto input = sample();
  const scope names{input.schema.get(), {}};
  for (const auto& d : described_aggregates()) {
    const bool takes_pairs = d.signature.find("(y, x)") != std::string_view::npos;
    const auto [all, result] = promised(d, takes_pairs ? "Numbers" : "Aggregates");
    for (const auto& call : all) {
      CAPTURE(d.signature, call);
      const auto a = bind_aggregate(call, names);
      CHECK((a ? "" : a.error().front().message) == "");
      if (a && !result.empty() && result != "list")
        CHECK(a->result.name() == result);
    }
  }
}
