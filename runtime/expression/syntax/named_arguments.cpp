#include "runtime/expression/syntax/named_arguments.hpp"

#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace millrace::expression {
namespace {

struct parameters {
  std::string_view function;
  std::span<const std::string_view> names;
  std::size_t required;  // the first so many; each of the others is 0, or the last one alone is left out
  bool others_are_zero = false;
};

constexpr std::array<std::string_view, 7> of_interval{"years", "months", "weeks", "days",
                                                      "hours", "mins",   "secs"};
constexpr std::array<std::string_view, 7> of_timestamp{"year", "month", "mday",    "hour",
                                                       "min",  "sec",   "timezone"};
constexpr std::array<std::string_view, 3> of_time{"hour", "min", "sec"};
constexpr std::array<std::string_view, 3> of_date{"year", "month", "day"};

constexpr std::array functions{
    parameters{"make_interval", of_interval, 0, true},
    parameters{"make_timestamp", std::span(of_timestamp).first(6), 6},
    parameters{"make_timestamptz", of_timestamp, 6},
    parameters{"make_time", of_time, 3},
    parameters{"make_date", of_date, 3},
};

const parameters* parameters_of(std::string_view function) {
  const auto* const found = std::ranges::find(functions, function, &parameters::function);
  return found == functions.end() ? nullptr : found;
}

tl::unexpected<problems> refused_call(std::size_t offset, std::string message) {
  return tl::unexpected(problems{{offset, std::move(message)}});
}

syntax zero(std::size_t offset) {
  syntax out;
  out.what = form::integer;
  out.offset = offset;
  out.text = "0";
  return out;
}

}  // namespace

bool has_named_parameters(std::string_view function) { return parameters_of(function) != nullptr; }

bound_or<syntax> with_arguments(syntax call, std::vector<written_argument> written) {
  const auto& of = *parameters_of(call.text);
  const bool any_named =
      std::ranges::any_of(written, [](const written_argument& a) { return !a.name.empty(); });
  if (written.size() > of.names.size() || (!any_named && !of.others_are_zero)) {
    for (auto& a : written)  // the binder says which signatures there are
      call.args.push_back(std::move(a.value));
    return call;
  }
  std::vector<std::optional<syntax>> placed(of.names.size());
  bool named = false;
  for (std::size_t i = 0; i < written.size(); ++i) {
    auto& a = written[i];
    auto at = i;
    if (!a.name.empty()) {
      named = true;
      at = static_cast<std::size_t>(std::ranges::find(of.names, a.name) - of.names.begin());
      if (at == of.names.size())
        return refused_call(a.value.offset, fmt::format("{}(...) has no argument named {}; there are: {}",
                                                        call.text, a.name, fmt::join(of.names, ", ")));
    } else if (named) {
      return refused_call(a.value.offset,
                          "an argument by its place cannot follow one by its name; name it, too");
    }
    if (placed[at])
      return refused_call(a.value.offset,
                          fmt::format("the argument {} of {}(...) is given twice", of.names[at], call.text));
    placed[at] = std::move(a.value);
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (placed[i])
      call.args.push_back(*std::move(placed[i]));
    else if (of.others_are_zero)
      call.args.push_back(zero(call.offset));
    else if (i < of.required)
      return refused_call(call.offset, fmt::format("{}(...) needs its argument {}", call.text, of.names[i]));
  }
  return call;
}

}  // namespace millrace::expression
