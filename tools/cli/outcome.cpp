#include "tools/cli/outcome.hpp"

#include "actors/observe/report.hpp"
#include "runtime/base/grouped.hpp"
#include "runtime/data/json_value.hpp"
#include "tools/cli/percent.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::cli {
namespace {

namespace json = boost::json;

json::object to_json(const job_counts& c) {
  return {{"read", c.read}, {"rows_out", c.rows_out}, {"late", c.late}, {"dead_letters", c.dead_letters}};
}

job_counts from_json(const json::value& v) {
  const auto& o = v.as_object();
  const auto number = [&](std::string_view name) {
    return json::value_to<std::uint64_t>(o.at({name.data(), name.size()}));
  };
  return {number("read"), number("rows_out"), number("late"), number("dead_letters")};
}

std::string number_of(std::uint64_t n, std::string_view one, std::string_view many) {
  return n == 0   ? fmt::format("no {}", many)
         : n == 1 ? fmt::format("1 {}", one)
                  : fmt::format("{} {}", grouped(n), many);
}

expected<fail_rule> parse_rule(std::string_view text) {
  const auto unknown = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("--fail-on {}: expected empty, or dead_letters or late, these with a share of the "
                    "records read that may be so, such as late=1%",
                    text));
  };
  fail_rule out;
  out.text = text;
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  if (name == "late")
    out.of = fail_rule::what::late;
  else if (name == "empty")
    out.of = fail_rule::what::empty;
  else if (name != "dead_letters")
    return unknown();
  if (equals == std::string_view::npos)
    return out;
  if (out.of == fail_rule::what::empty)
    return unknown();
  const auto share = percent_of(text.substr(equals + 1));
  if (!share)
    return unknown();
  out.percent = *share;
  return out;
}

}  // namespace

job_counts operator-(const job_counts& a, const job_counts& b) {
  const auto less = [](std::uint64_t x, std::uint64_t y) { return x - std::min(x, y); };
  return {less(a.read, b.read), less(a.rows_out, b.rows_out), less(a.late, b.late),
          less(a.dead_letters, b.dead_letters)};
}

job_counts counts_of(const config::topology& t, const std::vector<messages::report_part>& parts) {
  delivery::ledger counts;
  std::uint64_t refused = 0;
  job_counts out;
  for (const auto& p : parts) {
    counts.add(p.counts);
    refused += p.rejected;
    out.late += p.late_at_shard;
  }
  for (const auto& [entry, c] : counts.stages())
    out.dead_letters += c.dead;  // also of entries for the rows of a window
  for (const auto& stage : t.stages) {
    const auto c = counts.of(stage.name);
    out.late += c.late;
    if (stage.kind == config::stage_kind::sink)
      out.rows_out += c.out;
  }
  out.read = observe::records_read(t, counts);
  out.rows_out -= std::min(out.rows_out, refused);
  out.dead_letters += refused;
  return out;
}

std::string encode(const told_end& e) {
  return data::json_text(json::object{
      {"all", to_json(e.all)}, {"last", to_json(e.last)}, {"run", e.run}, {"replayed", e.replayed}});
}

expected<told_end> decode_told_end(std::string_view text) {
  try {
    const auto v = json::parse({text.data(), text.size()});
    const auto& o = v.as_object();
    return told_end{from_json(o.at("all")), from_json(o.at("last")), o.at("run").to_number<std::uint64_t>(),
                    o.at("replayed").to_number<std::uint64_t>()};
  } catch (const std::exception& e) {
    return fatal_error(ec::corrupt,
                       fmt::format("what the state folder counted until its topology came to its end cannot "
                                   "be read ({}); start over with --fresh",
                                   e.what()));
  }
}

std::string describe(const config::topology& t, const job_counts& c, const std::string& letters_lie_in) {
  const bool has_windows =
      std::ranges::any_of(t.stages, [](const auto& s) { return config::has_shards(s.kind); });
  auto out = fmt::format("{} read, {} out, {}{}", number_of(c.read, "record", "records"),
                         number_of(c.rows_out, "row", "rows"),
                         !has_windows  ? std::string()
                         : c.late == 0 ? "none late, "
                                       : grouped(c.late) + " late, ",
                         number_of(c.dead_letters, "dead letter", "dead letters"));
  if (c.dead_letters != 0)
    out += " in " + letters_lie_in;
  return out;
}

json::object members(const job_counts& c, const std::string& letters_lie_in) {
  auto out = to_json(c);
  out["dead_letters_in"] = letters_lie_in;
  return out;
}

expected<std::vector<fail_rule>> parse_fail_on(const std::vector<std::string>& given) {
  std::vector<fail_rule> out;
  for (const auto& list : given)
    for (std::string_view rest = list;;) {
      const auto comma = rest.find(',');
      ASSIGN_OR_RETURN(auto rule, parse_rule(rest.substr(0, comma)));
      out.push_back(std::move(rule));
      if (comma == std::string_view::npos)
        break;
      rest.remove_prefix(comma + 1);
    }
  return out;
}

std::optional<std::string> failure_by(const std::vector<fail_rule>& rules, const job_counts& c,
                                      const std::string& letters_lie_in, bool had_ended) {
  for (const auto& rule : rules) {
    if (rule.of == fail_rule::what::empty) {
      if (c.read == 0 || had_ended)
        return fmt::format("no {}record was read, which fails the run by --fail-on {}",
                           c.read == 0 ? "" : "new ", rule.text);
      continue;
    }
    const bool late = rule.of == fail_rule::what::late;
    const auto lost = late ? c.late : c.dead_letters;
    if (static_cast<double>(lost) <= static_cast<double>(c.read) * rule.percent / 100)
      continue;
    return fmt::format("{} of {} fail the run by --fail-on {}; all is committed{}",
                       late ? number_of(lost, "late record", "late records")
                            : number_of(lost, "dead letter", "dead letters"),
                       number_of(c.read, "record", "records"), rule.text,
                       late ? "" : ", and they lie in " + letters_lie_in);
  }
  return std::nullopt;
}

}  // namespace millrace::cli
